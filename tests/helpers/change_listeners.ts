import type { ChangeListener } from "../../lib/mcp/changes/change_bus.ts";
import type { Dialect } from "../../lib/transport/dialect.ts";

/** The dialects of an app, and their listeners to changes of the catalog. */
export interface WatchedDialects {
  readonly dialects: readonly Dialect[];
  readonly listeners: ReadonlySet<ChangeListener>;
}

/** Records the listeners that an app's dialects add to the change bus, until they remove them. */
export function watchListeners(dialects: readonly Dialect[]): WatchedDialects {
  const listeners = new Set<ChangeListener>();
  const watch = (dialect: Dialect): Dialect => ({
    ...dialect,
    create: (core) => {
      const add = (listener: ChangeListener): Disposable => {
        listeners.add(listener);
        const listening = core.changes.add(listener);
        return {
          [Symbol.dispose]: () => {
            listeners.delete(listener);
            listening[Symbol.dispose]();
          },
        };
      };
      return dialect.create({
        ...core,
        changes: Object.create(core.changes, { add: { value: add } }),
      });
    },
  });
  return { dialects: dialects.map(watch), listeners };
}

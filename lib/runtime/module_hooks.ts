import type { Lifespan } from "../registry/lifespan.ts";
import type { Middleware } from "../registry/middleware.ts";

/** Exports of a module that are not features, and hold for all features. */
export interface ModuleHooks extends Lifespan {
  readonly use: readonly Middleware[];
  /** Whether the module has no such export. */
  readonly isEmpty: boolean;
}

/**
 * Takes `use`, `onStart` and `onStop` out of a module's exports.
 *
 * @param refusal makes the error for an export of the wrong type
 * @returns them, and the other exports
 * @throws the error that `refusal` makes
 */
export function takeHooks(
  { use = [], onStart, onStop, ...others }: Readonly<Record<string, unknown>>,
  refusal: (why: string) => Error,
): { readonly hooks: ModuleHooks; readonly others: Readonly<Record<string, unknown>> } {
  if (!Array.isArray(use) || !use.every((one) => typeof one === "function")) {
    throw refusal("its `use` is not a list of middleware functions");
  }
  for (const [name, hook] of Object.entries({ onStart, onStop })) {
    if (hook !== undefined && typeof hook !== "function") {
      throw refusal(`its \`${name}\` is not a function`);
    }
  }
  const isEmpty = use.length === 0 && onStart === undefined && onStop === undefined;
  return { hooks: { use, onStart, onStop, isEmpty } as ModuleHooks, others };
}

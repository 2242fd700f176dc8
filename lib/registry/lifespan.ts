/**
 * Things that an app opens when it starts and closes when it has stopped.
 *
 * @module
 */
import { ConfigError, messageOf, RegistrationError } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import type { MaybePromise } from "../base/promises.ts";
import { isPlain } from "./feature_form.ts";

/** Hooks for the start and the end of an app. */
export interface Lifespan<App = unknown> {
  /**
   * Runs once, before the first request. Its result is `ctx.app` in every handler. If it throws,
   * the app does not start.
   */
  readonly onStart?: (() => MaybePromise<App>) | undefined;
  /**
   * Runs once, after the drain; is given what `onStart` returned. Without it, a result of `onStart`
   * that is disposable is disposed of.
   */
  readonly onStop?: ((app: App) => MaybePromise<void>) | undefined;
}

/** The lifespan of a module, and the module's name for errors. */
export interface NamedLifespan {
  readonly origin: string;
  readonly lifespan: Lifespan;
}

/** Ends what a start has opened: by `onStop`, else as a disposable; undefined if neither fits. */
export function endOf({ onStop }: Lifespan, app: unknown): (() => MaybePromise<void>) | undefined {
  if (onStop !== undefined) return () => onStop(app);
  if (typeof app !== "object" || app === null) return undefined;
  const { [Symbol.asyncDispose]: disposeAsync, [Symbol.dispose]: dispose } = app as Partial<
    AsyncDisposable & Disposable
  >;
  const end = disposeAsync ?? dispose;
  return end === undefined ? undefined : () => end.call(app);
}

/** Time after which the log says which module an operator waits for (ms). */
const PATIENCE_MS = 10_000;
const log = logFor("lifespan");

/**
 * Makes one lifespan of several. They start in their order and stop in the reverse one; if one
 * fails to start, those before it are stopped. `ctx.app` is the result of the only one that starts
 * anything, or an object with the members of all results.
 *
 * @param patienceMs time after which the log names a module that is not done
 * @throws {ConfigError} (the start rejects) saying which failed and why
 */
export function composeLifespans(
  lifespans: readonly NamedLifespan[],
  patienceMs = PATIENCE_MS,
): Lifespan {
  const parts = lifespans.filter(({ lifespan: { onStart, onStop } }) => onStart ?? onStop);
  if (parts.length === 0) return {};
  const started: { readonly part: NamedLifespan; readonly app: unknown }[] = [];
  const onStop = async (): Promise<void> => {
    const errors: unknown[] = [];
    for (const { part, app } of started.splice(0).reverse()) {
      try {
        await endOf(part.lifespan, app)?.();
      } catch (error) {
        errors.push(new Error(`onStop of ${part.origin}: ${messageOf(error)}`, { cause: error }));
      }
    }
    if (errors.length > 0) throw new AggregateError(errors);
  };
  const isMerged = parts.filter(({ lifespan }) => lifespan.onStart !== undefined).length > 1;
  const onStart = async (): Promise<unknown> => {
    const origins = new Map<string, string>();
    const all: Record<string, unknown> = {};
    let only: unknown;
    for (const part of parts) {
      try {
        const app = await startOf(part, patienceMs);
        started.push({ part, app });
        if (isMerged) addMembers(all, app, { origin: part.origin, origins });
        else only ??= app;
      } catch (error) {
        await onStop().catch(() => {});
        throw new ConfigError(`Cannot start ${part.origin}: onStart failed: ${messageOf(error)}`, {
          cause: error,
        });
      }
    }
    return isMerged ? all : only;
  };
  return { onStart, onStop };
}

async function startOf({ origin, lifespan }: NamedLifespan, patienceMs: number): Promise<unknown> {
  if (lifespan.onStart === undefined) return undefined;
  const timer = setTimeout(
    () => log.warning("Still starting", { module: origin, waiting_for: "onStart" }),
    patienceMs,
  );
  try {
    return await lifespan.onStart();
  } finally {
    clearTimeout(timer);
  }
}

/**
 * @throws {RegistrationError} when two modules give a member of the same name, or one gives anything
 *   but a plain object: copying the members of a pool loses its methods
 */
function addMembers(
  all: Record<string, unknown>,
  app: unknown,
  { origin, origins }: { readonly origin: string; readonly origins: Map<string, string> },
): void {
  if (app === undefined || app === null) return;
  if (!isPlain(app)) {
    throw new RegistrationError(
      "it returns no plain object, which has to be merged with the results of other modules; " +
        "return an object with a member, such as { pool }",
    );
  }
  for (const [name, value] of Object.entries(app)) {
    const other = origins.get(name);
    if (other !== undefined) {
      throw new RegistrationError(`it returns "${name}", as ${other} does`);
    }
    origins.set(name, origin);
    all[name] = value;
  }
}

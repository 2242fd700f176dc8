/**
 * Middleware: functions around the requests of an app, or of one group of features.
 *
 * @module
 */
import type { MaybePromise } from "../base/promises.ts";
import type { JsonObject } from "../wire/json_rpc.ts";
import type { Caller, ToolContext } from "./context.ts";

/** A request on its way to the feature that answers it; may be spread to change a member. */
export interface MiddlewareCall {
  /** The protocol's method, such as `tools/call`. */
  readonly method: string;
  /** Name of the tool or prompt, URI of the resource; for other requests the method. */
  readonly name: string;
  /** Arguments of the tool or prompt, as the client sent them; for other requests their parameters. */
  readonly arguments: JsonObject;
  readonly caller: Caller;
  /** The same object that the handler gets. */
  readonly ctx: ToolContext;
}

/**
 * Answers the request.
 *
 * @param call in place of the one that came, such as one with other arguments
 * @returns the result, such as that of `tools/call`; may be called again, to retry
 */
export type Next = (call?: MiddlewareCall) => Promise<JsonObject>;

/**
 * Stands around requests: it may refuse one by throwing, answer it itself, change it or its result,
 * time it or repeat it. A tool that fails has a result with `isError`; only protocol errors reject.
 *
 * @returns the result: what `next()` gave, or another
 *
 * @example
 * ```ts
 * import type { Middleware } from "../mod.ts";
 *
 * const timing: Middleware = async (call, next) => {
 *   const startedAt = performance.now();
 *   try {
 *     return await next();
 *   } finally {
 *     console.error(`${call.name} took ${performance.now() - startedAt} ms`);
 *   }
 * };
 * ```
 */
export type Middleware = (call: MiddlewareCall, next: Next) => MaybePromise<JsonObject>;

/** The request that middleware runs around. */
type Run = (call: MiddlewareCall) => MaybePromise<JsonObject>;

/** Several middleware functions around one request. */
export type ComposedMiddleware = (call: MiddlewareCall, run: Run) => Promise<JsonObject>;

/**
 * Makes one function of several.
 *
 * @param use the first is the outermost
 * @throws {TypeError} (the result rejects) when one returns no result
 */
export function composeMiddleware(use: readonly Middleware[]): ComposedMiddleware {
  const from = async (index: number, call: MiddlewareCall, run: Run): Promise<JsonObject> => {
    const middleware = use[index];
    if (middleware === undefined) return await run(call);
    const result = await middleware(call, (changed = call) => from(index + 1, changed, run));
    if (typeof result === "object" && result !== null) return result;
    const name = middleware.name === "" ? `number ${index + 1}` : middleware.name;
    throw new TypeError(`Middleware ${name} returned no result; return what next() gives`);
  };
  return (call, run) => from(0, call, run);
}

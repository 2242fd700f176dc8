/**
 * Middleware: functions around the requests of an app, or of one group of features.
 *
 * @module
 */
import type { MaybePromise } from "../base/promises.ts";
import { isObject, type JsonObject } from "../wire/json_rpc.ts";
import { RegistrationError } from "../base/errors.ts";
import { describeValue } from "./feature_form.ts";
import { itemsOf, resultError } from "./content.ts";
import type { Caller, ToolContext } from "./context.ts";
import { fitForJson } from "./json_fit.ts";

/** A request on its way to the feature that answers it; may be spread to change a member. */
export interface MiddlewareCall {
  /** The protocol's method, such as `tools/call`. */
  readonly method: string;
  /** Name of the tool or prompt, URI of the resource; for other requests the method. */
  readonly name: string;
  /**
   * In middleware of a group: the name of the tool or prompt within that group, without the prefix.
   */
  readonly nameInGroup?: string;
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

/** Middleware of a group around one of its features. */
interface PlaceInGroup {
  readonly middleware: Middleware;
  /** Undefined for a feature whose name no group changes. */
  readonly nameInGroup?: string;
}

const places = new WeakMap<Middleware, PlaceInGroup>();

/** The same middleware, told the name that the feature has in the middleware's group. */
export function withNameInGroup(middleware: Middleware, nameInGroup: string): Middleware {
  const told: Middleware = (call, next) => middleware({ ...call, nameInGroup }, next);
  places.set(told, { middleware, nameInGroup });
  return Object.defineProperty(told, "name", { value: middleware.name });
}

/** The middleware of a group, and the name that it sees. */
export function placeInGroup(middleware: Middleware): PlaceInGroup {
  return places.get(middleware) ?? { middleware };
}

/** The tools that middleware is for. */
const namedTools = new WeakMap<Middleware, ReadonlySet<string>>();

/** Notes that middleware is for these tools only, so that the start can check their names. */
export function forTools(tools: ReadonlySet<string>, middleware: Middleware): Middleware {
  namedTools.set(middleware, tools);
  return middleware;
}

/** The names of the tools that middleware is for; undefined if it is for all. */
export function namedBy(middleware: Middleware): ReadonlySet<string> | undefined {
  return namedTools.get(placeInGroup(middleware).middleware);
}

/** The request that middleware runs around. */
type Run = (call: MiddlewareCall) => MaybePromise<JsonObject>;

/** Makes a result of an error of middleware, or throws it. */
type Failed = (error: unknown) => JsonObject;

/**
 * Several middleware functions around one request.
 *
 * @param failed gets what a middleware function throws; by default the request fails with it
 */
export type ComposedMiddleware = (
  call: MiddlewareCall,
  run: Run,
  failed?: Failed,
) => Promise<JsonObject>;

/**
 * Makes one function of several.
 *
 * @param use the first is the outermost
 * @throws {TypeError} (the result rejects) naming one that returns no result, or a wrong one
 */
export function composeMiddleware(use: readonly Middleware[]): ComposedMiddleware {
  const from = async (
    index: number,
    call: MiddlewareCall,
    run: Run,
    failed: Failed,
  ): Promise<JsonObject> => {
    const middleware = use[index];
    if (middleware === undefined) return run(call);
    const name = middleware.name || `number ${index + 1}`;
    let given: JsonObject | undefined;
    let items: readonly unknown[] = [];
    const next: Next = async (changed = call) => {
      if (changed !== call) requireCall(changed, call, name);
      given = await from(index + 1, changed, run, failed);
      items = itemsOf(call.method, given);
      return given;
    };
    try {
      const result = await middleware(call, next);
      const isAsGiven = result !== undefined && result === given &&
        isSame(items, itemsOf(call.method, result));
      return isAsGiven ? result : madeResult(result, call, name);
    } catch (error) {
      return failed(error);
    }
  };
  return (call, run, failed = rethrow) => from(0, call, run, failed);
}

/**
 * Deno runs programs without a type check, and middleware that is passed over could be a guard.
 *
 * @param owner of the list, such as `app`
 * @throws {RegistrationError} for anything but a list of functions
 */
export function requireMiddleware(use: unknown, owner: string): void {
  if (!Array.isArray(use)) {
    throw new RegistrationError(
      `Cannot serve ${owner}: "use" must be a list of functions, not ${describeValue(use)}`,
    );
  }
  // A loop sees holes, too.
  for (let index = 0; index < use.length; index++) {
    if (typeof use[index] === "function") continue;
    const what = describeValue(use[index]);
    throw new RegistrationError(`Cannot serve ${owner}: use[${index}] is ${what}, not a function`);
  }
}

/**
 * A result that middleware made or changed.
 *
 * @throws {TypeError} saying what is wrong with it
 */
function madeResult(result: unknown, { method }: MiddlewareCall, name: string): JsonObject {
  if (!isObject(result)) {
    throw new TypeError(`Middleware ${name} returned no result; return what next() gives`);
  }
  const json = fitForJson(result, "", `Middleware ${name} returned`) as JsonObject;
  const error = resultError(method, json);
  if (error === undefined) return json;
  throw new TypeError(`Middleware ${name} returned a wrong result: ${error}`);
}

/** Whether two lists have the same members. */
function isSame(before: readonly unknown[], after: readonly unknown[]): boolean {
  return before.length === after.length && before.every((item, index) => item === after[index]);
}

/** @throws {TypeError} saying what to pass to `next()` instead */
function requireCall(changed: unknown, call: MiddlewareCall, name: string): void {
  const wrong = wrongPart(changed, call);
  if (wrong === undefined) return;
  throw new TypeError(
    `Middleware ${name} called next() with ${wrong}; spread the call that came: ` +
      "next({ ...call, arguments })",
  );
}

/** Says how a call is wrong; undefined if it is right. */
function wrongPart(changed: unknown, { method }: MiddlewareCall): string | undefined {
  if (!isObject(changed)) return describeValue(changed);
  // The result would be that of the method that came.
  if (changed.method !== method) return `a call of another method than ${method}`;
  if (typeof changed.name !== "string") return "a call without a name";
  if (!isObject(changed.arguments)) return "a call whose arguments are not an object";
  return isObject(changed.ctx) ? undefined : "a call without its ctx";
}

function rethrow(error: unknown): never {
  throw error;
}

/**
 * Keeps rejections of a schema's checks from ending the process. zod awaits the checks of a value one
 * after the other, and drops all promises when a check throws: a check that rejects before its turn,
 * or whose promise is dropped, would be an unhandled rejection.
 *
 * @module
 */
import { ignoreRejection, isPromise } from "../base/promises.ts";

/** What zod keeps of a schema or a check: the functions that it calls. */
interface Internals {
  readonly def: Readonly<Record<string, unknown>>;
  run?: (payload: object, ctx: { readonly async?: boolean }) => unknown;
  check?: (payload: object) => unknown;
}

const done = new WeakSet<Internals>();
/** Payloads of asynchronous parses, in which a promise may take the place of a value. */
const asynchronous = new WeakSet<object>();

/**
 * Has each part of a schema mark its rejections as handled. In an asynchronous parse, what a part
 * throws becomes a rejection, so that zod waits for the parts beside it. Results and errors stay the
 * same, and so do synchronous parses.
 */
export function catchRejections(parts: readonly { readonly _zod: Internals }[]): void {
  // zod takes no promise for the key of a record.
  const keys = new Set(parts.map(({ _zod: { def } }) => def.keyType));
  for (const part of parts) {
    const { _zod } = part;
    if (keys.has(part) || done.has(_zod)) continue;
    done.add(_zod);
    wrapRun(_zod);
    wrapCheck(_zod);
  }
}

function wrapRun(internals: Internals): void {
  const { run } = internals;
  if (run === undefined) return;
  internals.run = (payload, ctx) => {
    if (ctx.async !== true) return run(payload, ctx);
    asynchronous.add(payload);
    return asRejection(() => run(payload, ctx));
  };
}

function wrapCheck(internals: Internals): void {
  const { check } = internals;
  if (check === undefined) return;
  internals.check = (payload) =>
    asynchronous.has(payload) ? asRejection(() => check(payload)) : handled(check(payload));
}

function asRejection(work: () => unknown): unknown {
  try {
    return handled(work());
  } catch (error) {
    return ignoreRejection(Promise.reject(error));
  }
}

function handled(result: unknown): unknown {
  return isPromise(result) ? ignoreRejection(result) : result;
}

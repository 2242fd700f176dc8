/** A value, or a promise of one. Work that ends at once should not pay for a promise. */
export type MaybePromise<T> = T | Promise<T>;

/** Whether a value is a promise. */
export function isPromise(value: unknown): value is Promise<unknown>;
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T>;
export function isPromise(value: unknown): boolean {
  return typeof value === "object" && value !== null &&
    typeof (value as PromiseLike<unknown>).then === "function";
}

/**
 * Whether a value that the server's own code made is a promise.
 *
 * Perf: {@linkcode isPromise} reads a member of whatever its many callers pass, which is slow.
 */
export function isOwnPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return value instanceof Promise;
}

/**
 * Marks the rejection of a promise as handled, and returns the promise: a handler that forgets an
 * `await` must not end the process.
 */
export function ignoreRejection<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/**
 * Waits until `work` settles, at most for a time. A rejection counts as settled.
 *
 * @param ms maximum time to wait
 * @returns whether it settled in time
 */
export async function settlesWithin(ms: number, work: Promise<unknown>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), ms);
  const onDone = () => resolve(true);
  work.then(onDone, onDone);
  const isDone = await promise;
  clearTimeout(timer);
  return isDone;
}

/**
 * Loads something once, at its first use, so that the start loads only what every start needs.
 *
 * @param load for example `() => import("./pages.ts")`; a failure is not cached, so the next use
 *   tries again
 * @returns a function that resolves with the loaded value
 */
export function lazy<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | undefined;
  return () =>
    loaded ??= load().catch((error: unknown) => {
      loaded = undefined;
      throw error;
    });
}

/** A value now or later. Work that is done at once should not pay for a promise. */
export type MaybePromise<T> = T | Promise<T>;

/** Whether a value is still to come. */
export function isPromise(value: unknown): value is Promise<unknown>;
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T>;
export function isPromise(value: unknown): boolean {
  return typeof value === "object" && value !== null &&
    typeof (value as PromiseLike<unknown>).then === "function";
}

/**
 * The same promise, whose rejection is no unhandled one even when its holder never looks at it: a
 * handler that forgets an `await` must not end the process.
 */
export function ignoreRejection<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/**
 * Waits for `work`, but no longer than so many ms; whatever becomes of it, it is no error.
 *
 * @returns whether it was done in time
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

/** A test that waits for what never comes must fail, not hang. */
const PATIENCE_MS = 30_000;

/** The value of a promise, if it settles soon. */
export async function soon<T>(promise: Promise<T>, what: () => string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`Waited in vain for ${what()}`)),
    PATIENCE_MS,
  );
  return await Promise.race([promise, late.promise]).finally(() => clearTimeout(timer));
}

/** Waits until a signal has aborted. */
export async function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  signal.addEventListener("abort", () => resolve(), { once: true });
  await soon(promise, () => "a signal to abort");
}

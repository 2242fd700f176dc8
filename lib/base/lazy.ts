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

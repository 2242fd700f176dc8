/**
 * Something that is loaded at its first use, and once. A start then loads nothing that a first call
 * does not need.
 *
 * @param load for example `() => import("./pages.ts")`; a failure is not kept, so the next use tries again
 * @returns a function that gives what was loaded
 */
export function lazy<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | undefined;
  return () =>
    loaded ??= load().catch((error: unknown) => {
      loaded = undefined;
      throw error;
    });
}

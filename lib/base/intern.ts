import { memoize } from "./memoize.ts";

/**
 * Makes a function that gives one string object for equal texts. Lookups then need not hash each
 * request's own copy of a text again.
 *
 * @returns a function with its own cache, bounded as {@linkcode memoize} says
 */
export function createIntern(): (text: string) => string {
  return memoize((text) => text);
}

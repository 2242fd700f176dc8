/**
 * Bounds of one memoized function: texts it keeps, and characters of the longest. They are against
 * abuse: a client that keeps sending new texts only empties the cache, and a cache stays small.
 */
const MAX_TEXTS = 256;
const MAX_LENGTH = 256;

/**
 * Caches the results of a function for texts that repeat, such as a client's headers. It compares
 * the last text first, which is cheaper than hashing.
 *
 * @param read depends only on the text; its errors are not cached
 * @returns a function with the same results
 */
export function memoize<V>(read: (text: string) => V): (text: string) => V {
  const known = new Map<string, V>();
  let lastText: string | undefined;
  let last: V;
  return (text) => {
    if (text === lastText) return last;
    if (text.length > MAX_LENGTH) return read(text);
    let value = known.get(text);
    if (value === undefined && !known.has(text)) {
      value = read(text);
      if (known.size >= MAX_TEXTS) known.clear();
      known.set(text, value);
    }
    lastText = text;
    return last = value as V;
  };
}

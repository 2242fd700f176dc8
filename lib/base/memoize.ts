/**
 * Bounds of one memoized function: texts it keeps, and characters of the longest. They are against
 * abuse: a client that keeps sending new texts only empties the cache, and a cache stays small.
 */
const MAX_TEXTS = 256;
const MAX_LENGTH = 256;

/**
 * Keeps the results of a function of texts that come again and again, such as a client's headers.
 * The last text is compared first, which is cheaper than its hash.
 *
 * @param read depends on nothing but the text; what it throws is thrown each time
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

/**
 * Texts that are remembered by one reader, and the characters of the longest. The bounds are against
 * abuse: who sends ever new texts has all of them forgotten, which costs others one reading each, and
 * fills 64 Ki characters a reader, besides what was made of them.
 */
const MAX_TEXTS = 256;
const MAX_LENGTH = 256;

/**
 * A reader of texts that come again and again, such as a client's headers: each is read once, and
 * one that is the same as the last is not even looked up, as its hash would cost more than to compare
 * the two. What `read` throws is thrown each time.
 *
 * @param read depends on nothing but the text
 */
export function memoize<V>(read: (text: string) => V): (text: string) => V {
  const known = new Map<string, V>();
  let lastText: string | undefined;
  let last: V;
  return (text) => {
    if (text === lastText) return last;
    if (text.length > MAX_LENGTH) return read(text);
    const found = known.get(text);
    const value = found ?? read(text);
    if (found === undefined) {
      if (known.size >= MAX_TEXTS) known.clear();
      known.set(text, value);
    }
    lastText = text;
    last = value;
    return value;
  };
}

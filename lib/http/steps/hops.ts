/**
 * The addresses in a header that proxies write, the nearest proxy's first. Each proxy adds to the
 * right of what it got, so what a client has written itself stands left, and is read last.
 *
 * @module
 */

/**
 * Reads the hops of a header. A hop without an address is an empty text, and the hops after it cannot
 * be trusted.
 */
export type Hops = (header: string) => Iterable<string>;

/** Proxies in a row that are looked at: a client behind them may write a header of any length. */
const MAX_HOPS = 32;

/** The hops in a list of addresses, as `X-Forwarded-For` is. */
export function* listedHops(header: string): Iterable<string> {
  for (const element of partsFromRight(header, ",", MAX_HOPS)) {
    if (element !== "") yield element;
  }
}

/** The hops in the header of RFC 7239. */
export function* forwardedHops(header: string): Iterable<string> {
  for (const element of listedHops(header)) yield forOf(element);
}

/** The parameter `for` of an element; empty if it has not exactly one. */
function forOf(element: string): string {
  const found: string[] = [];
  for (const pair of partsFromRight(element, ";", MAX_PAIRS)) {
    if (pair === "") continue;
    const { name, quoted, token } = PAIR_REGEXP.exec(pair)?.groups ?? {};
    // What cannot be read may be text of the client's that its proxy has not quoted.
    if (name === undefined) return "";
    if (name.toLowerCase() === "for") found.push(quoted?.replace(/\\(.)/g, "$1") ?? token ?? "");
  }
  return found.length === 1 ? found[0]!.trim() : "";
}

/** Parameters of an element that are read; RFC 7239 has four. */
const MAX_PAIRS = 32;
/** A parameter with its value, in quotes or without (RFC 7239, section 4). */
const PAIR_REGEXP = /^(?<name>[^\s="]+)=(?:"(?<quoted>(?:[^"\\]|\\.)*)"|(?<token>[^"]*))$/;

/**
 * Splits a text from the right, but not within quotes: proxies put what clients send into quotes,
 * such as the host. So the unfinished quotes of a client cannot hide what its proxy wrote after them.
 */
function* partsFromRight(text: string, separator: string, limit: number): Iterable<string> {
  let end = text.length;
  let isQuoted = false;
  let parts = 0;
  for (let at = end - 1; at >= 0 && parts < limit; at--) {
    const char = text[at];
    if (char === '"') {
      if (!isQuoted || !isEscaped(text, at)) isQuoted = !isQuoted;
    } else if (char === separator && !isQuoted) {
      yield text.slice(at + 1, end).trim();
      end = at;
      parts++;
    }
  }
  if (parts < limit) yield text.slice(0, end).trim();
}

/** Whether an odd number of backslashes stands before a character. */
function isEscaped(text: string, at: number): boolean {
  let start = at;
  while (text[start - 1] === "\\") start--;
  return (at - start) % 2 === 1;
}

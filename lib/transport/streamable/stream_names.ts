/**
 * The names of a session's streams. Event ids contain them, so any instance to which a client comes
 * back can read them.
 *
 * @module
 */

/** Begins the name of the stream that a GET opens. */
const STANDALONE = "g";
/** Begins the names of the streams that answer POSTs. */
const RESPONSE = "p";
/** The same if running the request twice does no harm. */
const REPEATABLE = "r";

/** @param incarnation of the session in memory */
export function standaloneName(incarnation: string): string {
  return STANDALONE + incarnation;
}

/**
 * @param number of the stream in its session
 * @param incarnation of the session in memory
 * @param isRepeatable whether running the request twice does no harm
 */
export function responseName(number: number, incarnation: string, isRepeatable: boolean): string {
  return `${isRepeatable ? REPEATABLE : RESPONSE}${number}${incarnation}`;
}

/** Whether this is the stream that a GET opens. */
export function isStandalone(name: string): boolean {
  return name.startsWith(STANDALONE);
}

/** Whether running the request of this stream twice does no harm. */
export function isRepeatableStream(name: string): boolean {
  return name.startsWith(REPEATABLE);
}

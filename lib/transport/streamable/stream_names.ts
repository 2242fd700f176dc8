/**
 * The names of a session's streams, which event ids hold: what a name says is known wherever its client
 * comes back.
 *
 * @module
 */

/** Begins the name of the stream that a GET opens. */
const STANDALONE = "g";
/** Begins the names of the streams that answer POSTs. */
const RESPONSE = "p";
/** The same where it does no harm to run the request twice. */
const REPEATABLE = "r";

/** @param incarnation of the session in memory */
export function standaloneName(incarnation: string): string {
  return STANDALONE + incarnation;
}

/**
 * @param number of the stream in its session
 * @param incarnation of the session in memory
 * @param isRepeatable whether it does no harm to run the request twice
 */
export function responseName(number: number, incarnation: string, isRepeatable: boolean): string {
  return `${isRepeatable ? REPEATABLE : RESPONSE}${number}${incarnation}`;
}

/** Whether it is the stream that a GET opens. */
export function isStandalone(name: string): boolean {
  return name.startsWith(STANDALONE);
}

/** Whether it does no harm to run the request again that a stream of that name answers. */
export function isRepeatableStream(name: string): boolean {
  return name.startsWith(REPEATABLE);
}

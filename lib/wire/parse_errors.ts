/**
 * Errors for bodies that are not JSON.
 *
 * @module
 */
import { messageOf, ProtocolError } from "../base/errors.ts";

/** The error for an empty body where a message was expected. */
export function emptyBodyError(): ProtocolError {
  return new ProtocolError(
    "parse_error",
    "Parse error: the body is empty, expected a JSON-RPC message",
  );
}

/**
 * The error for a text that is not JSON.
 *
 * @param error what `JSON.parse()` threw
 * @param length of the text, where it is at hand
 */
export function invalidJsonError(error: unknown, length?: number): ProtocolError {
  return new ProtocolError(
    "parse_error",
    `Parse error: the body is not valid JSON${errorPosition(error, length)}`,
  );
}

/** V8 names the unexpected character, then quotes the text, which begins with that character. */
const BYTE_ORDER_MARK_REGEXP = /^Unexpected token '\uFEFF', "\uFEFF/;

/**
 * Position of a syntax error, if the engine reports it. The engine's own message is not passed on.
 */
function errorPosition(error: unknown, length: number | undefined): string {
  const said = messageOf(error);
  if (BYTE_ORDER_MARK_REGEXP.test(said)) {
    return ": it begins with a byte order mark (U+FEFF); send UTF-8 without one (RFC 8259, 8.1)";
  }
  const position = / position (\d+)/.exec(said)?.[1];
  if (position !== undefined) return ` at character ${Number(position) + 1}`;
  if (said.includes("end of JSON")) {
    return `${length === undefined ? "" : ` after character ${length}`}: something is missing`;
  }
  const token = /^Unexpected token '(.)'/su.exec(said)?.[1];
  return token === undefined ? "" : ` at ${JSON.stringify(token)}`;
}

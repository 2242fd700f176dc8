/**
 * Values of `Mcp-Name` and `Mcp-Param-*` headers (2026-07-28, basic/transports/streamable-http,
 * Value Encoding): plain, or base64 between `=?base64?` and `?=`.
 *
 * @module
 */

import { memoize } from "../base/memoize.ts";

const SENTINEL_REGEXP = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/;
/** Visible ASCII, space and tab (RFC 9110, section 5.5). */
const PLAIN_REGEXP = /^[\t\x20-\x7e]*$/;
/** Strict and BOM-preserving, so that two different texts never decode to the same one. */
const UTF_8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The value that a header carries; undefined where it holds invalid characters. */
export const decodeHeaderValue = memoize((header): string | undefined => {
  if (!PLAIN_REGEXP.test(header)) return undefined;
  if (!header.startsWith("=?base64?") || !header.endsWith("?=")) return header;
  const encoded = SENTINEL_REGEXP.exec(header)?.[1];
  if (encoded === undefined) return undefined;
  try {
    return UTF_8.decode(Uint8Array.fromBase64(encoded, { lastChunkHandling: "strict" }));
  } catch {
    return undefined;
  }
});

/** A text as a header value: plain if possible, else base64. */
export function encodeHeaderValue(text: string): string {
  const isPlain = /^([\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?)?$/.test(text);
  return isPlain && !SENTINEL_REGEXP.test(text)
    ? text
    : `=?base64?${new TextEncoder().encode(text).toBase64()}?=`;
}

/** Whether a header's value and a parameter of the body are the same, integers by their number. */
export function sameHeaderValue(header: string, value: string | number | boolean): boolean {
  if (typeof value !== "number") return header === String(value);
  return /^-?\d+(\.\d+)?$/.test(header) && Number(header) === value;
}

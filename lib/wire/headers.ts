/**
 * The names of HTTP headers, spelled as in their specifications, and a reader for headers with a
 * single value.
 *
 * Perf: the names have capitals because Deno looks up some lower-case names, such as `accept`, in a
 * slower way (docs/performance.md).
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";

/** RFC 9110, section 12.5.1. */
export const ACCEPT = "Accept";
/** RFC 9110, section 11.6.2. */
export const AUTHORIZATION = "Authorization";
/** RFC 9110, section 8.3. */
export const CONTENT_TYPE = "Content-Type";
/** RFC 9110, section 8.4. */
export const CONTENT_ENCODING = "Content-Encoding";
/** RFC 9110, section 8.6. */
export const CONTENT_LENGTH = "Content-Length";
/** W3C Fetch Metadata: `navigate` where the answer becomes a page. */
export const FETCH_MODE = "Sec-Fetch-Mode";
/** The browser's use of the answer, such as `document` or `iframe`. */
export const FETCH_DEST = "Sec-Fetch-Dest";
/** RFC 9110, section 10.2.3; in whole seconds here. */
export const RETRY_AFTER = "Retry-After";
/** draft-ietf-httpapi-idempotency-key-header, section 2. */
export const IDEMPOTENCY_KEY = "Idempotency-Key";
/** HTML standard, section 9.2: the last event that an event source has read. */
export const LAST_EVENT_ID = "Last-Event-ID";
/** RFC 9110, section 11.6.1. */
export const WWW_AUTHENTICATE = "WWW-Authenticate";
/** W3C Trace Context, section 3.2. */
export const TRACEPARENT = "traceparent";
export const TRANSFER_ENCODING = "transfer-encoding";

/** The revision that a client speaks (2025-06-18, basic/transports). */
export const PROTOCOL_VERSION = "Mcp-Protocol-Version";
/** The session of the 2025 revisions (2025-11-25, basic/transports, Session Management). */
export const SESSION_ID = "Mcp-Session-Id";
/** The method in the body (2026-07-28, basic/transports). */
export const METHOD = "Mcp-Method";
/** The tool, prompt or resource in the body (2026-07-28, basic/transports). */
export const NAME = "Mcp-Name";

/** The stream of the plain dialect that a request is for. */
export const CONNECTION_ID = "Mcp-Connection-Id";
/** Time between two pings of a plain stream (ms): the requested value, and the granted value. */
export const PING_INTERVAL = "Mcp-Ping-Interval-Ms";

/**
 * The value of a header that a request has once. Clients and proxies repeat some headers; copies
 * that agree count as one.
 *
 * @returns null where the header is missing
 * @throws {ProtocolError} `invalid_request` when the copies differ
 */
export function singleValue(headers: Headers, name: string): string | null {
  return onlyCopy(headers.get(name), name);
}

/**
 * The same for a value that has been looked up.
 *
 * @param value of all copies, as `Headers.get()` gives it
 * @throws {ProtocolError} `invalid_request` when the copies differ
 */
export function onlyCopy(value: string | null, name: string): string | null {
  if (value === null || !value.includes(",")) return value;
  const copy = agreedCopy(value);
  if (copy !== undefined && !copy.includes(",")) return copy;
  // The values stay out of the error, which is logged: some of these headers are credentials.
  throw new ProtocolError(
    "invalid_request",
    `${name} is sent more than once, with different values; send it once`,
  );
}

/**
 * The value of a header that was sent several times with the same value, whether as lines or as one
 * line with commas between them.
 *
 * @param value of all copies, as `Headers.get()` gives it
 * @returns undefined where it is not made of equal copies
 */
export function agreedCopy(value: string): string | undefined {
  const parts = value.split(",").map((part) => part.trim());
  for (let size = 1; size <= parts.length / 2; size++) {
    if (parts.length % size > 0) continue;
    if (parts.every((part, index) => part === parts[index % size])) {
      return parts.slice(0, size).join(", ");
    }
  }
  return undefined;
}

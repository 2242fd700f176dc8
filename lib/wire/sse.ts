/**
 * Server-Sent Events as bytes (HTML Living Standard, section 9.2.5).
 *
 * Whatever goes in comes out of a conforming parser unchanged, or is refused here: a line break in
 * an event name or id would let its author write further fields and events into the stream.
 *
 * @module
 */
import { utf8 } from "../base/utf8.ts";
import { toJson } from "./json_rpc.ts";

/** One event. */
export interface SseEvent {
  /** The event's name; none means `message`. */
  readonly event?: string;
  /** Its text; may hold line feeds, but no carriage return, which the format cannot carry. */
  readonly data: string;
  readonly id?: string;
  /** How long the client waits before it reconnects, in whole ms. */
  readonly retry?: number;
}

/** A comment line that keeps proxies and clients from calling the stream idle. */
export const KEEPALIVE: Uint8Array = new TextEncoder().encode(": ping\n\n");

/**
 * Encodes one event.
 *
 * @throws {TypeError} for a control character or a lone surrogate in `event` or `id`, a carriage
 * return or a lone surrogate in `data`, and a `retry` that is not a whole number of ms
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { encodeEvent } from "./sse.ts";
 *
 * const bytes = encodeEvent({ event: "ping", data: '{"n":1}' });
 * assertEquals(new TextDecoder().decode(bytes), 'event: ping\ndata: {"n":1}\n\n');
 * ```
 */
export function encodeEvent({ event, data, id, retry }: SseEvent): Uint8Array {
  let text = "";
  if (event !== undefined) text += `event: ${singleLine("event", event)}\n`;
  if (id !== undefined) text += `id: ${singleLine("id", id)}\n`;
  if (retry !== undefined) text += `retry: ${wholeMs(retry)}\n`;
  return ENCODER.encode(`${text}${dataLines(data)}\n`);
}

/**
 * An event without data, as text: the client that loses the stream can come back with its id.
 *
 * @param id known to be safe
 * @param retry whole milliseconds
 */
export function primingEvent(id: string, retry: number): string {
  return `id: ${id}\nretry: ${wholeMs(retry)}\ndata: \n\n`;
}

/**
 * Encodes nothing but the time after which a client that loses the stream comes back.
 *
 * @param ms whole milliseconds
 */
export function encodeRetry(ms: number): Uint8Array {
  return ENCODER.encode(`retry: ${wholeMs(ms)}\n\n`);
}

/**
 * Encodes an event whose data is the JSON of `value`: the common case, and the fast one, as JSON
 * text never holds a line break.
 *
 * @param event a name known to be safe, or none for a `message` event
 */
export function encodeJsonEvent(value: unknown, event?: string): Uint8Array {
  return encodeJsonText(toJson(value), event);
}

/** The same, for what is JSON already. */
export function encodeJsonText(json: string, event?: string): Uint8Array {
  return utf8(jsonEvent(json, event));
}

/**
 * The same as text, for a response that is nothing else.
 *
 * @param id known to be safe
 */
export function jsonEvent(json: string, event = "message", id?: string): string {
  return id === undefined
    ? `event: ${event}\ndata: ${json}\n\n`
    : `event: ${event}\nid: ${id}\ndata: ${json}\n\n`;
}

const ENCODER = new TextEncoder();
// deno-lint-ignore no-control-regex -- control characters are what it is there to find
const CONTROL_REGEXP = /[\u0000-\u001f\u007f-\u009f]/;

function singleLine(field: string, value: string): string {
  if (CONTROL_REGEXP.test(value)) {
    throw new TypeError(
      `Cannot encode SSE ${field}: it holds a control character`,
    );
  }
  if (!value.isWellFormed()) {
    throw new TypeError(
      `Cannot encode SSE ${field}: it holds a lone surrogate`,
    );
  }
  return value;
}

function wholeMs(retry: number): number {
  if (Number.isSafeInteger(retry) && retry >= 0) return retry;
  throw new TypeError(
    `Cannot encode SSE retry: ${retry} is not a whole number of milliseconds`,
  );
}

function dataLines(data: string): string {
  if (data.includes("\r")) {
    throw new TypeError("Cannot encode SSE data: it holds a carriage return");
  }
  if (!data.isWellFormed()) {
    throw new TypeError("Cannot encode SSE data: it holds a lone surrogate");
  }
  return `data: ${data.replaceAll("\n", "\ndata: ")}\n`;
}

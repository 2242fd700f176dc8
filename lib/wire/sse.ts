/**
 * Server-Sent Events as text (HTML Living Standard, section 9.2.5).
 *
 * A conforming parser returns every value unchanged, or this module refuses it: a line break in an
 * event name or id would let its author inject fields and events into the stream.
 *
 * @module
 */
import { toJson } from "./json_rpc.ts";

/** One event. */
export interface SseEvent {
  /** The event's name; default: `message`. */
  readonly event?: string;
  /** Its text; may hold line feeds, but no carriage return, which the format cannot carry. */
  readonly data: string;
  readonly id?: string;
  /** How long the client waits before it reconnects, in whole ms. */
  readonly retry?: number;
}

/** A comment line that keeps proxies and clients from calling the stream idle. */
export const KEEPALIVE = ": ping\n\n";

/**
 * Writes one event.
 *
 * @throws {TypeError} for a control character or a lone surrogate in `event` or `id`, a carriage
 * return or a lone surrogate in `data`, and a `retry` that is not a whole number of ms
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatEvent } from "./sse.ts";
 *
 * const text = formatEvent({ event: "ping", data: '{"n":1}' });
 * assertEquals(text, 'event: ping\ndata: {"n":1}\n\n');
 * ```
 */
export function formatEvent({ event, data, id, retry }: SseEvent): string {
  let text = "";
  if (event !== undefined) text += `event: ${singleLine("event", event)}\n`;
  if (id !== undefined) text += `id: ${singleLine("id", id)}\n`;
  if (retry !== undefined) text += `retry: ${wholeMs(retry)}\n`;
  return `${text}${dataLines(data)}\n`;
}

/**
 * Writes an event without data: the client that loses the stream can come back with its id.
 *
 * @param id known to be safe
 * @param retry whole milliseconds
 */
export function primingEvent(id: string, retry: number): string {
  return `id: ${id}\nretry: ${wholeMs(retry)}\ndata: \n\n`;
}

/**
 * Writes nothing but the time after which a client that loses the stream comes back.
 *
 * @param ms whole milliseconds
 */
export function retryField(ms: number): string {
  return `retry: ${wholeMs(ms)}\n\n`;
}

/**
 * Writes an event with the JSON of `value` as its data.
 *
 * @param event a name known to be safe
 */
export function formatJson(value: unknown, event?: string): string {
  return jsonEvent(toJson(value), event);
}

/**
 * Writes an event with JSON text as its data. This is the common and fast case, because JSON text
 * has no line breaks.
 *
 * @param event a name known to be safe
 * @param id known to be safe
 */
export function jsonEvent(json: string, event = "message", id?: string): string {
  if (id !== undefined) return `event: ${event}\nid: ${id}\ndata: ${json}\n\n`;
  // Perf: V8 makes a string object for each join, and most events are messages.
  if (event === "message") return `event: message\ndata: ${json}\n\n`;
  return `event: ${event}\ndata: ${json}\n\n`;
}

// deno-lint-ignore no-control-regex -- control characters are what it is there to find
const CONTROL_REGEXP = /[\u0000-\u001f\u007f-\u009f]/;

function singleLine(field: string, value: string): string {
  if (CONTROL_REGEXP.test(value)) {
    throw new TypeError(
      `Cannot write SSE ${field}: it holds a control character`,
    );
  }
  if (!value.isWellFormed()) {
    throw new TypeError(
      `Cannot write SSE ${field}: it holds a lone surrogate`,
    );
  }
  return value;
}

function wholeMs(retry: number): number {
  if (Number.isSafeInteger(retry) && retry >= 0) return retry;
  throw new TypeError(
    `Cannot write SSE retry: ${retry} is not a whole number of milliseconds`,
  );
}

function dataLines(data: string): string {
  if (data.includes("\r")) {
    throw new TypeError("Cannot write SSE data: it holds a carriage return");
  }
  if (!data.isWellFormed()) {
    throw new TypeError("Cannot write SSE data: it holds a lone surrogate");
  }
  return `data: ${data.replaceAll("\n", "\ndata: ")}\n`;
}

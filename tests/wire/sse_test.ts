import { assertEquals, assertThrows } from "@std/assert";
import { createParser, type EventSourceMessage } from "../deps/eventsource_parser.ts";
import fc from "../deps/fast_check.ts";
import {
  formatEvent,
  formatJson,
  jsonEvent,
  KEEPALIVE,
  primingEvent,
  retryField,
  type SseEvent,
} from "../../lib/wire/sse.ts";

/** The events that a conforming client parses from bytes in pieces. */
interface Received {
  readonly events: EventSourceMessage[];
  readonly comments: string[];
  readonly retries: number[];
}

function receive(pieces: Iterable<Uint8Array>): Received {
  const received: Received = { events: [], comments: [], retries: [] };
  const parser = createParser({
    onEvent: (event) => void received.events.push(event),
    onComment: (comment) => void received.comments.push(comment),
    onRetry: (retry) => void received.retries.push(retry),
    onError: (error) => {
      throw error;
    },
  });
  const decoder = new TextDecoder();
  for (const piece of pieces) parser.feed(decoder.decode(piece, { stream: true }));
  return received;
}

/** Cuts bytes at the given places, also within a character. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length]
    .sort((a, b) => a - b);
  let start = 0;
  return ends.map((end) => {
    const piece = bytes.subarray(start, end);
    start = end;
    return piece;
  });
}

function joined(frames: readonly string[]): Uint8Array {
  return new TextEncoder().encode(frames.join(""));
}

// deno-lint-ignore no-control-regex -- these are what an event name or id may not hold
const CONTROL_REGEXP = /[\u0000-\u001f\u007f-\u009f]/g;
const cuts = fc.array(fc.nat(), { maxLength: 12 });
const anyText = fc.string({ unit: "binary", maxLength: 60 });
const singleLine = anyText.map((text) => text.replaceAll(CONTROL_REGEXP, ""));
const lfText = fc.array(anyText, { maxLength: 5 })
  .map((lines) => lines.join("\n").replaceAll("\r", ""));

Deno.test("property: any string in any field of a JSON event comes through unchanged, wherever the bytes are cut", () => {
  // Also lone surrogates: JSON carries them as escapes.
  const unpaired = fc.string({ unit: fc.nat({ max: 0xffff }).map((n) => String.fromCharCode(n)) });
  const value = fc.dictionary(fc.oneof(anyText, unpaired), fc.oneof(anyText, unpaired, lfText));
  const name = fc.constantFrom(undefined, "welcome", "response", "error", "ping", "close");
  fc.assert(fc.property(fc.array(fc.tuple(value, name)), cuts, (sent, places) => {
    const frames = sent.map(([data, event]) => formatJson(data, event));
    const { events } = receive(cut(joined(frames), places));
    assertEquals(
      events.map(({ event, data }) => [JSON.parse(data), event]),
      sent.map(([data, event]) => [JSON.parse(JSON.stringify(data)), event ?? "message"]),
    );
  }));
});

Deno.test("property: any text without CR, with event, id and retry, comes through unchanged, wherever the bytes are cut", () => {
  const event: fc.Arbitrary<SseEvent> = fc.record({
    event: singleLine.filter((name) => name !== ""),
    data: lfText,
    id: singleLine,
    retry: fc.maxSafeNat(),
  }, { requiredKeys: ["data"] });
  fc.assert(fc.property(fc.array(event), cuts, (sent, places) => {
    const received = receive(cut(joined(sent.map(formatEvent)), places));
    assertEquals(
      received.events.map(({ event, data }) => ({ event, data })),
      sent.map(({ event, data }) => ({ event, data })),
    );
    // For an event without an id a parser may repeat the last one.
    sent.forEach(({ id }, index) => {
      if (id !== undefined) assertEquals(received.events[index]?.id ?? "", id);
    });
    assertEquals(
      received.retries,
      sent.flatMap(({ retry }) => retry === undefined ? [] : [retry]),
    );
  }));
});

Deno.test("property: a control character in an event name or id is refused, at any place", () => {
  const control = fc.oneof(fc.integer({ min: 0, max: 31 }), fc.integer({ min: 127, max: 159 }))
    .map((code) => String.fromCharCode(code));
  fc.assert(fc.property(singleLine, control, singleLine, (before, bad, after) => {
    const text = before + bad + after;
    assertThrows(() => formatEvent({ event: text, data: "" }), TypeError, "SSE event");
    assertThrows(() => formatEvent({ id: text, data: "" }), TypeError, "SSE id");
  }));
});

Deno.test("`formatEvent()` refuses a line break in an event name, which would inject an event", () => {
  for (const lineBreak of ["\n", "\r", "\r\n"]) {
    const event = `ping${lineBreak}data: injected${lineBreak}${lineBreak}`;
    assertThrows(() => formatEvent({ event, data: "{}" }), TypeError, "control character");
  }
});

Deno.test("`formatEvent()` refuses what the format cannot carry in data", () => {
  for (const data of ["\r", "a\rb", "a\r\nb"]) {
    assertThrows(() => formatEvent({ data }), TypeError, "carriage return");
  }
});

Deno.test("`formatEvent()` refuses lone surrogates, which UTF-8 cannot carry", () => {
  for (const text of ["\ud800", "a\udc00b", "\udc00\ud800"]) {
    assertThrows(() => formatEvent({ data: text }), TypeError, "lone surrogate");
    assertThrows(() => formatEvent({ event: text, data: "" }), TypeError, "lone surrogate");
    assertThrows(() => formatEvent({ id: text, data: "" }), TypeError, "lone surrogate");
  }
});

Deno.test("`formatEvent()` refuses a retry that is not a whole number of ms", () => {
  for (const retry of [-1, 1.5, NaN, Infinity, 2 ** 53, -0.5]) {
    assertThrows(() => formatEvent({ data: "", retry }), TypeError, "SSE retry");
  }
  assertEquals(receive([joined([formatEvent({ data: "", retry: 0 })])]).retries, [0]);
});

Deno.test("data that begins with blanks keeps them", () => {
  for (const data of [" a", "  a", "\ta", " ", ":", ": a", "data: a", "\n", "\n\n a"]) {
    assertEquals(receive([joined([formatEvent({ data })])]).events[0]?.data, data);
  }
});

Deno.test("empty data is still an event", () => {
  assertEquals(receive([joined([formatEvent({ event: "tick", data: "" })])]).events, [
    { event: "tick", data: "", id: undefined },
  ]);
});

Deno.test("the fields go out in a fixed form", () => {
  const text = (event: SseEvent) => formatEvent(event);
  assertEquals(
    text({ event: "e", id: "7", retry: 1_000, data: "a\nb" }),
    "event: e\nid: 7\nretry: 1000\ndata: a\ndata: b\n\n",
  );
  assertEquals(text({ data: "a" }), "data: a\n\n");
});

Deno.test("`formatJson()` without a name is a `message` event that names itself", () => {
  assertEquals(
    formatJson({ a: "\n" }),
    'event: message\ndata: {"a":"\\n"}\n\n',
  );
});

Deno.test("the keepalive is a comment and no event", () => {
  const { events, comments } = receive([
    joined([KEEPALIVE, formatEvent({ data: "x" }), KEEPALIVE]),
  ]);
  assertEquals([events.length, comments], [1, ["ping", "ping"]]);
});

Deno.test("an event that only gives an id and a time to come back has no text", () => {
  assertEquals(primingEvent("7", 500), "id: 7\nretry: 500\ndata: \n\n");
  assertEquals(retryField(0), "retry: 0\n\n");
  for (const ms of [-1, 1.5, NaN, 2 ** 53]) {
    const message = `Cannot write SSE retry: ${ms} is not a whole number of milliseconds`;
    assertThrows(() => primingEvent("7", ms), TypeError, message);
    assertThrows(() => retryField(ms), TypeError, message);
  }
});

Deno.test("JSON text goes out as a `message`, unless it has another name, with its id if it has one", () => {
  assertEquals(jsonEvent("{}"), "event: message\ndata: {}\n\n");
  assertEquals(jsonEvent("{}", "error"), "event: error\ndata: {}\n\n");
  assertEquals(jsonEvent("{}", undefined, ""), "event: message\nid: \ndata: {}\n\n");
  assertEquals(jsonEvent("{}", "error", "7"), "event: error\nid: 7\ndata: {}\n\n");
});

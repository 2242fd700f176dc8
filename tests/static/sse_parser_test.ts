import { assertEquals, assertThrows } from "@std/assert";
import { createParser } from "../deps/eventsource_parser.ts";
import fc from "../deps/fast_check.ts";
import { formatEvent } from "../../lib/wire/sse.ts";
import { SseParser } from "../../static/shared/sse_parser.js";

type Parsed = { event: string; data: string };

function parse(chunks: readonly string[]): Parsed[] {
  const events: Parsed[] = [];
  const parser = new SseParser(({ event, data }) => void events.push({ event, data }));
  for (const chunk of chunks) parser.feed(chunk);
  return events;
}

/** Cuts a text at the places given, wherever these fall. */
function cut(text: string, places: readonly number[]): string[] {
  const at = [0, ...places.map((place) => place % (text.length + 1)), text.length];
  at.sort((a, b) => a - b);
  return at.slice(1).map((end, i) => text.slice(at[i], end));
}

const places = fc.array(fc.nat(2_000), { maxLength: 12 });

Deno.test("SseParser gives back what formatEvent() wrote, wherever the stream is cut", () => {
  const name = fc.stringMatching(/^[a-z_]{1,12}$/);
  const data = fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\r", ""));
  const event = fc.record({ event: name, data: fc.oneof(data, fc.json()) });
  fc.assert(fc.property(fc.array(event), places, (events, at) => {
    const text = events.map(formatEvent).join("");
    assertEquals(parse(cut(text, at)), events);
  }));
});

Deno.test("SseParser reads any text as the parser of the eventsource-parser package does", () => {
  const piece = fc.constantFrom(
    ...[
      "data",
      "event",
      "id",
      "retry",
      ":",
      ": ",
      " ",
      "\n",
      "\r\n",
      "\n\n",
      "x",
      "ping",
      "\u2028",
    ],
    ...["data: a\n", "data\n", "event: e\n", "\0", "ü", "{}", "unknown: 1\n", "id: 7\n"],
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), places, (pieces, at) => {
      const text = pieces.join("");
      const expected: Parsed[] = [];
      const reference = createParser({
        onEvent: ({ event, data }) => void expected.push({ event: event ?? "message", data }),
      });
      reference.feed(text);
      assertEquals(parse(cut(text, at)), expected);
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("SseParser takes LF, CRLF and CR as line ends, also cut in the middle", () => {
  const expected = [{ event: "a", data: "1\n2" }, { event: "message", data: "3" }];
  for (const end of ["\n", "\r\n", "\r"]) {
    const text = ["event: a", "data: 1", "data: 2", "", "data: 3", "", ""].join(end);
    assertEquals(parse([text]), expected);
    assertEquals(parse([...text]), expected);
  }
});

Deno.test("SseParser passes over a byte order mark, comments and an unfinished event", () => {
  assertEquals(parse(["\ufeff", ": hello\n", "data: 1\n\ndata: 2\n"]), [
    { event: "message", data: "1" },
  ]);
});

Deno.test("SseParser tells comments apart from events", () => {
  const comments: string[] = [];
  const parser = new SseParser(() => {}, (comment) => void comments.push(comment));
  parser.feed(": ping\n\n:pong\n");
  assertEquals(comments, ["ping", "pong"]);
});

for (
  const { what, chunk } of [
    { what: "a line that never ends", chunk: "data: 123456789" },
    { what: "an unfinished event of many short lines", chunk: "data\n".repeat(10) },
    { what: "a comment that never ends", chunk: ":123456789" },
  ]
) {
  Deno.test(`SseParser refuses ${what} beyond its limit`, () => {
    const parser = new SseParser(() => {}, () => {}, { maxEventChars: 50 });
    assertThrows(
      () => {
        for (let i = 0; i < 10; i++) parser.feed(chunk);
      },
      RangeError,
      "longer than 50 characters",
    );
  });
}

Deno.test("SseParser reads any number of events that are each below its limit", () => {
  let count = 0;
  const parser = new SseParser(() => count++, () => {}, { maxEventChars: 10 });
  for (let i = 0; i < 1_000; i++) parser.feed("data: 123456789\n\n");
  assertEquals(count, 1_000);
});

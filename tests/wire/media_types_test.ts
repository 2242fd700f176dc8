import { assertEquals, assertGreater, assertLess } from "@std/assert";
import fc from "../deps/fast_check.ts";
import { isJsonContentType, listsPage, parseAccept } from "../../lib/wire/media_types.ts";

const EVERYTHING = {
  json: true,
  eventStream: true,
  listsEventStream: false,
  prefersStream: false,
};
const STREAM = { json: false, eventStream: true, listsEventStream: true, prefersStream: true };
const ANY_STREAM = { ...STREAM, listsEventStream: false };
const JSON_ONLY = {
  json: true,
  eventStream: false,
  listsEventStream: false,
  prefersStream: false,
};
const BOTH = { json: true, eventStream: true, listsEventStream: true, prefersStream: true };

const CASES: readonly (readonly [string | null, object])[] = [
  [null, EVERYTHING],
  ["*/*", EVERYTHING],
  ["text/event-stream", STREAM],
  // The `Accept` of n8n.
  ["text/event-stream, text/event-stream", STREAM],
  ["TEXT/Event-Stream", STREAM],
  ["text/event-stream;charset=utf-8", STREAM],
  ["text/event-stream ; q=0.1", STREAM],
  ["application/json", JSON_ONLY],
  ["Application/JSON", JSON_ONLY],
  ["application/*", JSON_ONLY],
  ["text/*", ANY_STREAM],
  ["application/json, text/event-stream", BOTH],
  ["text/event-stream,application/json;q=0.5", BOTH],
  ["text/event-stream, */*;q=0.1", BOTH],
  ["application/json;q=0, text/event-stream", STREAM],
  ["text/event-stream;q=0, application/json", JSON_ONLY],
  ["text/event-stream;q=0.0", JSON_ONLY],
  // A type named with q=0 is refused, whatever a wildcard allows.
  ["text/event-stream;q=0, */*", JSON_ONLY],
  ["*/*, text/event-stream; charset=utf-8; Q=0", JSON_ONLY],
  ["text/*;q=0, */*", JSON_ONLY],
  ["application/json;q=0.000, */*", ANY_STREAM],
  ["text/event-stream, text/*;q=0, application/*;q=0", STREAM],
  ["text/event-stream;q=0.01, */*;q=0", STREAM],
  // A client that accepts neither gets JSON, which is better than nothing or a stream.
  ["text/html", JSON_ONLY],
  ["text/event-streams", JSON_ONLY],
  ["xtext/event-stream", JSON_ONLY],
  ["text/html, image/webp", JSON_ONLY],
];

for (const [header, expected] of CASES) {
  Deno.test(`\`parseAccept()\` reads ${header === null ? "no header" : `"${header}"`}`, () => {
    assertEquals({ ...parseAccept(header) }, expected);
    // The second time it comes from memory.
    assertEquals({ ...parseAccept(header) }, expected);
  });
}

Deno.test("property: `parseAccept()` never throws, whatever a client sends", () => {
  const byte = fc.integer({ min: 0x20, max: 0xff }).filter((code) => code !== 0x7f)
    .map((code) => String.fromCharCode(code));
  const part = fc.constantFrom("text", "/", "event-stream", "*", ";", "q=", ",", "0", '"', "=");
  const type = fc.constantFrom("text/event-stream", "*/*", "text/html", "TEXT/Event-Stream;q=0.1");
  const noise = fc.array(fc.oneof(part, byte)).map((all) => all.join(""));
  const headers = fc.oneof(noise, fc.array(fc.oneof(type, noise)).map((all) => all.join(", ")));
  let listed = 0;
  fc.assert(
    fc.property(headers, (header) => {
      const { json, eventStream, listsEventStream } = parseAccept(header);
      assertEquals(
        [json, eventStream, listsEventStream].every((is) => typeof is === "boolean"),
        true,
      );
      if (!listsEventStream) return;
      listed++;
      assertEquals(eventStream, true);
    }),
    { numRuns: 1_000 },
  );
  assertGreater(listed, 50);
});

Deno.test("`parseAccept()` answers right after more headers than it remembers", () => {
  for (let index = 0; index < 1_000; index++) {
    assertEquals(parseAccept(`text/x-${index}`).eventStream, false);
  }
  assertEquals({ ...parseAccept("text/event-stream") }, STREAM);
});

Deno.test("`parseAccept()` reads a header of 16 KiB without backtracking for ever", () => {
  for (const part of ["a", "a;", ";", "; ", "q=0", ";q=0", "0", "=", ","]) {
    const start = performance.now();
    parseAccept(part.repeat(16_384 / part.length));
    // A linear reader takes a few ms; one that backtracks takes minutes.
    assertLess(performance.now() - start, 5_000);
  }
});

Deno.test("`isJsonContentType()` takes JSON in UTF-8, however it is spelled", () => {
  for (
    const header of [
      "application/json",
      "Application/JSON",
      "application/json;charset=utf-8",
      "application/json; charset=UTF-8",
      'application/json; charset="utf-8"',
      "application/json ; charset=utf8",
      "application/json; profile=x; charset=utf-8",
      "application/json; profile=x",
      "application/json;",
    ]
  ) assertEquals(isJsonContentType(header), true, header);
});

Deno.test("`isJsonContentType()` refuses other types and other charsets", () => {
  for (
    const header of [
      "",
      "text/plain",
      "text/json",
      "application/jsonp",
      "application/json-rpc",
      "application/ld+json",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=application/json",
      "text/plain; application/json",
      "application/json; charset=iso-8859-1",
      "application/json; charset=utf-16",
    ]
  ) assertEquals(isJsonContentType(header), false, header);
});

Deno.test("of an `Accept` header 1,024 characters are read", () => {
  const type = "text/event-stream";
  const padded = (length: number) =>
    `${"a/b,".repeat(300).slice(0, length - type.length - 1)},${type}`;
  assertEquals(padded(1_024).length, 1_024);
  assertEquals(parseAccept(padded(1_024)).listsEventStream, true);
  assertEquals(parseAccept(padded(1_025)).listsEventStream, false);
});

Deno.test("`listsPage()` tells a browser that opens a page by the HTML that it lists", () => {
  for (const header of ["text/html", "application/xml, TEXT/HTML;q=0.9", "text/html,*/*"]) {
    assertEquals(listsPage(header), true, header);
  }
  for (const header of [null, "", "*/*", "text/*", "text/htmlx", "atext/html", "text/plain"]) {
    assertEquals(listsPage(header), false, String(header));
  }
});

/** Lines of a pipe, from whichever chunks its bytes come in. */
import { assertEquals } from "@std/assert";
import { linesOf, TOO_LONG } from "../../lib/wire/lines.ts";

const ENCODER = new TextEncoder();

/** A stream of bytes as the runtime's own are: it fills the buffer of its reader. */
function byteStream(text: string, maxAtOnce: number): ReadableStream<Uint8Array> {
  const bytes = ENCODER.encode(text);
  let at = 0;
  return new ReadableStream({
    type: "bytes",
    pull: (controller) => {
      const { byobRequest } = controller as ReadableByteStreamController;
      const view = byobRequest!.view as Uint8Array;
      const part = bytes.subarray(at, at + Math.min(maxAtOnce, view.byteLength));
      at += part.byteLength;
      if (part.byteLength === 0) controller.close();
      view.set(part);
      byobRequest!.respond(part.byteLength);
    },
  });
}

/** The same bytes as a stream of chunks. */
function chunkStream(text: string, size: number): ReadableStream<Uint8Array> {
  const bytes = ENCODER.encode(text);
  return new ReadableStream({
    start: (controller) => {
      for (let at = 0; at < bytes.length; at += size) {
        controller.enqueue(bytes.slice(at, at + size));
      }
      controller.close();
    },
  });
}

async function read(input: ReadableStream<Uint8Array>, maxBytes = 1_000_000) {
  const lines = [];
  for await (const line of linesOf({ input }, maxBytes)) lines.push(line);
  return lines;
}

/** Lines with characters of several bytes; the longest are larger than any buffer. */
const SHORT = Array.from({ length: 20 }, (_, n) => `${n} ä€😀`.repeat(1 + n));
const LONG = [...SHORT, ..."ab".split("").map((letter) => `${letter}😀`.repeat(40_000)), ...SHORT];
const textOf = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");

for (const make of [byteStream, chunkStream]) {
  Deno.test(`lines are whole whatever the size of the chunks: ${make.name}`, async () => {
    for (const size of [1, 7]) assertEquals(await read(make(textOf(SHORT), size)), SHORT);
    for (const size of [4_095, 4_096, 4_097, 65_536, 1_000_000]) {
      assertEquals(await read(make(textOf(LONG), size)), LONG);
    }
  });

  Deno.test(`a line that is too long is passed over, and the next is read: ${make.name}`, async () => {
    const text = `first\n${"x".repeat(20_000)}\nlast`;
    for (const size of [10, 4_096, 30_000]) {
      assertEquals(await read(make(text, size), 5_000), ["first", TOO_LONG, "last"]);
    }
  });
}

for (const make of [byteStream, chunkStream]) {
  Deno.test(`the first line and a later one may have just the limit's bytes: ${make.name}`, async () => {
    const [fits, isLonger] = ["x".repeat(50), "x".repeat(51)];
    for (const size of [1, 7, 4_096]) {
      assertEquals(await read(make(`${fits}\n${fits}\n`, size), 50), [fits, fits]);
      assertEquals(await read(make(`${isLonger}\n${isLonger}\n`, size), 50), [TOO_LONG, TOO_LONG]);
    }
  });

  Deno.test(`an input without bytes has no lines: ${make.name}`, async () => {
    assertEquals(await read(make("", 10)), []);
  });
}

Deno.test("a line that is too long is told at once, and once, though it has no end yet", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const lines = linesOf({ input: readable }, 10);
  void writer.write(ENCODER.encode("x".repeat(11)));
  assertEquals((await lines.next()).value, TOO_LONG);
  void writer.write(ENCODER.encode("x".repeat(11)));
  void writer.write(ENCODER.encode("\nnext\n"));
  assertEquals((await lines.next()).value, "next");
  void writer.close();
  assertEquals((await lines.next()).done, true);
});

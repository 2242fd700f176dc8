/** Lines of a pipe, from whichever chunks its bytes come in. */
import { assertEquals, assertRejects } from "@std/assert";
import { linesOf, TOO_LONG } from "../../lib/wire/lines.ts";

const ENCODER = new TextEncoder();

/** A stream of bytes as the runtime's own are: it fills the buffer of its reader. */
function byteStream(
  text: string,
  maxAtOnce: number,
  sizes: number[] = [],
): ReadableStream<Uint8Array> {
  const bytes = ENCODER.encode(text);
  let at = 0;
  return new ReadableStream({
    type: "bytes",
    pull: (controller) => {
      const { byobRequest } = controller as ReadableByteStreamController;
      const view = byobRequest!.view as Uint8Array;
      sizes.push(view.byteLength);
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

/** A stream that notes why it was cancelled. */
function endless(): {
  readonly input: ReadableStream<Uint8Array>;
  readonly cancelled: unknown[];
  write(text: string): void;
} {
  const cancelled: unknown[] = [];
  let write = (_text: string) => {};
  const input = new ReadableStream<Uint8Array>({
    start: (controller) => {
      write = (text) => controller.enqueue(ENCODER.encode(text));
    },
    cancel: (reason) => void cancelled.push(reason),
  });
  return { input, cancelled, write: (text) => write(text) };
}

Deno.test("a side that ends the connection gets no unfinished line, and cancels the input", async () => {
  const { input, cancelled, write } = endless();
  const controller = new AbortController();
  const lines = linesOf({ input, signal: controller.signal }, 100);
  write("first\nunfinished");
  assertEquals((await lines.next()).value, "first");
  const next = lines.next();
  controller.abort();
  assertEquals([await next, cancelled.length], [{ value: undefined, done: true }, 1]);
});

Deno.test("a reader that leaves cancels the input, and no more listens to the end of the connection", async () => {
  const { input, cancelled, write } = endless();
  const { signal } = new AbortController();
  const listeners: unknown[] = [];
  signal.addEventListener = (_type: string, listener: unknown) => void listeners.push(listener);
  signal.removeEventListener = (_type: string, listener: unknown) => {
    assertEquals(listeners.splice(0), [listener]);
  };
  write("first\nsecond\n");
  for await (const line of linesOf({ input, signal }, 100)) {
    assertEquals([line, listeners.length], ["first", 1]);
    break;
  }
  assertEquals([listeners, cancelled.length], [[], 1]);
});

Deno.test("an input that fails ends the lines with its error", async () => {
  const input = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new Error("broken pipe")),
  });
  await assertRejects(() => read(input), Error, "broken pipe");
});

for (const make of [byteStream, chunkStream]) {
  Deno.test(`what comes once it is not wanted is read to its end, and none of it is told: ${make.name}`, async () => {
    for (const size of [1, 7, 4_096]) {
      let told = 0;
      const lines: unknown[] = [];
      const input = make(`${"a\n".repeat(3)}b\n${"c".repeat(30)}\nd`, size);
      for await (const line of linesOf({ input, isIgnored: () => told >= 2 }, 20)) {
        told = lines.push(line);
      }
      assertEquals(lines, ["a", "a"]);
    }
  });
}

Deno.test("a last line needs no line feed, and an empty line is a line", async () => {
  assertEquals(await read(chunkStream("a\n\n\nb", 3)), ["a", "", "", "b"]);
  assertEquals(await read(chunkStream("\n", 3)), [""]);
  assertEquals(await read(chunkStream("x".repeat(11), 3), 10), [TOO_LONG]);
});

Deno.test("the buffer for the input doubles each time that it was filled, up to 64 KiB", async () => {
  const sizesFor = async (length: number, maxAtOnce: number) => {
    const sizes: number[] = [];
    await read(byteStream("x".repeat(length), maxAtOnce, sizes));
    return sizes;
  };
  const grown = [4_096, 8_192, 16_384, 32_768, 65_536, 65_536, 65_536, 65_536];
  assertEquals(await sizesFor(200_000, 1_000_000), grown);
  assertEquals(await sizesFor(12_000, 4_000), [4_096, 4_096, 4_096, 4_096]);
  assertEquals(await sizesFor(4_096, 4_096), [4_096, 8_192]);
});

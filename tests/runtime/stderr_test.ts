import { assert, assertEquals } from "@std/assert";
import { StderrLines } from "../../lib/runtime/stderr.ts";
import { FakeTime, settled } from "../helpers/time.ts";

/** Takes the place of stderr until its block ends. */
class FakeStderr implements Disposable {
  text = "";
  writes = 0;
  readonly #real = Deno.stderr.write;

  constructor(write?: (bytes: Uint8Array) => Promise<number>) {
    Deno.stderr.write = (bytes) => {
      this.writes++;
      if (write !== undefined) return write(bytes);
      this.text += new TextDecoder().decode(bytes);
      return Promise.resolve(bytes.length);
    };
  }

  [Symbol.dispose](): void {
    Deno.stderr.write = this.#real;
  }
}

Deno.test("lines of one turn of the event loop go out in one write, in order", async () => {
  using stderr = new FakeStderr();
  const lines = new StderrLines();
  lines.write("first");
  lines.write("second");
  assertEquals(stderr.writes, 0);
  await lines.flush();
  assertEquals([stderr.text, stderr.writes], ["first\nsecond\n", 1]);
  lines.write("third");
  await lines.flush();
  assertEquals(stderr.text, "first\nsecond\nthird\n");
});

Deno.test("lines soon after a write go out together, when it is their time or at a flush", async () => {
  using time = new FakeTime();
  using stderr = new FakeStderr();
  const lines = new StderrLines(time.clock);
  lines.write("first");
  await settled();
  assertEquals(stderr.text, "first\n");
  lines.write("second");
  await time.advance(19);
  lines.write("third");
  assertEquals(stderr.writes, 1);
  await time.advance(1);
  assertEquals([stderr.text, stderr.writes], ["first\nsecond\nthird\n", 2]);
  lines.write("fourth");
  await lines.flush();
  assertEquals(stderr.text, "first\nsecond\nthird\nfourth\n");
});

Deno.test("a line is made into text when it is written, and at once while a write is under way", async () => {
  const gate = Promise.withResolvers<void>();
  using _stderr = new FakeStderr(async (bytes) => {
    await gate.promise;
    return bytes.length;
  });
  const lines = new StderrLines();
  const made: string[] = [];
  const line = (text: string) => ({ toString: () => made[made.push(text) - 1]! });
  lines.write(line("first"));
  assertEquals(made, []);
  await settled();
  assertEquals(made, ["first"]);
  lines.write(line("second"));
  assertEquals(made, ["first", "second"]);
  gate.resolve();
  await lines.flush();
  assertEquals(made, ["first", "second"]);
});

Deno.test("a write that takes a part at a time is carried on until all is out", async () => {
  let text = "";
  using _stderr = new FakeStderr((bytes) => {
    text += new TextDecoder().decode(bytes.subarray(0, 3));
    return Promise.resolve(Math.min(3, bytes.length));
  });
  const lines = new StderrLines();
  lines.write("a rather long line");
  await lines.flush();
  assertEquals(text, "a rather long line\n");
});

Deno.test("nobody who reads the log: lines beyond a bound are dropped, and counted when it goes on", async () => {
  const gate = Promise.withResolvers<void>();
  let text = "";
  using _stderr = new FakeStderr(async (bytes) => {
    await gate.promise;
    text += new TextDecoder().decode(bytes);
    return bytes.length;
  });
  const lines = new StderrLines();
  const line = "x".repeat(100_000);
  lines.write("first");
  await settled();
  for (let count = 0; count < 30; count++) lines.write(line);
  gate.resolve();
  await lines.flush();
  const dropped = Number(/Log lines dropped \{"count":(\d+)\}/.exec(text)?.[1]);
  assert(dropped > 10 && dropped < 30);
  assertEquals(text.split(line).length - 1, 30 - dropped);
  lines.write("later");
  await lines.flush();
  assert(text.endsWith("}\nlater\n"));
  assertEquals(text.split("Log lines dropped").length, 2);
});

Deno.test("a log that cannot be written to stops nothing", async () => {
  using stderr = new FakeStderr(() => Promise.reject(new Error("broken pipe")));
  const lines = new StderrLines();
  lines.write("first");
  await lines.flush();
  lines.write("second");
  await lines.flush();
  assertEquals(stderr.writes, 2);
});

Deno.test("`flush()` waits for a stuck reader only for so long", async () => {
  using time = new FakeTime();
  const gate = Promise.withResolvers<number>();
  using _stderr = new FakeStderr(() => gate.promise);
  const lines = new StderrLines();
  lines.write("first");
  let isFlushed = false;
  const flushing = lines.flush(500).then(() => void (isFlushed = true));
  await time.advance(499);
  assertEquals(isFlushed, false);
  await time.advance(1);
  await flushing;
  assertEquals(isFlushed, true);
  gate.resolve(6);
  await settled();
});

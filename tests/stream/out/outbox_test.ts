import { assertEquals, assertRejects } from "@std/assert";
import fc from "../../deps/fast_check.ts";
import { TimerWheel } from "../../../lib/base/timer_wheel.ts";
import { NO_SOCKET } from "../../../lib/stream/client.ts";
import { Outbox } from "../../../lib/stream/out/outbox.ts";
import { notification } from "../../../lib/wire/json_rpc.ts";
import { FakeTime, settled } from "../../helpers/time.ts";

const MAX_BYTES = 1_000_000;

/** An outbox whose total is counted like in the registry. */
function createOutbox(wheel = new TimerWheel(), maxBytes = MAX_BYTES) {
  const total = { bytes: 0 };
  const held: string[] = [];
  const stalled: number[] = [];
  const owner = {
    socket: NO_SOCKET,
    isLongLived: true,
    cancel: () => {},
    onStalled: () => void stalled.push(outbox.queuedBytes),
    sendDeferred: (text: string) => void held.push(text),
  };
  const outbox: Outbox = new Outbox(owner, {
    addQueued: (delta) => void (total.bytes += delta),
    notificationDropped: () => {},
    wheel,
  }, { MCP_MAX_QUEUED_BYTES: maxBytes, MCP_MAX_TOTAL_QUEUED_BYTES: 256 * MAX_BYTES });
  return { outbox, owner, total, held, stalled };
}

Deno.test("property: an outbox knows what waits to the byte, whoever is ahead", async () => {
  const step = fc.oneof(
    fc.record({ add: fc.integer({ min: 1, max: 200_000 }) }),
    fc.record({ read: fc.integer({ min: 1, max: 4 }) }),
  );
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
    const { outbox, total } = createOutbox();
    const reader = outbox.readable!.getReader();
    const reads: Promise<void>[] = [];
    let written = 0;
    let asked = 0;
    let taken = 0;
    let chunks = 0;
    for (const one of steps) {
      if ("add" in one) {
        assertEquals(outbox.add(new Uint8Array(one.add)), true);
        written += one.add;
        chunks += Math.ceil(one.add / 65_536);
      } else {
        // More reads than chunks would wait, and take new chunks at once.
        for (; one.read > 0 && asked < chunks + 2; one.read--) {
          asked++;
          reads.push(reader.read().then(({ value }) => void (taken += value?.length ?? 0)));
        }
      }
      await settled();
      assertEquals([outbox.waitingBytes, outbox.sentBytes], [written - taken, taken]);
      outbox.syncCount();
      assertEquals(total.bytes, written - taken);
    }
    outbox.end();
    while (!(await reader.read()).done);
    await Promise.all(reads);
    outbox.syncCount();
    assertEquals([outbox.waitingBytes, total.bytes], [0, 0]);
  }));
});

Deno.test("an outbox that is abandoned holds nothing, and no frame after it", () => {
  const { outbox, total } = createOutbox();
  outbox.add(new Uint8Array(10));
  outbox.add(new Uint8Array(20));
  assertEquals([outbox.queuedBytes, total.bytes], [30, 30]);
  outbox.fail(new Error("gone"));
  assertEquals([outbox.waitingBytes, outbox.queuedBytes, total.bytes], [0, 0, 0]);
});

Deno.test("what is held back goes out within 75 ms of the reader having taken all, and then nothing is looked at", async () => {
  using time = new FakeTime();
  const wheel = new TimerWheel({ clock: time.clock });
  const { outbox, held } = createOutbox(wheel, 1_000);
  const reader = outbox.readable!.getReader();
  outbox.add(new Uint8Array(200));
  outbox.add(new Uint8Array(200));
  const change = notification("notifications/tools/list_changed");
  assertEquals(outbox.defer(change, JSON.stringify(change)), true);
  await reader.read();
  await time.advance(1_000);
  assertEquals([held, wheel.size], [[], 1]);
  await reader.read();
  await time.advance(75);
  assertEquals([held, wheel.size], [[JSON.stringify(change)], 0]);
});

Deno.test("a message to a reader that has caught up meanwhile sends what was held back before it", async () => {
  using time = new FakeTime();
  const { outbox, held } = createOutbox(new TimerWheel({ clock: time.clock }), 1_000);
  const reader = outbox.readable!.getReader();
  outbox.add(new Uint8Array(200));
  const [first, second] = ["tools", "prompts"].map((list) =>
    notification(`notifications/${list}/list_changed`)
  );
  assertEquals(outbox.defer(first!, JSON.stringify(first)), true);
  await reader.read();
  assertEquals(outbox.defer(second!, JSON.stringify(second)), false);
  assertEquals(held, [JSON.stringify(first)]);
});

Deno.test("frames that wait behind others keep no bytes alive but their own", async () => {
  const { outbox } = createOutbox();
  const body = outbox.readable!;
  for (let count = 0; count < 4; count++) outbox.add(`${count}`.repeat(10));
  const reader = body.getReader();
  const kept: number[] = [];
  for (let count = 0; count < 4; count++) kept.push((await reader.read()).value!.buffer.byteLength);
  assertEquals(kept, [8_192, 8_192, 10, 10]);
});

Deno.test("frames that come before the body is read go out as one chunk, and later ones one by one", async () => {
  const { outbox, total } = createOutbox();
  outbox.add("welcome ");
  outbox.add("é€😀");
  const reader = outbox.readable!.getReader();
  assertEquals([outbox.queuedBytes, total.bytes, outbox.sentBytes], [17, 17, 0]);
  outbox.add("later");
  outbox.add("last");
  assertEquals(outbox.queuedBytes, 26);
  outbox.end();
  const texts: string[] = [];
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    texts.push(new TextDecoder().decode(read.value));
  }
  outbox.syncCount();
  assertEquals(texts, ["welcome é€😀", "later", "last"]);
  assertEquals([outbox.waitingBytes, total.bytes], [0, 0]);
});

Deno.test("frames that come before the body is read are read also if the stream has ended by then", async () => {
  const { outbox } = createOutbox();
  outbox.add("welcome ");
  outbox.add("goodbye");
  assertEquals([outbox.end(), outbox.sentBytes], [true, 0]);
  outbox.discard();
  assertEquals(await new Response(outbox.readable).text(), "welcome goodbye");
});

Deno.test("frames that come before the body is read are dropped if the stream is cut off by then", async () => {
  const { outbox, total } = createOutbox();
  outbox.add("welcome");
  outbox.add("answer", true);
  assertEquals(outbox.waitingAnswers, 1);
  outbox.fail(new Error("cut off"));
  assertEquals([outbox.waitingBytes, outbox.sentBytes, total.bytes], [0, 0, 0]);
  await assertRejects(() => new Response(outbox.readable).text(), Error, "cut off");
});

Deno.test("a long frame before the body is read is queued in pieces, behind those that came before", async () => {
  const { outbox } = createOutbox();
  outbox.add("welcome");
  outbox.add("x".repeat(100_000));
  outbox.add(new Uint8Array(3));
  const reader = outbox.readable!.getReader();
  const sizes: number[] = [];
  for (let count = 0; count < 4; count++) sizes.push((await reader.read()).value!.byteLength);
  assertEquals(sizes, [7, 65_536, 34_464, 3]);
});

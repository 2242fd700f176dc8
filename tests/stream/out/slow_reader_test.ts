/** Readers of more than should wait, and of the last bytes of a stream: how long they are let be. */
import { assertEquals } from "@std/assert";
import { TimerWheel } from "../../../lib/base/timer_wheel.ts";
import { NO_SOCKET } from "../../../lib/stream/client.ts";
import { FinalFlush } from "../../../lib/stream/out/final_flush.ts";
import { Outbox } from "../../../lib/stream/out/outbox.ts";
import { SlowReader } from "../../../lib/stream/out/slow_reader.ts";
import { FakeTime } from "../../helpers/time.ts";

function watch(time: FakeTime) {
  const wheel = new TimerWheel({ clock: time.clock });
  const queue = { queuedBytes: 101, sentBytes: 0 };
  const ends: boolean[] = [];
  const reader = new SlowReader(queue, wheel, 100, (hasCaughtUp) => void ends.push(hasCaughtUp));
  return { wheel, queue, ends, reader };
}

Deno.test("a reader that takes nothing for 5 s has stopped", async () => {
  using time = new FakeTime();
  const { wheel, ends } = watch(time);
  await time.advance(4_999, 4_999);
  assertEquals([ends, wheel.size], [[], 1]);
  await time.advance(1);
  assertEquals([ends, wheel.size], [[false], 0]);
});

Deno.test("a reader is watched while it takes some, and until no more waits than should", async () => {
  using time = new FakeTime();
  const { wheel, queue, ends } = watch(time);
  for (let look = 0; look < 3; look++) {
    queue.sentBytes++;
    await time.advance(5_000, 5_000);
    assertEquals([ends, wheel.size], [[], 1]);
  }
  queue.queuedBytes = 100;
  await time.advance(5_000, 5_000);
  assertEquals([ends, wheel.size], [[true], 0]);
});

Deno.test("a reader that took some once and then nothing has stopped", async () => {
  using time = new FakeTime();
  const { queue, ends } = watch(time);
  queue.sentBytes = 1;
  await time.advance(10_000, 5_000);
  assertEquals(ends, [false]);
});

Deno.test("`stop()` ends the watch without a word", async () => {
  using time = new FakeTime();
  const { wheel, ends, reader } = watch(time);
  reader.stop();
  assertEquals(wheel.size, 0);
  await time.advance(10_000, 5_000);
  assertEquals(ends, []);
});

/** An ended outbox with so many frames that nobody has read, and what becomes of them. */
function flushing(time: FakeTime, frames: number, frameBytes: number) {
  const wheel = new TimerWheel({ clock: time.clock });
  const seen = { total: 0, cuts: 0 };
  const owner = {
    socket: NO_SOCKET,
    isLongLived: true,
    cancel: () => {},
    onStalled: () => {},
    sendDeferred: () => {},
  };
  const host = {
    wheel,
    addQueued: (delta: number) => void (seen.total += delta),
    notificationDropped: () => {},
    finalFlushes: new Set<FinalFlush>(),
  };
  const outbox = new Outbox(owner, host, {
    MCP_MAX_QUEUED_BYTES: 1e6,
    MCP_MAX_TOTAL_QUEUED_BYTES: 1e6,
  });
  for (let frame = 0; frame < frames; frame++) outbox.add(new Uint8Array(frameBytes));
  outbox.end();
  const flush = new FinalFlush(outbox, host, () => void seen.cuts++);
  const { finalFlushes } = host;
  return { seen, wheel, flush, finalFlushes, reader: outbox.readable!.getReader() };
}

Deno.test("the last bytes are counted at each look, and cut off when their time is over", async () => {
  using time = new FakeTime();
  const { seen, wheel, flush, finalFlushes, reader } = flushing(time, 100, 6_464);
  await reader.read();
  flush.syncCount();
  assertEquals([seen.total, flush.queuedBytes, finalFlushes.size], [99 * 6_464, 99 * 6_464, 1]);
  // A minute, and 10.1 s for 646,400 bytes.
  for (let look = 1; look <= 14; look++) {
    await reader.read();
    await time.advance(5_000, 5_000);
    assertEquals([seen.total, seen.cuts], [(99 - look) * 6_464, 0]);
  }
  await reader.read();
  await time.advance(100, 100);
  assertEquals([seen.total, seen.cuts, wheel.size, finalFlushes.size], [0, 1, 0, 0]);
});

Deno.test("a last byte that nobody takes is cut off", async () => {
  using time = new FakeTime();
  const { seen, wheel, finalFlushes } = flushing(time, 1, 1);
  await time.advance(5_000, 5_000);
  assertEquals([seen, wheel.size, finalFlushes.size], [{ total: 0, cuts: 1 }, 0, 0]);
});

Deno.test("last bytes that nobody wants any more are watched no longer, and not cut off", () => {
  using time = new FakeTime();
  const { seen, wheel, flush, finalFlushes } = flushing(time, 2, 10);
  assertEquals([seen.total, wheel.size], [20, 1]);
  flush.discard();
  assertEquals([seen, wheel.size, finalFlushes.size], [{ total: 0, cuts: 0 }, 0, 0]);
});

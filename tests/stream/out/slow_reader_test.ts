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

Deno.test("the last bytes are counted at each look, and cut off when their time is over", async () => {
  using time = new FakeTime();
  const wheel = new TimerWheel({ clock: time.clock });
  const total = { bytes: 0 };
  const owner = {
    socket: NO_SOCKET,
    isLongLived: true,
    cancel: () => {},
    onStalled: () => {},
    sendDeferred: () => {},
  };
  const host = {
    wheel,
    addQueued: (delta: number) => void (total.bytes += delta),
    notificationDropped: () => {},
    finalFlushes: new Set<FinalFlush>(),
  };
  const outbox = new Outbox(owner, host, {
    MCP_MAX_QUEUED_BYTES: 1e6,
    MCP_MAX_TOTAL_QUEUED_BYTES: 1e6,
  });
  for (let frame = 0; frame < 100; frame++) outbox.add(new Uint8Array(6_400));
  outbox.end();
  let cuts = 0;
  const flush = new FinalFlush(outbox, host, () => void cuts++);
  const reader = outbox.readable!.getReader();
  await reader.read();
  flush.syncCount();
  assertEquals([total.bytes, flush.queuedBytes], [99 * 6_400, 99 * 6_400]);
  // A minute, and 10 s for 640,000 bytes.
  for (let look = 1; look < 14; look++) {
    await reader.read();
    await time.advance(5_000, 5_000);
    assertEquals([total.bytes, cuts], [(99 - look) * 6_400, 0]);
  }
  await reader.read();
  await time.advance(5_000, 5_000);
  assertEquals([total.bytes, cuts, wheel.size, host.finalFlushes.size], [0, 1, 0, 0]);
});

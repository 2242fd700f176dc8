/** Long bodies: how they count while they wait, and what becomes of those that nobody reads. */
import { assertEquals, assertRejects } from "@std/assert";
import { CallAborted } from "../../../lib/base/errors.ts";
import { CapturedLog } from "../../helpers/log.ts";
import { bytes, Streams } from "../../helpers/streams.ts";

const TEXT = bytes(150_000);
const WIDE = { MCP_MAX_TOTAL_QUEUED_BYTES: 1_000_000 };

function countsOf({ registry, wheel }: Streams) {
  return [registry.ledger().queuedBytes, registry.finalFlushCount, wheel.size];
}

Deno.test("a long body counts as waiting until it is read, and is watched no longer then", async () => {
  using streams = new Streams(WIDE);
  const body = streams.registry.body(TEXT);
  assertEquals(countsOf(streams), [150_000, 1, 1]);
  assertEquals(await new Response(body).text(), TEXT);
  await streams.time.advance(5_000, 1_000);
  assertEquals(countsOf(streams), [0, 0, 0]);
  assertEquals(streams.registry.ledger().opened, 0);
});

Deno.test("a long body that nobody reads for 5 s is cut off, and its result is lost", async () => {
  using log = new CapturedLog("warning");
  using streams = new Streams(WIDE);
  const reader = streams.registry.body(TEXT)!.getReader();
  await streams.time.advance(4_900, 700);
  assertEquals(countsOf(streams), [150_000, 1, 1]);
  await streams.time.advance(100);
  assertEquals(countsOf(streams), [0, 0, 0]);
  const { reason } = await assertRejects(() => reader.read(), CallAborted);
  assertEquals(reason, "queue_full");
  assertEquals(log.lines, ['[WARNING] Results lost {"reason":"queue_full","results":1}']);
});

Deno.test("a long body that its reader gives up counts no longer, and nothing is lost", async () => {
  using log = new CapturedLog("warning");
  using streams = new Streams(WIDE);
  await streams.registry.body(TEXT)!.cancel();
  assertEquals([...countsOf(streams), log.lines], [0, 0, 0, []]);
});

Deno.test("a long body that is more than may wait in all is cut off at once", async () => {
  using streams = new Streams({ MCP_MAX_TOTAL_QUEUED_BYTES: 1_000 });
  const fits = streams.registry.body(bytes(1_000));
  assertEquals(countsOf(streams), [1_000, 1, 1]);
  await fits?.cancel();
  const body = streams.registry.body(bytes(1_001));
  assertEquals(countsOf(streams), [0, 0, 0]);
  await assertRejects(() => new Response(body).text(), CallAborted);
});

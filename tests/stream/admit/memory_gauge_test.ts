/** Measurements of memory: of what, how often and by whom. */
import { assertEquals } from "@std/assert";
import { TimerWheel } from "../../../lib/base/timer_wheel.ts";
import { MemoryGauge, type MemorySources } from "../../../lib/stream/admit/memory_gauge.ts";
import { FakeTime } from "../../helpers/time.ts";

const LIMITS = { MCP_MAX_HEAP_PERCENT: 80, MCP_MAX_RESIDENT_PERCENT: 50 };
const low = () => ({ used: 0, limit: 100 });
const high = () => ({ used: 81, limit: 100 });

function gaugeOf(sources: MemorySources, time: FakeTime) {
  const wheel = new TimerWheel({ clock: time.clock });
  return { wheel, gauge: new MemoryGauge(sources, LIMITS, wheel) };
}

Deno.test("only memory that can be measured counts as full, the heap before the process", () => {
  using time = new FakeTime();
  for (
    const [sources, full] of [
      [{}, undefined],
      [{ heap: low }, undefined],
      [{ heap: high }, "heap"],
      [{ resident: low }, undefined],
      [{ resident: high }, "resident"],
      [{ heap: low, resident: low }, undefined],
      [{ heap: low, resident: high }, "resident"],
      [{ heap: high, resident: low }, "heap"],
      [{ heap: high, resident: high }, "heap"],
    ] as const
  ) {
    const { gauge, wheel } = gaugeOf(sources, time);
    assertEquals(gauge.full, full, `with ${Object.keys(sources).join(" and ")}`);
    wheel.stop();
  }
});

Deno.test("without a source nothing waits in the wheel", () => {
  using time = new FakeTime();
  const { gauge, wheel } = gaugeOf({}, time);
  assertEquals([gauge.full, gauge.full, gauge.isScheduled, wheel.size], [
    undefined,
    undefined,
    false,
    0,
  ]);
});

Deno.test("memory is full above its share of the limit, without a floor from the first byte", () => {
  using time = new FakeTime();
  for (
    const [used, limit, full] of [
      [80, 100, undefined],
      [81, 100, "heap"],
      [1, 1, "heap"],
      [0, 0, undefined],
      [1e12, Infinity, undefined],
    ] as const
  ) {
    const { gauge, wheel } = gaugeOf({ heap: () => ({ used, limit }) }, time);
    assertEquals(gauge.full, full, `${used} of ${limit}`);
    wheel.stop();
  }
});

Deno.test("while requests come the timer measures, after 250 ms, and it rests when none came", async () => {
  using time = new FakeTime();
  let looks = 0;
  const heap = () => {
    looks++;
    return low();
  };
  const { gauge, wheel } = gaugeOf({ heap }, time);
  void gauge.full;
  void gauge.full;
  await time.advance(249, 249);
  assertEquals(looks, 1);
  await time.advance(1);
  assertEquals([looks, gauge.isScheduled], [2, true]);
  await time.advance(250, 250);
  assertEquals([looks, gauge.isScheduled, wheel.size], [2, false, 0]);
  void gauge.full;
  assertEquals([looks, gauge.isScheduled], [3, true]);
  wheel.stop();
});

Deno.test("the answer is that of the last measurement", async () => {
  using time = new FakeTime();
  let figures = high();
  const { gauge, wheel } = gaugeOf({ resident: () => figures }, time);
  assertEquals(gauge.full, "resident");
  figures = low();
  assertEquals(gauge.full, "resident");
  await time.advance(250, 250);
  assertEquals(gauge.full, undefined);
  wheel.stop();
});

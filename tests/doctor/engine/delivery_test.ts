import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import fc from "../../deps/fast_check.ts";
import { judgeDelivery } from "../../../doctor/engine/delivery.js";

const INTERVAL_MS = 200;
const counts = fc.integer({ min: 3, max: 40 });

Deno.test("judgeDelivery() knows events that came as they were sent, late or unsteady as they may be", () => {
  const jitters = fc.array(fc.double({ min: 0, max: 0.3, noNaN: true }), {
    minLength: 3,
    maxLength: 40,
  });
  fc.assert(fc.property(jitters, fc.nat(10_000), (jitter, delay) => {
    const times = jitter.map((share, i) => delay + (i + share) * INTERVAL_MS);
    const delivery = judgeDelivery(times, INTERVAL_MS);
    assertEquals(delivery?.verdict, "one_by_one");
    assertEquals(delivery?.heldMs, 0);
  }));
});

Deno.test("judgeDelivery() knows events that were held until the last one was sent", () => {
  fc.assert(fc.property(counts, fc.nat(10), (count, spread) => {
    const times = Array.from({ length: count }, (_, i) => 5_000 + (spread * i) / count);
    const delivery = judgeDelivery(times, INTERVAL_MS);
    assertEquals(delivery?.verdict, "held");
    assertEquals(delivery?.bursts, 1);
    assertGreaterOrEqual(delivery?.heldMs ?? 0, (count - 1) * INTERVAL_MS - 10);
  }));
});

Deno.test("judgeDelivery() knows events that came several at a time", () => {
  const sizes = fc.integer({ min: 2, max: 6 });
  fc.assert(fc.property(sizes, fc.integer({ min: 2, max: 6 }), (size, bursts) => {
    const times = Array.from(
      { length: size * bursts },
      (_, i) => (Math.floor(i / size) + 1) * size * INTERVAL_MS,
    );
    const delivery = judgeDelivery(times, INTERVAL_MS);
    assertEquals(delivery?.verdict, "in_bursts");
    assertEquals(delivery?.bursts, bursts);
    assertEquals(delivery?.heldMs, (size - 1) * INTERVAL_MS);
  }));
});

Deno.test("judgeDelivery() takes one lost packet for what it is", () => {
  // The third event was sent again, and brought the fourth along.
  const times = [0, 200, 600, 601, 800, 1_000, 1_200, 1_400];
  assertEquals(judgeDelivery(times, INTERVAL_MS)?.verdict, "one_by_one");
});

Deno.test("judgeDelivery() says nothing of fewer than three events", () => {
  for (const times of [[], [1], [1, 2]]) assert(judgeDelivery(times, INTERVAL_MS) === undefined);
});

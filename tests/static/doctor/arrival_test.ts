import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import fc from "fast-check";
import { judgeArrival } from "../../../static/doctor/arrival.js";

const INTERVAL_MS = 200;
const counts = fc.integer({ min: 3, max: 40 });

Deno.test("judgeArrival() knows events that came as they were sent, late or unsteady as they may be", () => {
  const jitters = fc.array(fc.double({ min: 0, max: 0.3, noNaN: true }), {
    minLength: 3,
    maxLength: 40,
  });
  fc.assert(fc.property(jitters, fc.nat(10_000), (jitter, delay) => {
    const times = jitter.map((share, i) => delay + (i + share) * INTERVAL_MS);
    const arrival = judgeArrival(times, INTERVAL_MS);
    assertEquals(arrival?.verdict, "one_by_one");
    assertEquals(arrival?.heldMs, 0);
  }));
});

Deno.test("judgeArrival() knows events that were held until the last one was sent", () => {
  fc.assert(fc.property(counts, fc.nat(10), (count, spread) => {
    const times = Array.from({ length: count }, (_, i) => 5_000 + (spread * i) / count);
    const arrival = judgeArrival(times, INTERVAL_MS);
    assertEquals(arrival?.verdict, "held");
    assertEquals(arrival?.lumps, 1);
    assertGreaterOrEqual(arrival?.heldMs ?? 0, (count - 1) * INTERVAL_MS - 10);
  }));
});

Deno.test("judgeArrival() knows events that came several at a time", () => {
  const sizes = fc.integer({ min: 2, max: 6 });
  fc.assert(fc.property(sizes, fc.integer({ min: 2, max: 6 }), (size, lumps) => {
    const times = Array.from(
      { length: size * lumps },
      (_, i) => (Math.floor(i / size) + 1) * size * INTERVAL_MS,
    );
    const arrival = judgeArrival(times, INTERVAL_MS);
    assertEquals(arrival?.verdict, "in_lumps");
    assertEquals(arrival?.lumps, lumps);
    assertEquals(arrival?.heldMs, (size - 1) * INTERVAL_MS);
  }));
});

Deno.test("judgeArrival() takes one lost packet for what it is", () => {
  // The third event was sent again, and brought the fourth along.
  const times = [0, 200, 600, 601, 800, 1_000, 1_200, 1_400];
  assertEquals(judgeArrival(times, INTERVAL_MS)?.verdict, "one_by_one");
});

Deno.test("judgeArrival() says nothing of fewer than three events", () => {
  for (const times of [[], [1], [1, 2]]) assert(judgeArrival(times, INTERVAL_MS) === undefined);
});

/** Clients that open and lose streams again and again: how they are counted, slowed and refused. */
import { assertEquals } from "@std/assert";
import { FlapDetector } from "../../../lib/stream/admit/flap_detector.ts";

/** A detector in which client `a` has flapped so often at time 0. */
function flapped(times: number, maxFlaps = 100): FlapDetector {
  const detector = new FlapDetector(maxFlaps, 10);
  for (let flap = 0; flap < times; flap++) detector.record({ client: "a", ageMs: 0 }, 0);
  return detector;
}

Deno.test("the delay doubles with each flap from the fifth, up to a minute", () => {
  const delays = Array.from({ length: 13 }, (_, flaps) => flapped(flaps).retryMs("a", 0));
  assertEquals(delays, [
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    1_000,
    2_000,
    4_000,
    8_000,
    16_000,
    32_000,
    60_000,
    60_000,
  ]);
});

Deno.test("a part of a flap that is not forgiven yet counts for the refusal and not for the delay", () => {
  const detector = flapped(6, 5);
  assertEquals([detector.retryMs("a", 10_000), detector.retryMs("a", 10_001)], [1_000, undefined]);
  assertEquals(
    [0, 10_000, 10_001].map((now) => detector.shouldRefuse("a", now)),
    [true, true, false],
  );
});

Deno.test("one flap is forgiven in 10 s, and nobody is owed any", () => {
  const detector = flapped(1, 1);
  assertEquals([detector.shouldRefuse("a", 0), detector.shouldRefuse("a", 1)], [true, false]);
  assertEquals(detector.shouldRefuse("a", 60_000), false);
  detector.record({ client: "a", ageMs: 0 }, 60_000);
  assertEquals(detector.shouldRefuse("a", 60_000), true);
});

Deno.test("a stream that lived 5 s is no flap", () => {
  const detector = new FlapDetector(1, 10);
  detector.record({ client: "a", ageMs: 5_000 }, 0);
  detector.record({ client: "b", ageMs: 4_999 }, 0);
  assertEquals(["a", "b", "c"].map((client) => detector.shouldRefuse(client, 0)), [
    false,
    true,
    false,
  ]);
});

Deno.test("the client that was seen longest ago is forgotten first", () => {
  const detector = new FlapDetector(1, 2);
  for (const client of ["a", "b", "c"]) detector.record({ client, ageMs: 0 }, 0);
  assertEquals(["a", "b", "c"].map((client) => detector.shouldRefuse(client, 0)), [
    false,
    true,
    true,
  ]);
});

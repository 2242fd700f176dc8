/** The number of refused credentials after which an address waits. */
import { assertEquals } from "@std/assert";
import { FailureScores } from "../../lib/auth/failure_scores.ts";

Deno.test("an address waits after exactly as many failures as it may have, and others do not", () => {
  const scores = new FailureScores(3);
  const waits = [1, 2, 3, 4].map(() => {
    scores.record("192.0.2.1", 0);
    return scores.waitMs("192.0.2.1", 0);
  });
  assertEquals(waits, [0, 0, 1_000, 2_000]);
  assertEquals(scores.waitMs("192.0.2.1", 1_000), 1_000);
  assertEquals(scores.waitMs("192.0.2.1", 1_001), 0);
  assertEquals(scores.waitMs("192.0.2.2", 0), 0);
});

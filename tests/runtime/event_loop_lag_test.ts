import { assertEquals } from "@std/assert";
import { EventLoopLag } from "../../lib/runtime/event_loop_lag.ts";
import { FakeTime } from "../helpers/time.ts";

Deno.test("`LoopDelay` reports 0 for a loop that runs on time, several times a second", async () => {
  using time = new FakeTime();
  const delays: number[] = [];
  const delay = new EventLoopLag((ms) => void delays.push(ms), time.clock);
  delay.start();
  await time.advance(1_000);
  assertEquals(delays, [0, 0, 0, 0]);
  delay.stop();
});

Deno.test("`LoopDelay` reports by how much a loop that stood still was late, and goes on", async () => {
  using time = new FakeTime();
  const delays: number[] = [];
  const delay = new EventLoopLag((ms) => void delays.push(ms), time.clock);
  delay.start();
  await time.leap(400);
  assertEquals(delays, [150]);
  await time.advance(500);
  assertEquals(delays, [150, 0, 0]);
  delay.stop();
});

Deno.test("`stop()` leaves no timer, and nothing is reported from then on", async () => {
  using time = new FakeTime();
  const delays: number[] = [];
  const delay = new EventLoopLag((ms) => void delays.push(ms), time.clock);
  delay.start();
  delay.stop();
  await time.advance(1_000);
  assertEquals(delays, []);
});

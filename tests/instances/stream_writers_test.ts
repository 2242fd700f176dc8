/** The writers of an instance's streams, with a store that takes its time. */
import { assertEquals } from "@std/assert";
import { TimerWheel } from "../../lib/base/timer_wheel.ts";
import { StreamWriters } from "../../lib/fleet/stream_writers.ts";
import type { Appended, SharedEvents } from "../../lib/store/shared_store.ts";
import { settled } from "../helpers/time.ts";

Deno.test("the writers are flushed once the store has answered every append, and not before", async () => {
  const answers: ((outcome: Appended) => void)[] = [];
  const events: Pick<SharedEvents, "append"> = {
    append: () => new Promise((resolve) => void answers.push(resolve)),
  };
  const writers = new StreamWriters(events as SharedEvents, new TimerWheel(), () => {});
  const entry = { frame: new Uint8Array([1]), isEnd: true };
  for (const key of ["a", "b"]) {
    writers.open(key, 1_000, () => {}).append(1, entry, () => {});
  }
  let isFlushed = false;
  const flushed = writers.flushed().then(() => isFlushed = true);
  await settled();
  assertEquals([answers.length, isFlushed], [2, false]);
  answers[0]!("kept");
  await settled();
  assertEquals(isFlushed, false);
  answers[1]!("kept");
  await flushed;
  assertEquals(writers.waiting, 0);
});

import { assert, assertEquals, assertRejects } from "@std/assert";
import { MemoryHub } from "../../lib/store/memory_hub.ts";
import { testSharedStore } from "./shared_contract.ts";

testSharedStore("memory of one process", () => {
  let now = 0;
  const hub = new MemoryHub(5_000, () => now);
  return Promise.resolve({
    join: async () => {
      const member = hub.join();
      await member.start();
      return member;
    },
    outliveLeases: () => {
      now += 5_000;
      return Promise.resolve();
    },
    clear: () => Promise.resolve(hub.clear()),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
});

Deno.test("a member that is cut off is refused everything, and is told when it is back", async () => {
  const member = new MemoryHub().join();
  await member.start();
  let ups = 0;
  member.onUp = () => ups++;
  member.isUp = false;
  await assertRejects(() => member.events.after("k/s", 0), Error, "away");
  await assertRejects(() => member.bus.shout({ kind: "x" }), Error, "away");
  member.isUp = true;
  assertEquals(ups, 1);
  assert(await member.events.after("k/s", 0) === undefined);
});

import { assertEquals, assertRejects } from "@std/assert";
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
  const { events, bus, directory } = member;
  const operations: readonly (() => Promise<unknown>)[] = [
    () => events.append("k/s", 1, [{ frame: new Uint8Array([1]), isEnd: false }]),
    () => events.after("k/s", 0),
    () => events.carry("k/s", 0, true),
    () => events.forget("k/s"),
    () => bus.send(member.me, { kind: "x" }),
    () => bus.broadcast({ kind: "x" }),
    () => directory.renew(),
    () => directory.isAlive(member.me),
    () => directory.instances(),
    () => directory.leave(),
    () => directory.readSession("k"),
    () => directory.writeSession("k", { isEnded: true }),
    () => directory.takeSession("k"),
    () => directory.claim("k", "", 1_000),
    () => directory.release("k"),
  ];
  let ups = 0;
  member.onUp = () => ups++;
  member.isUp = false;
  for (const operation of operations) await assertRejects(operation, Error, "away");
  member.isUp = true;
  assertEquals(ups, 1);
  for (const operation of operations) await operation();
});

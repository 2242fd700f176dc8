/** A map that clients share, with a bound that none can use up for all. */
import { assert, assertEquals } from "@std/assert";
import { SharedLruMap } from "../../lib/base/shared_lru_map.ts";
import { Shares } from "../../lib/base/shares.ts";
import fc from "../deps/fast_check.ts";

Deno.test("the owner with most entries loses the one that it has not used for longest", () => {
  const map = new SharedLruMap<number>(10);
  map.set("a 1", 1, "a");
  map.set("a 2", 2, "a");
  for (let n = 0; n < 8; n++) map.set(`b ${n}`, n, "b");
  map.get("b 0");
  for (let n = 8; n < 100; n++) {
    map.set(`b ${n}`, n, "b");
    assertEquals(map.size, 10);
  }
  assertEquals([map.get("a 1"), map.get("a 2"), map.get("b 91")], [1, 2, undefined]);
  assertEquals(map.get("b 92"), 92);
});

Deno.test("an entry that is used stays longer than one that is not, and keeps its owner", () => {
  const map = new SharedLruMap<number>(2);
  map.set("one", 1, "a");
  map.set("two", 2, "a");
  map.get("one");
  map.set("three", 3, "a");
  assertEquals([map.get("one"), map.get("two"), map.get("three")], [1, undefined, 3]);
  map.set("one", 11, "b");
  assertEquals([map.get("one"), map.size], [11, 2]);
  map.delete("one");
  map.delete("one");
  assertEquals([map.get("one"), map.size], [undefined, 1]);
});

Deno.test("no owner has twice as much as the largest share, whatever was added and taken", () => {
  const changes = fc.array(fc.record({
    owner: fc.constantFrom("a", "b", "c", "d"),
    change: fc.integer({ min: -5_000, max: 5_000 }),
  }));
  fc.assert(fc.property(changes, (all) => {
    const shares = new Shares();
    const amounts = new Map<string, number>();
    for (const { owner, change } of all) {
      const before = amounts.get(owner) ?? 0;
      const taken = Math.max(change, -before);
      shares.add(owner, taken);
      amounts.set(owner, before + taken);
    }
    const most = Math.max(0, ...amounts.values());
    const { largest } = shares;
    if (largest === undefined) return assertEquals(most, 0);
    assert(amounts.get(largest)! * 2 > most);
  }));
});

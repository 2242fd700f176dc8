import { assertEquals } from "@std/assert";
import fc from "../deps/fast_check.ts";
import { SlotList } from "../../lib/base/slot_list.ts";

Deno.test("what left its place is there no more, and the place is the next one's", () => {
  const roster = new SlotList<string>();
  const first = roster.add("first");
  roster.add("second");
  roster.delete(first);
  assertEquals([...roster], ["second"]);
  assertEquals(roster.get(first), undefined);
  assertEquals(roster.add("third"), first);
  assertEquals(roster.get(first), "third");
  assertEquals(roster.size, 2);
});

Deno.test("a place that nobody has can be given up", () => {
  const roster = new SlotList<string>();
  const place = roster.add("only");
  for (const nobodys of [-1, 1, place, place]) roster.delete(nobodys);
  assertEquals([roster.size, [...roster]], [0, []]);
  assertEquals(roster.add("next"), place);
});

Deno.test("property: a roster holds what a set would hold", () => {
  fc.assert(fc.property(fc.array(fc.nat(9)), (items) => {
    const roster = new SlotList<number>();
    const places = new Map<number, number>();
    for (const item of items) {
      const place = places.get(item);
      if (place === undefined) places.set(item, roster.add(item));
      else {
        roster.delete(place);
        places.delete(item);
      }
      assertEquals([...roster].sort(), [...places.keys()].sort());
      assertEquals(roster.size, places.size);
      for (const [known, at] of places) assertEquals(roster.get(at), known);
    }
  }));
});

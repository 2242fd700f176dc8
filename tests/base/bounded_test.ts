/** Names that clients send are counted in maps with a bound. */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import fc from "../deps/fast_check.ts";
import { LruMap } from "../../lib/base/lru_map.ts";
import { TokenBuckets } from "../../lib/base/token_buckets.ts";

Deno.test("a bounded map forgets the entry unused for longest, reading counting as use", () => {
  const map = new LruMap<string, number>(3);
  ["a", "b", "c"].forEach((key, index) => map.set(key, index));
  assertEquals(map.get("a"), 0);
  map.set("d", 3);
  assertEquals([map.get("b"), map.get("a"), map.get("c"), map.get("d")], [undefined, 0, 2, 3]);
  map.delete("a");
  assertEquals([map.get("a"), map.size], [undefined, 2]);
  map.set("d", 4);
  assertEquals(map.get("d"), 4);
  map.delete("d");
  assertEquals([map.get("d"), map.size], [undefined, 1]);
});

Deno.test("property: a bounded map holds the latest entries, and never more than its bound", () => {
  const step = fc.tuple(fc.constantFrom("get", "set", "delete"), fc.nat({ max: 9 }));
  fc.assert(fc.property(fc.array(step), fc.integer({ min: 1, max: 6 }), (steps, bound) => {
    const map = new LruMap<number, number>(bound);
    let order: number[] = [];
    for (const [kind, key] of steps) {
      const known = order.includes(key);
      if (kind === "get") assertEquals(map.get(key), known ? key : undefined);
      if (kind === "set") map.set(key, key);
      if (kind === "delete") map.delete(key);
      if (kind !== "get" || known) order = order.filter((each) => each !== key);
      if (kind === "set" || (kind === "get" && known)) order.push(key);
      order = order.slice(-bound);
      assertEquals(map.size, order.length);
    }
  }));
});

Deno.test("a bucket gives its burst at once, then as fast as it fills", () => {
  const buckets = new TokenBuckets({ perSecond: 2, burst: 3 }, 10);
  assertEquals([1, 2, 3].map(() => buckets.take("a", 0)), [0, 0, 0]);
  assertEquals(buckets.take("a", 0), 500);
  assertEquals(buckets.take("a", 250), 250);
  assertEquals(buckets.take("a", 500), 0);
  assertEquals(buckets.take("a", 500), 500);
  // Another client has its own bucket.
  assertEquals(buckets.take("b", 500), 0);
});

Deno.test("a bucket holds no more than its burst, however long it was left alone", () => {
  const buckets = new TokenBuckets({ perSecond: 100, burst: 2 }, 10);
  buckets.take("a", 0);
  assertEquals([1, 2, 3].map(() => buckets.take("a", 3_600_000) === 0), [true, true, false]);
});

Deno.test("property: no client ever takes more than burst plus rate times time, and waiting helps", () => {
  const asks = fc.array(fc.nat({ max: 2_000 }), { maxLength: 100 });
  const rate = fc.record({
    perSecond: fc.integer({ min: 1, max: 50 }),
    burst: fc.integer({ min: 1, max: 20 }),
  });
  fc.assert(fc.property(asks, rate, (pauses, { perSecond, burst }) => {
    const buckets = new TokenBuckets({ perSecond, burst }, 10);
    let now = 0;
    let taken = 0;
    for (const pause of pauses) {
      now += pause;
      const wait = buckets.take("a", now);
      if (wait === 0) taken++;
      else {
        assert(Number.isInteger(wait) && wait > 0);
        assertLessOrEqual(wait, Math.ceil(1000 / perSecond));
      }
      assertLessOrEqual(taken, burst + perSecond * now / 1000 + 1e-6);
    }
    const wait = buckets.take("a", now);
    if (wait > 0) assertEquals(buckets.take("a", now + wait + 1), 0);
  }));
});

Deno.test("a bounded map keeps one value under two keys", () => {
  const map = new LruMap<string, object>(3);
  const value = {};
  map.set("a", value);
  map.set("b", value);
  assertEquals([map.get("a"), map.get("b")], [value, value]);
});

Deno.test("setting the same value again counts as use", () => {
  const map = new LruMap<string, number>(2);
  map.set("a", 1);
  map.set("b", 2);
  map.set("a", 1);
  map.set("c", 3);
  assertEquals([map.get("a"), map.get("b"), map.get("c")], [1, undefined, 3]);
});

Deno.test("property: a bounded map gives what was set last, to the newest keys alone", () => {
  const step = fc.tuple(fc.constantFrom("get", "set", "delete"), fc.nat({ max: 5 }));
  fc.assert(fc.property(fc.array(step), fc.integer({ min: 1, max: 4 }), (steps, bound) => {
    const map = new LruMap<number, number>(bound);
    const model = new Map<number, number>();
    for (const [at, [kind, key]] of steps.entries()) {
      const known = model.get(key);
      if (kind === "delete") {
        map.delete(key);
        model.delete(key);
      } else if (kind === "set") {
        map.set(key, at % 3);
        model.delete(key);
        model.set(key, at % 3);
      } else {
        assertEquals(map.get(key), known);
        if (known !== undefined && model.delete(key)) model.set(key, known);
      }
      for (const oldest of [...model.keys()].slice(0, -bound)) model.delete(oldest);
      assertEquals(map.size, model.size);
    }
  }));
});

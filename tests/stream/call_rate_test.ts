/** A rate limit for each client that asks who calls only near the limit. */
import { assert, assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import fc from "../deps/fast_check.ts";
import { type BucketRate, TokenBucket } from "../../lib/base/token_buckets.ts";
import { type Caller, CallRate } from "../../lib/stream/admit/call_rate.ts";

/** A limit with a clock that is set with each request. */
function rateOf(rate: BucketRate) {
  let time = 0;
  let looks = 0;
  const now = () => {
    looks++;
    return time;
  };
  const calls = new CallRate(rate, { now }, 10);
  return {
    take: (caller: Caller, at: number, count: number) => {
      time = at;
      return calls.take(caller, count);
    },
    looksAtTheClock: () => looks,
  };
}

const client = (clientKey: string) => ({ clientKey });
const UNKNOWN = {
  get clientKey(): string {
    throw new Error("nobody may ask who calls");
  },
};

Deno.test("nobody asks who calls while all clients together leave half of one client's burst", () => {
  const rate = rateOf({ perSecond: 2, burst: 10 });
  for (let call = 0; call < 5; call++) assertEquals(rate.take(UNKNOWN, 0, 1), 0);
  let asked = 0;
  const watched = {
    get clientKey() {
      asked++;
      return "a";
    },
  };
  assertEquals([rate.take(watched, 0, 1), asked], [0, 1]);
  // Half of the burst is there again.
  assertEquals(rate.take(UNKNOWN, 1_000, 1), 0);
  assertEquals(rate.take(UNKNOWN, 60_000, 5), 0);
});

Deno.test("the clock is read once for a hundredth of a burst", () => {
  const rate = rateOf({ perSecond: 2, burst: 1_000 });
  const before = rate.looksAtTheClock();
  for (let call = 0; call < 10; call++) rate.take(UNKNOWN, 0, 1);
  assertEquals(rate.looksAtTheClock(), before);
  for (let call = 0; call < 11; call++) rate.take(UNKNOWN, 0, 1);
  assertEquals(rate.looksAtTheClock(), before + 1);
});

Deno.test("a long pause gives nobody more than a burst", () => {
  const rate = rateOf({ perSecond: 1, burst: 10 });
  rate.take(client("a"), 0, 1);
  const taken = (now: number) => {
    let count = 0;
    while (rate.take(client("a"), now, 1) === 0) count++;
    return count;
  };
  assertEquals([taken(3_600_000), taken(7_200_000), taken(7_201_000)], [10, 10, 1]);
});

Deno.test("a batch that is refused leaves the limits as they were", () => {
  const rate = rateOf({ perSecond: 1, burst: 10 });
  rate.take(client("a"), 0, 4);
  assertEquals(rate.take(client("a"), 0, 10), 4_000);
  assertEquals(rate.take(UNKNOWN, 0, 1), 0);
  assertEquals(rate.take(client("b"), 0, 5), 0);
  assertEquals(rate.take(client("b"), 0, 1), 1_000);
});

Deno.test("a single client gets exactly its burst, then as fast as it fills", () => {
  for (const burst of [1, 2, 3, 10]) {
    const rate = rateOf({ perSecond: 2, burst });
    const waits = Array.from({ length: burst + 1 }, () => rate.take(client("a"), 0, 1));
    assertEquals(waits, [...Array(burst).fill(0), 500]);
    assertEquals([rate.take(client("a"), 500, 1), rate.take(client("a"), 500, 1)], [0, 500]);
  }
});

Deno.test("beside a client at its limit, another one has half of its burst at once, and all of it later", () => {
  const rate = rateOf({ perSecond: 1, burst: 10 });
  for (let call = 0; call < 10; call++) rate.take(client("busy"), 0, 1);
  assertEquals(rate.take(client("busy"), 0, 1), 1_000);
  const taken = (key: string, now: number) => {
    let count = 0;
    while (rate.take(client(key), now, 1) === 0) count++;
    return count;
  };
  assertEquals(taken("other", 0), 5);
  assertEquals([taken("busy", 2_000), taken("third", 2_000)], [2, 7]);
  assertEquals(taken("busy", 3_000), 1);
});

Deno.test("a client that owes calls of a batch waits until it has paid for them", () => {
  const rate = rateOf({ perSecond: 1, burst: 2 });
  assertEquals(rate.take(client("a"), 0, 10), 0);
  assertEquals(rate.take(client("a"), 0, 1), 9_000);
  assertEquals(rate.take(client("b"), 0, 1), 0);
  assertEquals(rate.take(client("a"), 8_000, 1), 1_000);
  assertEquals(rate.take(client("a"), 9_000, 1), 0);
});

Deno.test("calls that were taken without a look at the clock count with the next one that looks", () => {
  const rate = rateOf({ perSecond: 2, burst: 1_000 });
  assertEquals(rate.take(UNKNOWN, 0, 495), 0);
  const looks = rate.looksAtTheClock();
  // Exactly half of the burst is left then.
  for (let call = 0; call < 5; call++) assertEquals(rate.take(UNKNOWN, 0, 1), 0);
  assertEquals(rate.looksAtTheClock(), looks);
  assertThrows(() => rate.take(UNKNOWN, 0, 1), Error, "nobody may ask");
});

Deno.test("what is left in all falls to nothing, though each of two clients has some left", () => {
  const rate = rateOf({ perSecond: 1, burst: 10 });
  for (let call = 0; call < 5; call++) rate.take(UNKNOWN, 0, 1);
  for (const key of ["a", "a", "a", "a", "b"]) assertEquals(rate.take(client(key), 0, 1), 0);
  assertThrows(() => rate.take(UNKNOWN, 5_000, 1), Error, "nobody may ask");
  assertEquals(rate.take(UNKNOWN, 6_000, 1), 0);
});

Deno.test("a batch that is a millisecond too early takes nothing from all", () => {
  const rate = rateOf({ perSecond: 1_000, burst: 10 });
  rate.take(UNKNOWN, 0, 5);
  assertEquals(rate.take(client("a"), 0, 1), 0);
  assertEquals(rate.take(client("a"), 0, 5), 1);
  assertEquals(rate.take(UNKNOWN, 2, 1), 0);
});

Deno.test("property: no client gets more than its own bucket would give, and all get calls again", () => {
  const asks = fc.array(
    fc.record({
      pause: fc.nat({ max: 900 }),
      who: fc.constantFrom("a", "b", "c"),
      count: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 60 })),
    }),
    { maxLength: 200 },
  );
  const rates = fc.record({
    perSecond: fc.integer({ min: 1, max: 20 }),
    burst: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 100, max: 300 })),
  });
  fc.assert(fc.property(asks, rates, (asks, bucketRate) => {
    const rate = rateOf(bucketRate);
    const own = new Map(["a", "b", "c"].map((key) => [
      key,
      new TokenBucket(bucketRate, bucketRate.burst, 0),
    ]));
    let now = 0;
    for (const { pause, who, count } of asks) {
      now += pause;
      const waitMs = rate.take(client(who), now, count);
      const bucket = own.get(who)!;
      if (waitMs === 0) assertEquals(bucket.take(now, count), 0);
      else {
        assert(Number.isInteger(waitMs) && waitMs > 0);
        assertEquals(rate.take(client(who), now + waitMs + 1, count), 0);
        now += waitMs + 1;
        assertEquals(bucket.take(now, count), 0);
      }
      assertLessOrEqual(bucket.tokensAt(now), bucketRate.burst);
    }
  }));
});

import { assertEquals } from "@std/assert";
import { TokenBucket, TokenBuckets } from "../../lib/base/token_buckets.ts";

const RATE = { perSecond: 4, burst: 10 };

Deno.test("a bucket begins with the tokens and at the time it is given", () => {
  const bucket = new TokenBucket(RATE, 2, 1_000);
  assertEquals(bucket.tokensAt(1_000), 2);
  assertEquals(bucket.tokensAt(1_500), 4);
  assertEquals(bucket.tokensAt(1_500), 4);
  assertEquals(bucket.tokensAt(99_000), 10);
});

Deno.test("several tokens are taken together or not at all", () => {
  const bucket = new TokenBucket(RATE, 10, 0);
  assertEquals([bucket.take(0, 7), bucket.tokensAt(0)], [0, 3]);
  assertEquals([bucket.take(0, 5), bucket.tokensAt(0)], [500, 3]);
  assertEquals([bucket.take(499, 5), bucket.take(500, 5), bucket.tokensAt(500)], [1, 0, 0]);
});

Deno.test("exactly the tokens that are there can be taken", () => {
  const bucket = new TokenBucket(RATE, 3, 0);
  assertEquals([bucket.take(0, 3), bucket.tokensAt(0), bucket.take(0, 1)], [0, 0, 250]);
});

Deno.test("a request for more than the capacity waits for a full bucket, which then owes the rest", () => {
  const bucket = new TokenBucket(RATE, 9, 0);
  assertEquals(bucket.take(0, 30), 250);
  assertEquals([bucket.take(250, 30), bucket.tokensAt(250)], [0, -20]);
  assertEquals(bucket.take(250, 1), 5_250);
  assertEquals([bucket.take(5_500, 1), bucket.tokensAt(5_500)], [0, 0]);
});

Deno.test("tokens that are set count from the time that was last asked for", () => {
  const bucket = new TokenBucket(RATE, 0, 0);
  bucket.tokensAt(1_000);
  bucket.tokens = -2;
  assertEquals(bucket.tokensAt(1_000), -2);
  assertEquals(bucket.tokensAt(2_000), 2);
});

Deno.test("a client takes one token unless it says how many, from a bucket that begins full", () => {
  const buckets = new TokenBuckets({ perSecond: 1, burst: 3 }, 10);
  assertEquals(buckets.take("a", 5_000), 0);
  assertEquals([buckets.take("a", 5_000, 2), buckets.take("a", 5_000)], [0, 1_000]);
  assertEquals(buckets.take("b", 5_000, 3), 0);
});

Deno.test("buckets are kept for so many clients; the one unused for longest begins anew", () => {
  const buckets = new TokenBuckets({ perSecond: 1, burst: 1 }, 2);
  assertEquals(["a", "b"].map((client) => buckets.take(client, 0)), [0, 0]);
  assertEquals(["a", "b"].map((client) => buckets.take(client, 0)), [1_000, 1_000]);
  assertEquals(["a", "c", "a"].map((client) => buckets.take(client, 0)), [1_000, 0, 1_000]);
  assertEquals(buckets.take("b", 0), 0);
});

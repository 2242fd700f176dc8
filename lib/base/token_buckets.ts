/**
 * Rate limits: one token bucket a client, refilled by the time that passed since it was last asked.
 *
 * @module
 */
import { LruMap } from "./lru_map.ts";

/** How fast a bucket fills, and how much it holds. */
export interface BucketRate {
  readonly perSecond: number;
  readonly burst: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** A rate limit for each of many keys, with a bound on the keys. */
export class TokenBuckets {
  readonly #rate: BucketRate;
  readonly #buckets: LruMap<string, Bucket>;

  constructor(rate: BucketRate, maxClients: number) {
    this.#rate = rate;
    this.#buckets = new LruMap(maxClients);
  }

  /**
   * Takes tokens, all or none. A request for more than the capacity needs a full bucket, which then
   * owes the rest.
   *
   * @param now in ms
   * @param count number of tokens
   * @returns 0, or the time until the tokens are available (ms)
   */
  take(client: string, now: number, count = 1): number {
    const { perSecond, burst } = this.#rate;
    let bucket = this.#buckets.get(client);
    if (bucket === undefined) {
      bucket = { tokens: burst, at: now };
      this.#buckets.set(client, bucket);
    }
    bucket.tokens = Math.min(burst, bucket.tokens + (now - bucket.at) / 1000 * perSecond);
    bucket.at = now;
    const needed = Math.min(count, burst);
    if (bucket.tokens < needed) return Math.ceil((needed - bucket.tokens) / perSecond * 1000);
    bucket.tokens -= count;
    return 0;
  }
}

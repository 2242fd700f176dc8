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
   * Takes a token.
   *
   * @param now in ms
   * @returns 0, or how long to wait for the next token (ms)
   */
  take(client: string, now: number): number {
    const { perSecond, burst } = this.#rate;
    const bucket = this.#buckets.get(client) ?? { tokens: burst, at: now };
    bucket.tokens = Math.min(burst, bucket.tokens + (now - bucket.at) / 1000 * perSecond);
    bucket.at = now;
    this.#buckets.set(client, bucket);
    if (bucket.tokens < 1) return Math.ceil((1 - bucket.tokens) / perSecond * 1000);
    bucket.tokens--;
    return 0;
  }
}

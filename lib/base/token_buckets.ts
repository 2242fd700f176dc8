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

/** Tokens that fill up again with time. */
export class TokenBucket {
  /** The tokens in it when it was last asked for them. */
  tokens: number;
  readonly #rate: BucketRate;
  #at: number;

  /**
   * @param tokens in it at that time
   * @param at in ms
   */
  constructor(rate: BucketRate, tokens: number, at: number) {
    this.#rate = rate;
    this.tokens = tokens;
    this.#at = at;
  }

  /**
   * The tokens in it; less than 0 if it owes some.
   *
   * @param now in ms
   */
  tokensAt(now: number): number {
    const { perSecond, burst } = this.#rate;
    this.tokens = Math.min(burst, this.tokens + (now - this.#at) / 1000 * perSecond);
    this.#at = now;
    return this.tokens;
  }

  /**
   * Takes tokens, all or none. A request for more than the capacity needs a full bucket, which then
   * owes the rest.
   *
   * @param now in ms
   * @param count number of tokens
   * @returns 0, or the time until the tokens are available (ms)
   */
  take(now: number, count: number): number {
    const { perSecond, burst } = this.#rate;
    const tokens = this.tokensAt(now);
    const needed = Math.min(count, burst);
    if (tokens < needed) return Math.ceil((needed - tokens) / perSecond * 1000);
    this.tokens = tokens - count;
    return 0;
  }
}

/** A rate limit for each of many keys, with a bound on the keys. */
export class TokenBuckets {
  readonly #rate: BucketRate;
  readonly #buckets: LruMap<string, TokenBucket>;

  constructor(rate: BucketRate, maxClients: number) {
    this.#rate = rate;
    this.#buckets = new LruMap(maxClients);
  }

  /**
   * Takes tokens of a client; see {@linkcode TokenBucket.take}.
   *
   * @param now in ms
   * @param count number of tokens
   * @returns 0, or the time until the tokens are available (ms)
   */
  take(client: string, now: number, count = 1): number {
    let bucket = this.#buckets.get(client);
    if (bucket === undefined) {
      bucket = new TokenBucket(this.#rate, this.#rate.burst, now);
      this.#buckets.set(client, bucket);
    }
    return bucket.take(now, count);
  }

  /** Forgets a client, as if it had never asked. */
  forget(client: string): void {
    this.#buckets.delete(client);
  }
}

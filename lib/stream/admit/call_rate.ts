import { LruMap } from "../../base/lru_map.ts";
import { type BucketRate, TokenBucket } from "../../base/token_buckets.ts";

/** A client whose key is looked up only if needed. */
export interface Caller {
  /** The key that limits count it by. */
  readonly clientKey: string;
}

/**
 * A rate limit for each client that asks for a client's key only near the limit.
 *
 * Perf: to look up the address of a client takes a tenth of a quick call. So all calls are taken
 * from one shared bucket, which is never fuller than the bucket of one client would be. While it is
 * half full, no client can be near its limit. Below that each client has its own bucket, which
 * starts with the tokens of the shared one: no client gets more than its limit, and beside busy
 * others each has at least half of its burst.
 */
export class CallRate {
  readonly #rate: BucketRate;
  readonly #maxClients: number;
  readonly #half: number;
  readonly #shared: TokenBucket;
  /** Undefined while the shared bucket is half full. */
  #crowd: Crowd | undefined;

  /** @param maxClients with a bucket of their own */
  constructor(rate: BucketRate, maxClients: number) {
    this.#rate = rate;
    this.#maxClients = maxClients;
    this.#half = Math.ceil(rate.burst / 2);
    this.#shared = new TokenBucket(rate, rate.burst, 0);
  }

  /**
   * Takes the tokens of some calls, all or none.
   *
   * @param now in ms
   * @returns 0, or the time until the tokens are available (ms)
   */
  take(caller: Caller, now: number, count: number): number {
    const shared = this.#shared.tokensAt(now);
    const left = shared - count;
    if (left >= this.#half) {
      this.#crowd = undefined;
      this.#shared.setTokens(left);
      return 0;
    }
    this.#crowd ??= new Crowd(this.#rate, this.#maxClients, { tokens: shared, at: now });
    const bucket = this.#crowd.bucketOf(caller.clientKey);
    const waitMs = bucket.take(now, count);
    // The shared bucket need not be emptier than the emptiest one.
    if (waitMs === 0) {
      this.#shared.setTokens(Math.max(left, Math.min(0, shared, bucket.tokensAt(now))));
    }
    return waitMs;
  }
}

/** The tokens of a bucket at a time. */
interface Level {
  readonly tokens: number;
  /** In ms. */
  readonly at: number;
}

/** Clients with a bucket each, all of which started at the same level. */
class Crowd {
  readonly #rate: BucketRate;
  readonly #start: Level;
  readonly #buckets: LruMap<string, TokenBucket>;

  constructor(rate: BucketRate, maxClients: number, start: Level) {
    this.#rate = rate;
    this.#start = start;
    this.#buckets = new LruMap(maxClients);
  }

  bucketOf(client: string): TokenBucket {
    let bucket = this.#buckets.get(client);
    if (bucket === undefined) {
      bucket = new TokenBucket(this.#rate, this.#start.tokens, this.#start.at);
      this.#buckets.set(client, bucket);
    }
    return bucket;
  }
}

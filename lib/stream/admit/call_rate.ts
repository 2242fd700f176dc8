import { LruMap } from "../../base/lru_map.ts";
import type { TimerWheel } from "../../base/timer_wheel.ts";
import { type BucketRate, TokenBucket } from "../../base/token_buckets.ts";

/** A client whose key is looked up only if needed. */
export interface Caller {
  /** The key that limits count it by. */
  readonly clientKey: string;
}

/** Share of a burst that may be lost because the clock is read less often. */
const UNREAD_SHARE = 0.01;

/**
 * A rate limit for each client that asks for a client's key only near the limit.
 *
 * Perf: a quick call should neither look up the address of its client nor read the clock. All calls
 * are taken from one shared bucket, which is never fuller than the bucket of one client would be.
 * While it is half full, no client can be near its limit. Below that each client has its own bucket,
 * which starts with the tokens of the shared one: no client gets more than its limit, and beside
 * busy others each has at least half of its burst.
 */
export class CallRate {
  readonly #rate: BucketRate;
  readonly #clock: Pick<TimerWheel, "now">;
  readonly #maxClients: number;
  readonly #half: number;
  /** Most tokens that are taken without a look at the clock. */
  readonly #unread: number;
  readonly #shared: TokenBucket;
  /** Tokens taken from it since the clock was last read. */
  #taken = 0;
  /** Clients that were looked up since a call was last taken without. */
  #crowd: Crowd | undefined;

  /** @param maxClients most clients with a bucket of their own */
  constructor(rate: BucketRate, clock: Pick<TimerWheel, "now">, maxClients: number) {
    this.#rate = rate;
    this.#clock = clock;
    this.#maxClients = maxClients;
    this.#half = Math.ceil(rate.burst / 2);
    this.#unread = Math.floor(rate.burst * UNREAD_SHARE);
    this.#shared = new TokenBucket(rate, rate.burst, clock.now());
  }

  /**
   * Takes the tokens of some calls, all or none.
   *
   * @returns 0, or the time until the tokens are available (ms)
   */
  take(caller: Caller, count: number): number {
    const taken = this.#taken + count;
    if (taken <= this.#unread && this.#shared.tokens - taken >= this.#half) {
      this.#taken = taken;
      this.#crowd = undefined;
      return 0;
    }
    const now = this.#clock.now();
    // Those taken before count as taken now, so nobody gets more.
    const level = this.#shared.tokensAt(now) - this.#taken;
    this.#taken = 0;
    if (level - count >= this.#half) {
      this.#crowd = undefined;
      this.#shared.tokens = level - count;
      return 0;
    }
    return this.#takeInCrowd(caller, count, { tokens: level, at: now });
  }

  #takeInCrowd(caller: Caller, count: number, level: Level): number {
    const { at, tokens } = level;
    this.#crowd ??= new Crowd(this.#rate, this.#maxClients, level);
    const bucket = this.#crowd.bucketOf(caller.clientKey);
    const waitMs = bucket.take(at, count);
    // The shared bucket need not be emptier than the emptiest one.
    const least = Math.min(0, tokens, bucket.tokensAt(at));
    this.#shared.tokens = waitMs > 0 ? tokens : Math.max(tokens - count, least);
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

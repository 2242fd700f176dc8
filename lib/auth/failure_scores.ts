import { LruMap } from "../base/lru_map.ts";

/** One refused credential is forgiven in this time (ms). */
const FORGIVE_MS = 1_000;
/** Most addresses that are counted. */
const MAX_ADDRESSES = 10_000;

interface Score {
  readonly failures: number;
  readonly at: number;
}

/**
 * Counts refused credentials by address, because each may cost a signature check or a request to
 * the identity provider. An address with too many is refused unchecked until some are forgiven.
 */
export class FailureScores {
  readonly #max: number;
  readonly #scores = new LruMap<string, Score>(MAX_ADDRESSES);

  constructor(maxFailures: number) {
    this.#max = maxFailures;
  }

  record(address: string, now: number): void {
    this.#scores.set(address, { failures: this.#of(address, now) + 1, at: now });
  }

  /** How long an address has to wait (ms); 0 where it need not. */
  waitMs(address: string, now: number): number {
    const excess = this.#of(address, now) - this.#max;
    return excess < 0 ? 0 : Math.ceil((excess + 1) * FORGIVE_MS);
  }

  #of(address: string, now: number): number {
    const score = this.#scores.get(address);
    return score === undefined ? 0 : Math.max(0, score.failures - (now - score.at) / FORGIVE_MS);
  }
}

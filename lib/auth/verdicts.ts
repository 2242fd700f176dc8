/**
 * Results of checks of credentials, so that each is checked once in a while and not with every
 * request. Keyed by a hash. Only the few headers that were used last are kept as they came, as
 * hashing takes longer than the rest of authorization. Perf: verdicts by header.
 *
 * @module
 */
import { LruMap } from "../base/lru_map.ts";
import { AuthFailure } from "./auth_failure.ts";
import type { KnownCaller } from "./identity.ts";
import type { Recognized } from "./way.ts";

/** Most verdicts of each kind that are kept. */
const MAX_VERDICTS = 10_000;
/** Most headers that are kept as they came; they are in the memory of their requests anyway. */
const MAX_HEADERS = 256;

interface Accepted {
  readonly identity: KnownCaller;
  readonly until: number;
}

interface Refused {
  readonly failure: AuthFailure;
  readonly until: number;
}

/** Keeps for a while whether a credential is good, by its hash. */
export class Verdicts {
  /** Apart from each other, so that a flood of bad tokens pushes no good one out. */
  #accepted = new LruMap<string, Accepted>(MAX_VERDICTS);
  #refused = new LruMap<string, Refused>(MAX_VERDICTS);
  #headers = new LruMap<string, Accepted>(MAX_HEADERS);

  /**
   * The sender of a header that was used just before.
   *
   * @param header as it came, credential included
   */
  ofHeader(header: string, now: number): KnownCaller | undefined {
    const accepted = this.#headers.get(header);
    if (accepted === undefined) return undefined;
    if (now < accepted.until) return accepted.identity;
    this.#headers.delete(header);
    return undefined;
  }

  /** Keeps the header of a credential that is used again. */
  keepHeader(header: string, hash: string): void {
    const accepted = this.#accepted.get(hash);
    if (accepted !== undefined) this.#headers.set(header, accepted);
  }

  /** The verdict, where one is kept that still holds. */
  get(hash: string, now: number): KnownCaller | AuthFailure | undefined {
    const accepted = this.#accepted.get(hash);
    if (accepted !== undefined) {
      if (now < accepted.until) return accepted.identity;
      this.#accepted.delete(hash);
    }
    const refused = this.#refused.get(hash);
    if (refused === undefined) return undefined;
    if (now < refused.until) return refused.failure;
    this.#refused.delete(hash);
    return undefined;
  }

  /** Keeps a verdict for its own time, and never beyond the credential's expiry. */
  keep(hash: string, verdict: Recognized | AuthFailure, now: number): void {
    if (verdict instanceof AuthFailure) {
      if (verdict.keepMs > 0) {
        this.#refused.set(hash, { failure: verdict, until: now + verdict.keepMs });
      }
      return;
    }
    const { identity, keepMs } = verdict;
    const until = Math.min(now + keepMs, identity.expiresAt ?? Infinity);
    if (until > now) this.#accepted.set(hash, { identity, until });
  }

  /** Forgets all verdicts, because the keys or rules behind them have changed. */
  clear(): void {
    this.#accepted = new LruMap(MAX_VERDICTS);
    this.#refused = new LruMap(MAX_VERDICTS);
    this.#headers = new LruMap(MAX_HEADERS);
  }
}

/** What one look at one socket shows. */
export interface SocketSample {
  /** Its other end, as `address:port`. */
  readonly peer: string;
  /** Whether that has bytes yet to acknowledge. */
  readonly hasUnacked: boolean;
  /** Time since anything was heard of it (ms). */
  readonly silentMs: number;
  /** How soon TCP sends again what was lost, the first time (ms). */
  readonly retransmitMs: number;
}

/** What a look at all sockets comes to. */
export interface Verdict {
  /** The other ends that are lost. */
  readonly lost: ReadonlySet<string>;
  /** When the next look is to be (ms from this one). */
  readonly nextMs: number;
}

/** Heartbeats of silence that lose a peer. */
const LOST_AFTER = 3;
/** Looks in an interval while somebody is silent, at most. */
const CLOSE_LOOKS = 4;
/** The shortest time between two looks (ms). */
const MIN_LOOK_MS = 100;
/** What a look that decides comes later (ms), as the kernel's figures are that coarse. */
const SPARE_MS = 20;

/**
 * Tells half-open peers from slow ones. A peer is lost when it has bytes to acknowledge and nothing
 * was heard of it for three heartbeats.
 *
 * Why three: when a link comes back, nothing goes at once. TCP doubles its wait with each try, so
 * after an outage of one interval the next try may be a second interval away, and a try more: what
 * the last ping before the outage left of its interval, the outage, and the wait make three and a
 * retransmission.
 *
 * A process that was stopped hears of nobody for that long, so silence must also have been seen for
 * a whole interval. Everybody is looked at once an interval, which could find a lost peer late by
 * as much; so while somebody is silent the next look comes when it decides.
 */
export class HalfOpenDetector {
  readonly #intervalMs: number;
  /** When each was first seen silent. */
  #silentSince = new Map<string, number>();

  /** @param intervalMs how often every peer is sent something */
  constructor(intervalMs: number) {
    this.#intervalMs = Math.max(intervalMs, MIN_LOOK_MS);
  }

  /** How many are silent, and not yet lost. */
  get size(): number {
    return this.#silentSince.size;
  }

  /**
   * Takes what one look has shown.
   *
   * @param now on any clock that never goes back (ms)
   */
  evaluate(looks: readonly SocketSample[], now: number): Verdict {
    const lost = new Set<string>();
    const silentSince = new Map<string, number>();
    let nextMs = this.#intervalMs;
    for (const look of looks) {
      if (!look.hasUnacked || look.silentMs < this.#intervalMs) continue;
      const since = this.#silentSince.get(look.peer) ?? now;
      const leftMs = Math.max(
        LOST_AFTER * this.#intervalMs + look.retransmitMs - look.silentMs,
        since + this.#intervalMs - now,
      );
      if (leftMs <= 0) lost.add(look.peer);
      else {
        silentSince.set(look.peer, since);
        nextMs = Math.min(nextMs, leftMs + SPARE_MS);
      }
    }
    this.#silentSince = silentSince;
    return { lost, nextMs: Math.max(nextMs, this.#intervalMs / CLOSE_LOOKS, MIN_LOOK_MS) };
  }
}

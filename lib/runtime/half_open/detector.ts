/** A sample of one socket. */
export interface SocketSample {
  /** Its other end, as `address:port`. */
  readonly peer: string;
  /** Whether the peer has bytes to acknowledge. */
  readonly hasUnacked: boolean;
  /** Time since the last sign of life of the peer (ms). */
  readonly silentMs: number;
  /** TCP's first retransmission timeout (ms). */
  readonly retransmitMs: number;
}

/** The result of sampling all sockets. */
export interface Verdict {
  /** The peers that are lost. */
  readonly lost: ReadonlySet<string>;
  /** Time until the next sample (ms). */
  readonly nextMs: number;
}

/** Heartbeats of silence after which a peer is lost. */
const LOST_AFTER = 3;
/** Maximum number of samples per interval while a peer is silent. */
const CLOSE_LOOKS = 4;
/** Shortest time between two samples (ms). */
const MIN_LOOK_MS = 100;
/** Margin for the kernel's coarse timers (ms). */
const SPARE_MS = 20;

/**
 * Tells half-open peers from slow ones. A peer is lost when it has bytes to acknowledge and was silent
 * for three heartbeats.
 *
 * Why three: when a link returns, TCP does not send at once. It doubles its wait with each try, so
 * after an outage of one interval the next try may be a second interval away. The rest of the interval
 * before the outage, the outage and the wait make three intervals and a retransmission.
 *
 * A process that was stopped sees all peers as silent, so the silence must also have been observed for
 * a whole interval. Samples are taken once per interval; while a peer is silent, the next sample is
 * taken when it can decide.
 */
export class HalfOpenDetector {
  readonly #intervalMs: number;
  /** When each peer was first observed to be silent. */
  #silentSince = new Map<string, number>();

  /** @param intervalMs time between two messages to a peer */
  constructor(intervalMs: number) {
    this.#intervalMs = Math.max(intervalMs, MIN_LOOK_MS);
  }

  /** Number of peers that are silent and not yet lost. */
  get size(): number {
    return this.#silentSince.size;
  }

  /**
   * Evaluates the samples of all sockets.
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

/** The progress of a stream's reader. */
export interface ReaderProgress {
  /** Bytes that wait for the reader. */
  readonly queuedBytes: number;
  /** Bytes that the transport has taken. */
  readonly sentBytes: number;
}

/** Sends ping requests to the client. */
export interface ClientPinger {
  /** Sends the next ping request to the client, and returns what became of the one before. */
  pingClient(): PongState;
}

/**
 * The outcome of the last ping request, if the dialect has them; `unknown` if none was sent, or if
 * the client has never answered one.
 */
export type PongState = "answered" | "unanswered" | "unknown";

/** Share of the interval by which first pings are spread, so that a crowd does not ping at once. */
const PING_SPREAD = 0.1;

/**
 * Streams ping at multiples of this time (ms): waking the process costs as much as many pings, and
 * pings in a row find code and kernel warm. Perf: the grid of pings.
 */
export const PING_GRID_MS = 250;

/**
 * Streams opened in a row share a ping slot in groups of this size. They lie side by side in memory
 * and are pinged in that order.
 */
const PINGS_PER_SLOT = 64;
/** Its multiples modulo 1 are evenly spread, however many there are. */
const GOLDEN_RATIO = 0.618033988749895;

/** Spreads the first pings of the streams of one registry. */
export class PingSlots {
  #opened = 0;

  /** Position of the next stream in the spread of pings, from 0 to 1. */
  next(): number {
    return Math.floor(this.#opened++ / PINGS_PER_SLOT) * GOLDEN_RATIO % 1;
  }
}

/** When a stream pings next, and how often in a row it could not. */
export class Heartbeat {
  readonly #intervalMs: number;
  #nextAt: number;
  #pingCount = 0;
  #failures = 0;
  /** Bytes that the transport had taken at the last beat. */
  #sentAtBeat = 0;

  /**
   * @param intervalMs between two pings
   * @param slot where in the spread the first one falls; see {@linkcode PingSlots}
   */
  constructor(now: number, intervalMs: number, slot: number) {
    this.#intervalMs = intervalMs;
    const gridMs = Math.max(1, Math.floor(Math.min(PING_GRID_MS, intervalMs * PING_SPREAD)));
    const firstAt = now + intervalMs * (1 - PING_SPREAD * slot);
    this.#nextAt = Math.floor(firstAt / gridMs) * gridMs;
  }

  /** In whole ms. */
  get nextAt(): number {
    return this.#nextAt;
  }

  /** A ping was handed to the transport. */
  countPing(): void {
    this.#pingCount++;
  }

  /** Pings handed to the transport. */
  get pingCount(): number {
    return this.#pingCount;
  }

  /** Failed pings in a row: those that could not be sent, and those that found no answer. */
  get failures(): number {
    return this.#failures;
  }

  /**
   * One beat. If earlier bytes still wait and the reader has taken none since the last beat, it has
   * stopped. A slow reader that keeps reading is left alone and gets no ping request.
   *
   * @returns whether to send a ping, or that it could not be sent, is not needed, or that the
   *   previous one was not answered
   */
  beat(
    now: number,
    progress: ReaderProgress,
    driver: ClientPinger,
  ): "ping" | "failed" | "busy" | "unanswered" {
    const { queuedBytes, sentBytes } = progress;
    // Beats missed by a stopped process are not made up for; the next is in its old place, so that
    // all streams do not beat as one from then on.
    const missed = Math.floor((now - this.#nextAt) / this.#intervalMs);
    this.#nextAt += (missed + 1) * this.#intervalMs;
    if (queuedBytes > 0 && sentBytes === this.#sentAtBeat) {
      this.#failures++;
      return "failed";
    }
    this.#sentAtBeat = sentBytes;
    if (queuedBytes > 0) {
      this.#failures = 0;
      return "busy";
    }
    const isUnanswered = driver.pingClient() === "unanswered";
    this.#failures = isUnanswered ? this.#failures + 1 : 0;
    return isUnanswered ? "unanswered" : "ping";
  }
}

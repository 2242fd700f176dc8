/** What a stream has to show at a beat. */
export interface ReaderProgress {
  /** Bytes that wait for the reader. */
  readonly queuedBytes: number;
  /** Bytes that the transport has taken. */
  readonly sentBytes: number;
  /** Tells the answer to the last question to the client, and asks the next one. */
  pingClient(): PongState;
}

/**
 * What became of the last question to the client, where its dialect has one; `unknown` as long as
 * nobody was asked, or the client has never answered any.
 */
export type PongState = "answered" | "unanswered" | "unknown";

/** Share of the interval by which first pings are spread, so that a crowd does not ping at once. */
const PING_SPREAD = 0.1;

/**
 * Streams ping at moments so far apart (ms), the same for all: to wake the process costs as much as
 * ten pings do, and one ping after another finds code and kernel warm.
 */
export const PING_GRID_MS = 250;

/**
 * So many streams in a row have the same place in the spread. They were opened one after the other,
 * so they lie side by side in memory, and are pinged in that order.
 */
const PINGS_PER_SLOT = 64;
/** Its multiples fall evenly between whole numbers, however many there are. */
const GOLDEN_RATIO = 0.618033988749895;

let opened = 0;

/** Where in the spread the next stream pings, from 0 to 1. */
function nextSlot(): number {
  return Math.floor(opened++ / PINGS_PER_SLOT) * GOLDEN_RATIO % 1;
}

/** When a stream pings next, and how often in a row it could not. */
export class Heartbeat {
  readonly #intervalMs: number;
  #nextAt: number;
  #pingCount = 0;
  #failures = 0;
  /** What the transport had taken at the last beat. */
  #sentAtBeat = 0;

  constructor(now: number, intervalMs: number) {
    this.#intervalMs = intervalMs;
    const gridMs = Math.max(1, Math.floor(Math.min(PING_GRID_MS, intervalMs * PING_SPREAD)));
    const firstAt = now + intervalMs * (1 - PING_SPREAD * nextSlot());
    this.#nextAt = Math.floor(firstAt / gridMs) * gridMs;
  }

  /** In whole ms. */
  get nextAt(): number {
    return this.#nextAt;
  }

  /** Pings that went out. */
  get pingCount(): number {
    return this.#pingCount;
  }

  /** Failed pings in a row: those that could not be sent, and those that found no answer. */
  get failures(): number {
    return this.#failures;
  }

  /**
   * One beat. When earlier bytes still wait and none of them has been taken since the last beat,
   * the reader has stopped. A slow reader that goes on reading is left alone, and asked nothing.
   *
   * @returns whether a ping is to be sent, could not be, is not needed, or the one before it was
   *   left unanswered
   */
  beat(now: number, progress: ReaderProgress): "ping" | "failed" | "busy" | "unanswered" {
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
    this.#pingCount++;
    const isUnanswered = progress.pingClient() === "unanswered";
    this.#failures = isUnanswered ? this.#failures + 1 : 0;
    return isUnanswered ? "unanswered" : "ping";
  }
}

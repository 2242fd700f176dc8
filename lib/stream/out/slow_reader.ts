import { TimerEntry, type TimerWheel } from "../../base/timer_wheel.ts";

/** What waits for a reader, and what it has taken. */
export interface ReaderQueue {
  readonly queuedBytes: number;
  readonly sentBytes: number;
}

/** How long a reader may take nothing while more waits than should (ms). */
const PATIENCE_MS = 5_000;

/**
 * Watches a reader for whom more waits than should. It had no chance to take what was written in one
 * go, so it is judged by what it does from then on: as long as it goes on taking, nothing is cut.
 */
export class SlowReader extends TimerEntry {
  readonly #queue: ReaderQueue;
  readonly #wheel: TimerWheel;
  readonly #maxBytes: number;
  readonly #onEnd: (hasCaughtUp: boolean) => void;
  #seenBytes: number;

  /**
   * @param maxBytes that should wait at most
   * @param onEnd called once, when no more waits than that, or when the reader has stopped
   */
  constructor(
    queue: ReaderQueue,
    wheel: TimerWheel,
    maxBytes: number,
    onEnd: (hasCaughtUp: boolean) => void,
  ) {
    super();
    this.#queue = queue;
    this.#wheel = wheel;
    this.#maxBytes = maxBytes;
    this.#onEnd = onEnd;
    this.#seenBytes = queue.sentBytes;
    wheel.schedule(this, PATIENCE_MS);
  }

  /** Stops watching. */
  stop(): void {
    this.#wheel.cancel(this);
  }

  /** Called by the timer wheel. */
  onDue(): void {
    const { queuedBytes, sentBytes } = this.#queue;
    if (queuedBytes <= this.#maxBytes) return this.#onEnd(true);
    if (sentBytes === this.#seenBytes) return this.#onEnd(false);
    this.#seenBytes = sentBytes;
    this.#wheel.schedule(this, PATIENCE_MS);
  }
}

import { TimerEntry, type TimerWheel } from "../../base/timer_wheel.ts";

/** The bytes that wait for a reader, and those that it has taken. */
export interface ReaderQueue {
  readonly queuedBytes: number;
  readonly sentBytes: number;
}

/** How long a reader may take nothing while more waits than should (ms). */
const PATIENCE_MS = 5_000;

/**
 * Watches a reader with more waiting bytes than the limit. The reader could not take bytes that
 * were written at once, so only its later progress counts: while it keeps reading, nothing is cut.
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

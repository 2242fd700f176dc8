import { TimerEntry, type TimerWheel } from "../../base/timer_wheel.ts";
import type { Outbox } from "./outbox.ts";

/** Time between two checks of the reader's progress (ms). */
const POLL_MS = 5_000;
/** How long the bytes of an ended stream may wait in all (ms), besides the time that many need. */
const MAX_WAIT_MS = 60_000;
/** Bytes per ms that a reader must take of many. */
const MIN_RATE = 64;

/** Counts the last bytes of streams. */
export interface FinalFlushHost {
  readonly wheel: TimerWheel;
  readonly finalFlushes: Set<FinalFlush>;
}

/**
 * The bytes that wait in an ended stream. A slow reader may take them while it keeps reading. A
 * reader that has taken nothing since the last check is cut off.
 */
export class FinalFlush extends TimerEntry {
  readonly #outbox: Outbox;
  readonly #owner: FinalFlushHost;
  readonly #cut: () => void;
  readonly #until: number;
  #seenBytes: number;

  /** @param cut drops what waits */
  constructor(outbox: Outbox, owner: FinalFlushHost, cut: () => void) {
    super();
    this.#outbox = outbox;
    this.#owner = owner;
    this.#cut = cut;
    this.#seenBytes = outbox.waitingBytes;
    this.#until = owner.wheel.now() + MAX_WAIT_MS + this.#seenBytes / MIN_RATE;
    owner.finalFlushes.add(this);
    owner.wheel.schedule(this, POLL_MS);
  }

  get queuedBytes(): number {
    return this.#outbox.waitingBytes;
  }

  /** Brings the total of all streams up to date. */
  syncCount(): void {
    this.#outbox.syncCount();
  }

  /** Cuts the reader off. */
  close(): void {
    this.#cut();
    this.discard();
  }

  /** The reader has all of it, or is gone. */
  discard(): void {
    this.#owner.wheel.cancel(this);
    this.#owner.finalFlushes.delete(this);
    this.#outbox.discard();
  }

  /** Called by the timer wheel. */
  onDue(now: number): void {
    this.syncCount();
    const { queuedBytes } = this;
    if (queuedBytes === 0) return this.discard();
    if (queuedBytes === this.#seenBytes || now >= this.#until) return this.close();
    this.#seenBytes = queuedBytes;
    this.#owner.wheel.schedule(this, Math.min(POLL_MS, this.#until - now));
  }
}

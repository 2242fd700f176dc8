import type { Linked, Timed, TimerWheel } from "../base/timer_wheel.ts";
import type { Outbox } from "./outbox.ts";

/** How often it is looked whether the reader goes on (ms). */
const LOOK_MS = 5_000;
/** How long the bytes of an ended stream may wait in all (ms). */
const MAX_WAIT_MS = 60_000;

/** Where the last bytes of streams are counted. */
export interface LastBytesOwner {
  readonly wheel: TimerWheel;
  readonly lastBytes: Set<LastBytes>;
}

/**
 * What waits in a stream that has ended. A slow reader may take it, as long as it goes on taking:
 * one that has taken nothing since the last look is cut off.
 */
export class LastBytes implements Timed {
  /** Belong to the timer wheel. */
  dueAt = 0;
  before: Linked | undefined;
  behind: Linked | undefined;

  readonly #outbox: Outbox;
  readonly #owner: LastBytesOwner;
  readonly #cut: () => void;
  readonly #until: number;
  #seenBytes: number;

  /** @param cut drops what waits */
  constructor(outbox: Outbox, owner: LastBytesOwner, cut: () => void) {
    this.#outbox = outbox;
    this.#owner = owner;
    this.#cut = cut;
    this.#until = owner.wheel.now() + MAX_WAIT_MS;
    this.#seenBytes = outbox.waitingBytes;
    owner.lastBytes.add(this);
    owner.wheel.schedule(this, LOOK_MS);
  }

  get queuedBytes(): number {
    return this.#outbox.waitingBytes;
  }

  /** Brings the total of all streams up to date. */
  recount(): void {
    this.#outbox.recount();
  }

  /** Cuts the reader off. */
  close(): void {
    this.#cut();
    this.forget();
  }

  /** The reader has all of it, or is gone. */
  forget(): void {
    this.#owner.wheel.cancel(this);
    this.#owner.lastBytes.delete(this);
    this.#outbox.forget();
  }

  /** Called by the timer wheel. */
  onDue(now: number): void {
    this.recount();
    const { queuedBytes } = this;
    if (queuedBytes === 0) return this.forget();
    if (queuedBytes === this.#seenBytes || now >= this.#until) return this.close();
    this.#seenBytes = queuedBytes;
    this.#owner.wheel.schedule(this, Math.min(LOOK_MS, this.#until - now));
  }
}

import { TimerEntry, type TimerWheel } from "../../base/timer_wheel.ts";
import type { Droppable } from "../../wire/droppable.ts";
import { Coalescer, type CoalescerHost } from "./coalescer.ts";

/** Receives reports about deferred messages, and provides the timer of all streams. */
export interface DeferredMessagesHost extends CoalescerHost {
  readonly wheel: TimerWheel;
}

/** Time between two checks of the reader (ms). */
const POLL_MS = 50;

/**
 * The deferred messages of one event stream, and the timer that sends them once the reader has
 * caught up.
 */
export class DeferredMessages extends TimerEntry {
  readonly #coalescer: Coalescer;
  readonly #wheel: TimerWheel;
  readonly #catchUp: () => boolean;

  /**
   * @param catchUp called periodically; sends the deferred messages and returns true once the
   *   reader has taken everything else
   */
  constructor(host: DeferredMessagesHost, catchUp: () => boolean) {
    super();
    this.#coalescer = new Coalescer(host);
    this.#wheel = host.wheel;
    this.#catchUp = catchUp;
    this.#wheel.schedule(this, POLL_MS);
  }

  /** Upper bound of the bytes that the messages take in the stream's queue. */
  get bytes(): number {
    return this.#coalescer.bytes;
  }

  /** See {@linkcode Coalescer.hold}. */
  hold(droppable: Droppable, text: string, maxBytes: number): boolean {
    return this.#coalescer.hold(droppable, text, maxBytes);
  }

  /** See {@linkcode Coalescer.drop}. */
  drop(key: string): void {
    this.#coalescer.drop(key);
  }

  /** See {@linkcode Coalescer.makeRoom}. */
  makeRoom(maxBytes: number): void {
    this.#coalescer.makeRoom(maxBytes);
  }

  /** See {@linkcode Coalescer.drain}; stops the timer. */
  drain(maxBytes: number): string[] {
    this.#wheel.cancel(this);
    return this.#coalescer.drain(maxBytes);
  }

  /** Called by the timer wheel. */
  onDue(): void {
    if (!this.#catchUp()) this.#wheel.schedule(this, POLL_MS);
  }
}

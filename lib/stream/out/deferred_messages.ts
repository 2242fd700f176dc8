import type { Linked, Timed, TimerWheel } from "../../base/timer_wheel.ts";
import { type BacklogOwner, Coalescer } from "./coalescer.ts";

/** Who is told what becomes of it, and when to look at the reader. */
export interface DeferredMessagesHost extends BacklogOwner {
  /** The one timer of all streams. */
  readonly wheel: TimerWheel;
}

/** How often the reader is looked at (ms). */
const POLL_MS = 50;

/** The backlog of one event stream, and the look whether its reader has caught up. */
export class DeferredMessages extends Coalescer implements Timed {
  /** Belong to the timer wheel. */
  dueAt = 0;
  before: Linked | undefined;
  behind: Linked | undefined;

  readonly #wheel: TimerWheel;
  readonly #catchUp: () => boolean;

  /** @param catchUp takes what is held, and tells so, once the reader has taken all the rest */
  constructor(owner: DeferredMessagesHost, catchUp: () => boolean) {
    super(owner);
    this.#wheel = owner.wheel;
    this.#catchUp = catchUp;
    this.#wheel.schedule(this, POLL_MS);
  }

  override take(maxBytes: number): string[] {
    this.#wheel.cancel(this);
    return super.take(maxBytes);
  }

  /** Called by the timer wheel. */
  onDue(): void {
    if (!this.#catchUp()) this.#wheel.schedule(this, POLL_MS);
  }
}

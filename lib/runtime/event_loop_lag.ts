import { type Clock, monotonic } from "../base/clock.ts";

/** How often the event loop is looked at (ms). */
const INTERVAL_MS = 250;

/**
 * Measures how late the event loop runs its timers. Node's `monitorEventLoopDelay` would do that,
 * but in Deno 2.9.6 it tells microseconds where the loop stood still for 100 ms.
 */
export class EventLoopLag {
  readonly #report: (delayMs: number) => void;
  readonly #clock: Clock;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param report told of each delay (ms), never less than 0 */
  constructor(report: (delayMs: number) => void, clock: Clock = monotonic) {
    this.#report = report;
    this.#clock = clock;
  }

  start(): void {
    const dueAt = this.#clock() + INTERVAL_MS;
    this.#timer = setTimeout(() => {
      this.#report(Math.max(0, this.#clock() - dueAt));
      this.start();
    }, INTERVAL_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

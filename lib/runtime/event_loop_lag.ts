import { type Clock, monotonic } from "../base/clock.ts";

/** Time between two measurements (ms). */
const INTERVAL_MS = 250;

/**
 * Measures how late the event loop runs its timers. In Deno 2.9.6 Node's `monitorEventLoopDelay`
 * reports microseconds where the loop was blocked for 100 ms.
 */
export class EventLoopLag {
  readonly #report: (delayMs: number) => void;
  readonly #clock: Clock;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param report called with each delay (ms), which is never negative */
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

/**
 * Time that stands still until a test moves it.
 *
 * @module
 */
import { mock } from "node:test";
import { setImmediate } from "node:timers";
import type { Clock } from "../../lib/base/clock.ts";

/** When a fake time begins (ms since the epoch). */
export const START = Date.UTC(2026, 0, 1);

/** Lets everything run that can run without time going on. */
export function settled(): Promise<void> {
  // `node:timers` stays real while time is fake.
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Replaces timers and the date until its block ends: `using time = new FakeTime()`.
 *
 * A timer wheel follows it when made with `clock: time.clock`.
 */
export class FakeTime implements Disposable {
  /** Time that has passed while the process was stopped, seen by all timers that fire late. */
  #reached = 0;

  /** For what takes a clock: ms since this fake time began. */
  readonly clock: Clock = () => Math.max(Date.now() - START, this.#reached);

  constructor() {
    mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: START });
  }

  /** ms since this fake time began. */
  get now(): number {
    return this.clock();
  }

  /**
   * Moves time on in small steps, so that later timers see the effects of earlier ones.
   *
   * @param ms how far
   * @param stepMs length of a step
   */
  async advance(ms: number, stepMs = 25): Promise<void> {
    await settled();
    for (let left = ms; left > 0; left -= stepMs) {
      mock.timers.tick(Math.min(stepMs, left));
      await settled();
    }
  }

  /** Moves time on as for a process that was stopped: all due timers fire late, at the end. */
  async leap(ms: number): Promise<void> {
    this.#reached = this.now + ms;
    mock.timers.tick(ms);
    await settled();
  }

  [Symbol.dispose](): void {
    mock.timers.reset();
  }
}

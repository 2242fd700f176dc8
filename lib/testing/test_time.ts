import { wordsFor } from "../base/members.ts";
import type { Timers, TimerWheelOptions } from "../base/timer_wheel.ts";

/** A timer that waits. */
interface Pending {
  readonly run: () => void;
  readonly at: number;
}

/**
 * The time of an app in a test. It stands still until the test moves it; pings, timeouts, idle
 * sessions and maximum ages follow it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createApp } from "../mod.ts";
 * import { TestTime } from "../testing.ts";
 *
 * const time = new TestTime();
 * const app = createApp({ wheel: time.wheel });
 * await time.advance(60_000);
 * assertEquals(time.now, 60_000);
 * app.stop();
 * ```
 */
export class TestTime {
  #now = 0;
  readonly #pending = new Map<number, Pending>();
  #count = 0;

  /** Time since it began (ms). */
  get now(): number {
    return this.#now;
  }

  /** For `createApp({ wheel: time.wheel })`. */
  get wheel(): TimerWheelOptions {
    return { clock: () => this.#now, timers: this.#timers };
  }

  /**
   * Moves the time forward; everything that falls due happens, in its order.
   *
   * @throws {RangeError} for a time that is negative or no number
   */
  async advance(ms: number): Promise<void> {
    if (typeof ms !== "number" || !(ms >= 0 && ms < Infinity)) {
      throw new RangeError(`Time cannot move by ${wordsFor(ms)}: give ms, at least 0`);
    }
    const until = this.#now + ms;
    await settled();
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      const [id, { run, at }] = next;
      this.#pending.delete(id);
      this.#now = Math.max(this.#now, at);
      run();
      await settled();
    }
    this.#now = until;
  }

  readonly #timers: Timers = {
    set: (run, ms) => {
      this.#pending.set(++this.#count, { run, at: this.#now + Math.max(0, ms) });
      return this.#count;
    },
    clear: (id) => void this.#pending.delete(id as number),
  };

  /** The first timer that is due by then. */
  #next(until: number): [number, Pending] | undefined {
    return [...this.#pending].filter(([, { at }]) => at <= until)
      .sort(([, a], [, b]) => a.at - b.at)[0];
  }
}

/** Lets everything run that can run without time going on. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

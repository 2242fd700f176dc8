/**
 * Clears, at the end of its block, the timers that the official clients leave behind: the `close()`
 * of their stdio transports gives the process two seconds to end and never clears the timer for
 * that; their HTTP transports remember the timer of one reconnection only, and may have two.
 */
export class ClientTimers implements Disposable {
  readonly #setTimeout = globalThis.setTimeout;
  readonly #timers: ReturnType<typeof setTimeout>[] = [];

  constructor() {
    const recorded = (...args: Parameters<typeof setTimeout>) => {
      const timer = this.#setTimeout(...args);
      this.#timers.push(timer);
      return timer;
    };
    globalThis.setTimeout = recorded as typeof setTimeout;
  }

  [Symbol.dispose](): void {
    globalThis.setTimeout = this.#setTimeout;
    for (const timer of this.#timers) clearTimeout(timer);
  }
}

/**
 * Clears, at the end of its block, the timers that the official stdio transports leave behind:
 * their `close()` gives the process two seconds to end and never clears the timer for that.
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

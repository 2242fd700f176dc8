/**
 * Runs functions in their order, one in each turn of the event loop. While a function waits for the
 * next turn, Deno looks for connections and bytes only once in many turns, so turns must be short.
 */
export class OneATurn {
  readonly #waiting: (() => void)[] = [];

  readonly take = (run: () => void): void => {
    this.#waiting.push(run);
    if (this.#waiting.length === 1) setImmediate(this.#runFirst);
  };

  readonly #runFirst = (): void => {
    try {
      this.#waiting[0]!();
    } finally {
      this.#waiting.shift();
      if (this.#waiting.length > 0) setImmediate(this.#runFirst);
    }
  };
}

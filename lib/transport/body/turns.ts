import { type Clock, monotonic } from "../../base/clock.ts";

/**
 * Queues work that blocks the event loop, such as parsing a large body. After each piece it pauses
 * for as long as the piece took, so that small requests do not wait long.
 */
export class Turns {
  readonly #clock: Clock;
  readonly #waiting: (() => void)[] = [];
  #freeAt = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(clock: Clock = monotonic) {
    this.#clock = clock;
  }

  /** Does the work in its turn; at once if the queue is empty. */
  take<T>(work: () => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const turn = () => {
      const startedAt = this.#clock();
      try {
        resolve(work());
      } catch (error) {
        reject(error);
      }
      const endedAt = this.#clock();
      this.#freeAt = endedAt + (endedAt - startedAt);
    };
    if (this.#waiting.length === 0 && this.#clock() >= this.#freeAt) turn();
    else {
      this.#waiting.push(turn);
      this.#schedule();
    }
    return promise;
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#waiting.length === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#waiting.shift()?.();
      this.#schedule();
    }, Math.max(0, this.#freeAt - this.#clock()));
  }
}

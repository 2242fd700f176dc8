/** Chunks of bodies that are read before other sockets have their turn. */
const CHUNKS = 8;
/** How long reading rests then (ms). */
const REST_MS = 2;

/**
 * Lets small requests come between the large bodies of a server. While sockets always have more to
 * read, Deno's event loop never rests, and then looks for news of other sockets only once in 61
 * turns. So the reading of all bodies rests after a few chunks.
 */
export class BodyPace {
  #left = CHUNKS;
  #rest: ReturnType<typeof setTimeout> | undefined;
  readonly #waiting: (() => void)[] = [];

  /** @param read reads a chunk; called now, or after a rest in the order of the calls */
  take(read: () => void): void {
    this.#waiting.push(read);
    this.#readOn();
  }

  /** Reads no more: no socket is left. */
  stop(): void {
    clearTimeout(this.#rest);
    this.#waiting.length = 0;
  }

  #readOn(): void {
    while (this.#left > 0 && this.#waiting.length > 0) {
      this.#left--;
      this.#waiting.shift()!();
    }
    if (this.#left === 0) this.#rest ??= setTimeout(this.#endRest, REST_MS);
  }

  readonly #endRest = (): void => {
    this.#rest = undefined;
    this.#left = CHUNKS;
    this.#readOn();
  };
}

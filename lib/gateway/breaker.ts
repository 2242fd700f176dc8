/** Ends within {@linkcode BROKEN_WITHIN_MS} after which a server is not started any more. */
const MAX_ENDS = 5;
const BROKEN_WITHIN_MS = 60_000;
/** How long after its last end a broken server is tried again (ms). */
const BROKEN_FOR_MS = 30_000;
/** Pauses before it is started again: doubled after each failure (ms). */
const MIN_RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;

/** Decides when a server that has ended may be started again. */
export class Breaker {
  readonly #now: () => number;
  /** When it ended unasked, newest last (ms). */
  #ends: number[] = [];
  /** Attempts since it was last connected. */
  #failures = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The server ended unasked, or could not be started. */
  ended(): void {
    this.#ends.push(this.#now());
  }

  connected(): void {
    this.#failures = 0;
  }

  /** Forgets all ends: somebody has seen to the server. */
  reset(): void {
    this.#ends = [];
    this.#failures = 0;
  }

  /** How long to wait before the next start (ms); longer after each failure. */
  nextDelay(): number {
    return Math.min(MIN_RETRY_MS * 2 ** this.#failures++, MAX_RETRY_MS);
  }

  /**
   * The reason not to start the server now, after the reason for its end; undefined if it may start.
   */
  get refusal(): string | undefined {
    const now = this.#now();
    this.#ends = this.#ends.filter((at) => now - at < BROKEN_WITHIN_MS);
    const last = this.#ends.at(-1) ?? -Infinity;
    if (this.#ends.length < MAX_ENDS || now - last > BROKEN_FOR_MS) return undefined;
    return `. It failed ${MAX_ENDS} times within a minute, and is tried again in ` +
      `${Math.ceil((last + BROKEN_FOR_MS - now) / 1000)} s`;
  }
}

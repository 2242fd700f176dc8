/** Messages of a server that answer no request, each second, and at once. */
const PER_SECOND = 2_000;
const BURST = 10_000;
/** Characters for which a message counts as one more. */
const CHARACTERS = 4_096;
/** Shortest and longest rest (ms). */
const MIN_REST_MS = 50;
const MAX_REST_MS = 1_000;

/**
 * The messages that a server may send without being asked, such as notifications. A server that
 * sends more is read more slowly, so that the others and all clients have their turn; nothing is
 * lost.
 */
export class Allowance {
  #left = BURST;
  #at: number;

  /** @param now in ms */
  constructor(now: number) {
    this.#at = now;
  }

  /**
   * Counts messages.
   *
   * @param characters their length
   * @param now in ms
   * @returns how long the server is not to be read (ms)
   */
  spend(characters: number, now: number, messages = 1): number {
    const filled = this.#left + (now - this.#at) / 1_000 * PER_SECOND;
    this.#at = now;
    this.#left = Math.min(BURST, filled) - costOf(characters, messages);
    const restMs = -this.#left / PER_SECOND * 1_000;
    return restMs < MIN_REST_MS ? 0 : Math.min(MAX_REST_MS, restMs);
  }

  /** Gives back the cost of a message that was asked for. */
  giveBack(characters: number): void {
    this.#left = Math.min(BURST, this.#left + costOf(characters, 1));
  }
}

function costOf(characters: number, messages: number): number {
  return messages + Math.floor(characters / CHARACTERS);
}

/**
 * The delay before a lost connection is opened again.
 *
 * @module
 */
import { explain } from "./close_reasons.js";

const FIRST_MS = 1_000;
const MAX_MS = 30_000;
/** A connection that lived longer than this resets the delay (ms). */
const STEADY_MS = 10_000;

export class Backoff {
  #attempt = 0;

  reset() {
    this.#attempt = 0;
  }

  /**
   * Grows from try to try, and is spread so that many pages do not come back at once.
   *
   * @param {import("./dialects/channel.js").StreamEnd} end
   * @param {number} livedMs how long the connection lived
   * @param {boolean} [isRenewable] whether a credential that has expired is renewed on the way
   * @returns {number | undefined} ms; undefined where trying again makes no sense
   */
  next({ reason, retryAfterMs }, livedMs, isRenewable = false) {
    if (retryAfterMs !== undefined) return retryAfterMs;
    const isWorthTrying = explain(reason).reconnect || (reason === "auth_expired" && isRenewable);
    if (!isWorthTrying) return undefined;
    this.#attempt = livedMs > STEADY_MS ? 1 : this.#attempt + 1;
    const limit = Math.min(MAX_MS, FIRST_MS * 2 ** (this.#attempt - 1));
    return limit * (0.5 + Math.random() / 2);
  }
}

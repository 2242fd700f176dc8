import type { CloseReason } from "./close_reason.ts";

/** How long a stream may live. */
export interface DeadlineLimits {
  /** Maximum age (ms). */
  readonly maxConnectionMs: number;
  /** How much longer running calls may take at that age (ms). */
  readonly requestTimeoutMs: number;
}

/** How soon a stream that is over its time, but busy, is looked at again (ms). */
const RETRY_MS = 250;

/**
 * When a stream ends by plan: at its maximum age, or before its client's credential expires,
 * whichever comes first. Both are spread over the last fifth, so that streams that were opened
 * together do not come back together; an expiry is never passed, whatever runs.
 */
export class Deadline {
  readonly #maxAgeAt: number;
  /** When the credential expires; undefined where it does not. */
  #expiresAt: number | undefined;
  /** When the stream should end, of both. */
  #endsAt: number;

  /**
   * @param now when the stream was opened, in whole ms
   * @param expiry of the client's credential (ms since the Unix epoch); undefined where it has none
   */
  constructor(now: number, { maxConnectionMs }: DeadlineLimits, expiry: number | undefined) {
    this.#maxAgeAt = now + spread(maxConnectionMs);
    this.#endsAt = this.#maxAgeAt;
    if (expiry !== undefined) this.#setExpiry(now, expiry - Date.now());
  }

  /**
   * Takes note of a newer credential; one that expires sooner than the one before changes nothing.
   *
   * @param expiry ms since the Unix epoch; undefined where it does not expire
   * @returns whether the deadline has moved
   */
  renew(now: number, expiry: number | undefined): boolean {
    if (this.#expiresAt === undefined) return false;
    if (expiry === undefined) {
      this.#expiresAt = undefined;
      this.#endsAt = this.#maxAgeAt;
      return true;
    }
    const expiresInMs = expiry - Date.now();
    if (now + Math.floor(expiresInMs) <= this.#expiresAt) return false;
    this.#setExpiry(now, expiresInMs);
    return true;
  }

  /**
   * Why the stream ends now; undefined where it goes on.
   *
   * @param driver says whether this is a bad moment
   */
  reasonAt(
    now: number,
    driver: { isBusy(): boolean },
    limits: DeadlineLimits,
  ): CloseReason | undefined {
    if (now < this.#endsAt) return undefined;
    if (this.#expiresAt !== undefined && now >= this.#expiresAt) return "auth_expired";
    const isExpiry = this.#endsAt < this.#maxAgeAt;
    if (!driver.isBusy()) return isExpiry ? "auth_expired" : "max_age";
    return now >= this.#maxAgeAt + limits.requestTimeoutMs ? "max_age" : undefined;
  }

  /** When to look next. */
  nextAt(now: number): number {
    if (now < this.#endsAt) return this.#endsAt;
    return Math.min(now + RETRY_MS, this.#expiresAt ?? Infinity);
  }

  #setExpiry(now: number, expiresInMs: number): void {
    const leftMs = Math.max(0, Math.floor(expiresInMs));
    this.#expiresAt = now + leftMs;
    this.#endsAt = Math.min(this.#maxAgeAt, now + spread(leftMs));
  }
}

/** Between 80 and 100 % of a time, in whole ms. */
function spread(ms: number): number {
  return Math.floor(ms * (0.8 + 0.2 * Math.random()));
}

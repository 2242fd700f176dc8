import type { Settings } from "../base/settings.ts";
import type { Credential } from "./credentials.ts";

/**
 * How long a stream may live, and how much longer running calls may take at its end; see the
 * settings.
 */
export type DeadlineLimits = Pick<Settings, "MCP_MAX_CONNECTION_MS" | "MCP_REQUEST_TIMEOUT_MS">;

/** The work of a stream. */
export interface StreamWork {
  /** Requests without a response yet. */
  readonly unanswered: number;
  /** Whether a planned end would come at a bad moment. */
  isBusy(): boolean;
}

/**
 * The time at which a stream must end: at its maximum age, spread so that clients do not reconnect
 * together, or at the expiry of its client's credential. A running call may still finish within its
 * own time limit.
 */
export class Deadline {
  readonly #maxAgeAt: number;
  readonly #graceMs: number;
  readonly #credential: Credential | undefined;

  /** @param openedAt on the wheel's clock (ms) */
  constructor(openedAt: number, limits: DeadlineLimits, credential: Credential | undefined) {
    this.#maxAgeAt = openedAt +
      Math.floor(limits.MCP_MAX_CONNECTION_MS * (0.8 + 0.2 * Math.random()));
    this.#graceMs = limits.MCP_REQUEST_TIMEOUT_MS;
    this.#credential = credential;
  }

  /**
   * Why a stream has to end now, if it has to.
   *
   * @param now on the wheel's clock (ms)
   * @param work what runs for it: a planned end waits for a better moment, the end of the credential
   * for running calls alone
   */
  reason(now: number, work: StreamWork): "auth_expired" | "max_age" | undefined {
    const expiredMs = -this.#credentialLeftMs();
    if (expiredMs >= 0 && (work.unanswered === 0 || expiredMs >= this.#graceMs)) {
      return "auth_expired";
    }
    const overAgeMs = now - this.#maxAgeAt;
    if (overAgeMs < 0) return undefined;
    return !work.isBusy() || overAgeMs >= this.#graceMs ? "max_age" : undefined;
  }

  /**
   * When to ask for the reason again, on the wheel's clock (ms).
   *
   * @param retryMs from now, where the time is over
   */
  nextAt(now: number, retryMs: number): number {
    const leftMs = Math.min(this.#maxAgeAt - now, this.#credentialLeftMs());
    return now + (leftMs > 0 ? leftMs : retryMs);
  }

  /** Asked anew each time: the client may have shown a newer credential. */
  #credentialLeftMs(): number {
    return this.#credential === undefined ? Infinity : this.#credential.expiresAt - Date.now();
  }
}

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
 * The time of a stream: at its end the stream must end, though a running call may still finish within
 * its own time limit. Perf: the timer of a stream keeps its members itself, to save an object.
 */
export interface StreamTime {
  /** End of its maximum age, on the wheel's clock (ms). */
  readonly maxAgeAt: number;
  /** The client's credential, at the expiry of which it must end; undefined if the client has none. */
  readonly credential: Credential | undefined;
}

/**
 * The end of a stream's maximum age, spread so that clients do not reconnect together.
 *
 * @param openedAt on the wheel's clock (ms)
 * @returns on the same clock
 */
export function maxAgeEnd(openedAt: number, { MCP_MAX_CONNECTION_MS }: DeadlineLimits): number {
  return openedAt + Math.floor(MCP_MAX_CONNECTION_MS * (0.8 + 0.2 * Math.random()));
}

/**
 * Why a stream has to end now, if it has to.
 *
 * @param now on the wheel's clock (ms)
 * @param work what runs for it: a planned end waits for a better moment, the end of the credential
 *   for running calls alone
 */
export function endReason(
  { maxAgeAt, credential }: StreamTime,
  now: number,
  work: StreamWork,
  { MCP_REQUEST_TIMEOUT_MS: graceMs }: DeadlineLimits,
): "auth_expired" | "max_age" | undefined {
  const expiredMs = -leftMs(credential);
  if (expiredMs >= 0 && (work.unanswered === 0 || expiredMs >= graceMs)) return "auth_expired";
  const overAgeMs = now - maxAgeAt;
  if (overAgeMs < 0) return undefined;
  return !work.isBusy() || overAgeMs >= graceMs ? "max_age" : undefined;
}

/**
 * When to ask for the reason again, on the wheel's clock (ms).
 *
 * @param retryMs from now, where the time is over
 */
export function nextLook(
  { maxAgeAt, credential }: StreamTime,
  now: number,
  retryMs: number,
): number {
  const left = Math.min(maxAgeAt - now, leftMs(credential));
  return now + (left > 0 ? left : retryMs);
}

/** Asked anew each time: the client may have shown a newer credential. */
function leftMs(credential: Credential | undefined): number {
  return credential === undefined ? Infinity : credential.expiresAt - Date.now();
}

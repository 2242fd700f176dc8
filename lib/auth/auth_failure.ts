/**
 * Why a caller is not let in.
 *
 * @module
 */

/** The reasons, as ledger and metrics count them. */
export const AUTH_FAILURES = [
  "missing",
  "malformed",
  "too_large",
  "unknown",
  "expired",
  "not_yet_valid",
  "no_expiry",
  "issuer",
  "audience",
  "subject",
  "algorithm",
  "type",
  "key",
  "signature",
  "bound",
  "unsupported",
  "inactive",
  "scope",
  "unavailable",
  "too_many",
] as const;
/** Why a credential was refused, in one word. */
export type AuthFailureReason = (typeof AUTH_FAILURES)[number];

/** Details of an {@linkcode AuthFailure}. */
export interface AuthFailureDetails {
  /** The expected value; clients may see it. */
  readonly expected?: unknown;
  /** The received value, for the operator only; never a token. */
  readonly given?: unknown;
  /** Whether a further way may still recognize the credential. */
  readonly isForeign?: boolean;
  /** How long the same credential may be refused without another look (ms). */
  readonly keepMs?: number;
  /** When to try again (ms), where time may help. */
  readonly retryMs?: number;
  readonly cause?: unknown;
}

/** How long a credential that was refused is refused again without another look (ms). */
const REFUSAL_KEPT_MS = 5_000;

/** A credential that was refused, or could not be checked. The message is meant for the client. */
export class AuthFailure extends Error {
  override readonly name = "AuthFailure";
  readonly reason: AuthFailureReason;
  readonly expected: unknown;
  readonly given: unknown;
  readonly isForeign: boolean;
  readonly keepMs: number;
  readonly retryMs: number | undefined;

  constructor(reason: AuthFailureReason, message: string, details: AuthFailureDetails = {}) {
    super(message, "cause" in details ? { cause: details.cause } : undefined);
    this.reason = reason;
    this.expected = details.expected;
    this.given = details.given;
    this.isForeign = details.isForeign ?? false;
    this.keepMs = details.keepMs ?? (reason === "unavailable" ? 0 : REFUSAL_KEPT_MS);
    this.retryMs = details.retryMs;
  }
}

/** The identity provider did not answer correctly; the credential may be valid. */
export function unavailable(message: string, cause?: unknown, retryMs = 5_000): AuthFailure {
  return new AuthFailure("unavailable", message, { cause, retryMs });
}

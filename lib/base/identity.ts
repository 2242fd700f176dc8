/**
 * The identity of a caller with a checked credential. All floors may read it; only the step
 * `authenticate` at the edge makes one.
 *
 * @module
 */

/** An authenticated caller. */
export interface Identity {
  /** One text for issuer and subject. It binds sessions and streams, and limits count by it. */
  readonly principal: string;
  /** The client that the credential was issued to. */
  readonly clientId?: string | undefined;
  /** The scopes that the credential grants. */
  readonly scopes?: readonly string[] | undefined;
  /** The contents of the credential, if it has any. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
  /**
   * Until when the credential is accepted, with the leeway for clocks (ms since the Unix epoch);
   * undefined where it has no end.
   */
  readonly expiresAt?: number | undefined;
  /**
   * Asks whether the credential is still good, where it may be withdrawn before its end. Never
   * rejects; true also where that cannot be told now.
   */
  readonly recheck?: (() => Promise<boolean>) | undefined;
}

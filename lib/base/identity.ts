/**
 * Who a caller is, once a credential has been checked. All floors may read it; only the step
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
  /** What the credential allows. */
  readonly scopes?: readonly string[] | undefined;
  /** All that the credential says, where it says something. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
  /** When the credential expires (ms since the Unix epoch); undefined where it does not. */
  readonly expiresAt?: number | undefined;
}

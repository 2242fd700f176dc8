/**
 * Who a caller is, once a credential has been checked.
 *
 * @module
 */

/** A caller whose credential was checked. */
export interface Identity {
  /**
   * One text for the issuer and the subject, which binds sessions, streams and limits. It stays the
   * same when a token is refreshed.
   */
  readonly principal: string;
  /** Who vouches for the subject: the issuer of a token, or `urn:lifeline:key` for static keys. */
  readonly issuer: string;
  readonly subject: string;
  /** The client the token was issued to; not part of the principal, as registration may change it. */
  readonly clientId: string | undefined;
  readonly scopes: readonly string[];
  /** All that is known of the token; empty for static keys. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** When the credential expires (ms since the Unix epoch); undefined where it does not. */
  readonly expiresAt: number | undefined;
  /** Name of the way that recognized the credential. */
  readonly way: WayName;
}

/** The ways to know a caller. */
export type WayName = "key" | "jwt" | "introspection" | "verify";

/**
 * One unambiguous text for an issuer and a subject. Neither an e-mail address nor a client id is
 * part of it: both change hands.
 *
 * @param issuer `iss`
 * @param subject `sub`
 */
export function principalOf(issuer: string, subject: string): string {
  return JSON.stringify([issuer, subject]);
}

/**
 * The identity of a caller with a checked credential.
 *
 * @module
 */
import type { Identity } from "../base/identity.ts";

/** The ways to know a caller. */
export type WayName = "key" | "jwt" | "introspection" | "verify";

/** A caller, and how it is known. */
export interface KnownCaller extends Identity {
  /** The issuer of the subject: that of the token, or `urn:lifeline:key` for static keys. */
  readonly issuer: string;
  readonly subject: string;
  readonly scopes: readonly string[];
  readonly claims: Readonly<Record<string, unknown>>;
  readonly way: WayName;
}

/**
 * One unambiguous text for an issuer and a subject. Neither an e-mail address nor a client id is
 * part of it: both change hands. It stays the same when a token is refreshed.
 *
 * @param issuer `iss`
 * @param subject `sub`
 */
export function principalOf(issuer: string, subject: string): string {
  return JSON.stringify([issuer, subject]);
}

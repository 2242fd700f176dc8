/**
 * Scopes of tokens, and how to find missing ones.
 *
 * @module
 */
import { AuthFailure } from "./auth_failure.ts";

/** `scope-token` of RFC 6749, section 3.3. */
const SCOPE_REGEXP = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** Whether a text can be a scope: printable ASCII without blanks, quotes and backslashes. */
export function isScope(text: string): boolean {
  return SCOPE_REGEXP.test(text);
}

/**
 * The scopes of a token: `scope` (a text, RFC 9068) or `scp` (a text or a list, as Entra and Okta
 * send it), and the roles at a path of claims where the settings name one.
 *
 * @param rolesClaim such as `roles` or `realm_access.roles`
 */
export function scopesOf(
  claims: Readonly<Record<string, unknown>>,
  rolesClaim?: string,
): readonly string[] {
  const roles = rolesClaim === undefined ? undefined : claimAt(claims, rolesClaim);
  return [...new Set([claims.scope, claims.scp, roles].flatMap(scopeList))];
}

function scopeList(value: unknown): string[] {
  const list: unknown[] = typeof value === "string" ? value.split(" ") : [value].flat();
  return list.filter((entry): entry is string => typeof entry === "string" && isScope(entry));
}

/** A claim by its own name, which may hold dots (`https://example.com/roles`), else by its path. */
function claimAt(claims: Readonly<Record<string, unknown>>, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: unknown = claims;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) {
      return undefined;
    }
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/**
 * The scopes of a caller who may use everything: the one who starts the server and speaks to it
 * over a pipe. A token cannot have them, because they are compared by identity.
 */
export const ALL_SCOPES: readonly string[] = Object.freeze(["*"]);

/**
 * Whether all needed scopes were granted.
 *
 * @param granted undefined for a caller without any
 */
export function hasScopes(
  needed: readonly string[],
  granted: readonly string[] | undefined,
): boolean {
  if (granted === ALL_SCOPES || needed.length === 0) return true;
  return granted !== undefined && needed.every((scope) => granted.includes(scope));
}

/** Those of the needed scopes that were not granted. */
export function missingScopes(
  needed: readonly string[],
  granted: readonly string[],
): readonly string[] {
  return needed.filter((scope) => !granted.includes(scope));
}

/** Says in words, too, which scopes are missing: not every client understands the challenge. */
export function scopeFailure(
  needed: readonly string[],
  granted: readonly string[],
): AuthFailure {
  const missing = missingScopes(needed, granted);
  const message = `This needs the ${missing.length === 1 ? "scope" : "scopes"} ${
    missing.join(" ")
  }, which the token does not have`;
  return new AuthFailure("scope", message, { expected: needed, given: granted });
}

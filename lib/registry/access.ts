/**
 * Scopes that a caller needs to use a feature, and scopes that it needs to see the feature in
 * lists.
 *
 * @module
 */
import { hasScopes, isScope } from "../auth/scopes.ts";
import { RegistrationError } from "../base/errors.ts";

/** Part of the definition of a tool, a resource, a template or a prompt. */
export interface AccessDefinition {
  /** Scopes that a caller needs to use it; a call without them is refused with a 403. */
  readonly scopes?: readonly string[] | undefined;
  /**
   * Callers that see it in lists: those with its scopes (`granted`, the default), or `everybody`,
   * so that clients can ask their user for the scopes.
   */
  readonly listedFor?: "granted" | "everybody" | undefined;
}

/** Something that may need scopes. */
export interface Guarded {
  readonly scopes?: readonly string[];
  /** Whether those who lack its scopes find it in lists all the same. */
  readonly isListedForAll?: boolean;
}

/**
 * Access rules of a definition.
 *
 * @throws {RegistrationError} for a scope that no token can carry
 */
export function accessOf({ scopes, listedFor }: AccessDefinition, owner: string): Guarded {
  if (scopes === undefined || scopes.length === 0) return {};
  const wrong = scopes.find((scope) => typeof scope !== "string" || !isScope(scope));
  if (wrong !== undefined) {
    throw new RegistrationError(
      `Cannot serve ${owner}: ${JSON.stringify(wrong)} is not a scope: a text without blanks, ` +
        "quotes and backslashes",
    );
  }
  return { scopes, ...(listedFor === "everybody" && { isListedForAll: true }) };
}

/**
 * Whether a caller sees a feature in lists.
 *
 * @param granted the caller's scopes; undefined for a caller without any
 */
export function isListedFor(
  { scopes, isListedForAll = false }: Guarded,
  granted: readonly string[] | undefined,
): boolean {
  return scopes === undefined || isListedForAll || hasScopes(scopes, granted);
}

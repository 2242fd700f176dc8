/**
 * What a caller needs to use a thing that is offered, and who finds it in lists.
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
   * Who finds it in lists: those who have its scopes (`granted`, the default), or `everybody`, so
   * that clients can ask their user for the scopes it needs.
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
 * What a definition says of access.
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
 * Whether a caller finds a thing in lists.
 *
 * @param granted the caller's scopes; undefined for a caller who has none
 */
export function isListedFor(
  { scopes, isListedForAll = false }: Guarded,
  granted: readonly string[] | undefined,
): boolean {
  return scopes === undefined || isListedForAll || hasScopes(scopes, granted);
}

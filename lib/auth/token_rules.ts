/**
 * Rules for the tokens of every provider.
 *
 * @module
 */

/** Rules that JWTs and introspected tokens share. */
export interface TokenRules {
  /** A token must be for one of these. */
  readonly audiences: readonly string[];
  /** By how much clocks may differ (ms). */
  readonly leewayMs: number;
  /** Path of a claim with values that count as scopes, if there is one. */
  readonly rolesClaim: string | undefined;
}

/**
 * Whether a token is for one of the audiences. A last slash makes no difference: clients and
 * providers add it to URLs and take it away.
 *
 * @param aud the claim: a text or a list
 */
export function isAudience(aud: unknown, audiences: readonly string[]): boolean {
  const given: unknown[] = [aud].flat();
  return given.some((each) =>
    typeof each === "string" && audiences.some((own) => withoutSlash(own) === withoutSlash(each))
  );
}

/** The text without one last slash. */
export function withoutSlash(text: string): string {
  return text.endsWith("/") ? text.slice(0, -1) : text;
}

/**
 * The `WWW-Authenticate` header of a refusal (RFC 6750, section 3; RFC 9728, section 5.1).
 *
 * @module
 */

/** Contents of a challenge. */
export interface Challenge {
  /** `invalid_token` or `insufficient_scope`, only where a token was sent. */
  readonly error?: "invalid_request" | "invalid_token" | "insufficient_scope";
  readonly description?: string;
  /** The scopes that a token needs. */
  readonly scopes?: readonly string[];
  /** URL of the resource's document, where there is one. */
  readonly metadataUrl?: string | undefined;
}

/** The value of `WWW-Authenticate`. */
export function challengeHeader({ error, description, scopes, metadataUrl }: Challenge): string {
  const scope = scopes === undefined || scopes.length === 0 ? undefined : scopes.join(" ");
  const params = { error, error_description: description, scope, resource_metadata: metadataUrl };
  const parts = Object.entries(params)
    .flatMap(([name, value]) => value === undefined ? [] : [`${name}="${quotable(value)}"`]);
  return parts.length === 0 ? 'Bearer realm="lifeline"' : `Bearer ${parts.join(", ")}`;
}

/** RFC 6750 allows printable ASCII without quotes and backslashes. */
function quotable(text: string): string {
  return text.replace(/["\\]/g, "'").replace(/[^\x20-\x7e]/g, "?");
}

/**
 * Where a request says who sends it: the `Authorization` header (RFC 6750, section 2.1) or a header
 * for keys. Never the query, which ends up in logs.
 *
 * @module
 */
import { AuthFailure } from "./auth_failure.ts";

/** A token or key as a request brought it. */
export interface Credential {
  readonly token: string;
  /** Whether it came in the header for keys, which takes nothing but keys. */
  readonly isKey: boolean;
}

/** Where credentials may stand besides `Authorization`. */
export interface CredentialPlaces {
  /** Name of the header for keys, where there is one. */
  readonly keyHeader: string | undefined;
  /** Of the URL, from the `?` on. */
  readonly query: string;
}

/** Longest token that is looked at, in bytes; all of its characters are ASCII. */
export const MAX_TOKEN_BYTES = 16_384;

/** `token68` of RFC 9110, section 11.2. Two headers of one name arrive joined by a comma. */
const TOKEN_REGEXP = /^[\w\-.~+/]+=*$/;
const BEARER_REGEXP = /^bearer +/i;

/**
 * Reads the credential of a request.
 *
 * @param authorization the header of that name
 * @param headers of the request
 * @param where else a credential may be looked for, or must not be
 * @returns undefined where the request has none
 * @throws {AuthFailure} `malformed` or `too_large`
 */
export function readCredential(
  authorization: string | null,
  headers: Headers,
  { keyHeader, query }: CredentialPlaces,
): Credential | undefined {
  const bearer = bearerOf(authorization);
  const key = keyHeader === undefined ? null : headers.get(keyHeader);
  if (bearer !== undefined && key !== null) {
    throw malformed(`Send the token in Authorization or in ${keyHeader}, not in both`);
  }
  if (query !== "" && new URLSearchParams(query).has("access_token")) {
    // RFC 6750 section 2.3 allows it, MCP forbids it (Token Requirements).
    const message = "Send the token in the header Authorization: Bearer, never in the URL";
    throw bearer === undefined ? new AuthFailure("missing", message) : malformed(message);
  }
  if (bearer !== undefined) return { token: checkToken(bearer), isKey: false };
  return key === null ? undefined : { token: checkToken(key.trim()), isKey: true };
}

/** What follows the scheme; undefined where the scheme is another one. */
function bearerOf(header: string | null): string | undefined {
  if (header === null || !BEARER_REGEXP.test(header)) return undefined;
  return header.replace(BEARER_REGEXP, "");
}

function checkToken(token: string): string {
  if (token.length > MAX_TOKEN_BYTES) {
    throw new AuthFailure("too_large", `The token is longer than ${MAX_TOKEN_BYTES} bytes`);
  }
  if (TOKEN_REGEXP.test(token)) return token;
  throw malformed(
    "Send one token, in one header, of letters, digits and -._~+/ alone (token68 of RFC 9110)",
  );
}

function malformed(message: string): AuthFailure {
  return new AuthFailure("malformed", message);
}

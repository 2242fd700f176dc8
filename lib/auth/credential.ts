/**
 * Reads the credential of a request: from the `Authorization` header (RFC 6750, section 2.1) or a
 * header for keys. Never from the query, which ends up in logs.
 *
 * @module
 */
import { AuthFailure } from "./auth_failure.ts";

/** The token or key of a request. */
export interface Credential {
  readonly token: string;
  /** Whether it came in the header for keys, which takes nothing but keys. */
  readonly isKey: boolean;
}

/** Other places of credentials besides `Authorization`. */
export interface CredentialPlaces {
  /** Name of the header for keys, where there is one. */
  readonly keyHeader: string | undefined;
  /** The URL's query, with its `?`. */
  readonly query: string;
}

/** Maximum length of a token in bytes; all its characters are ASCII. */
const MAX_TOKEN_BYTES = 16_384;

/** `token68` of RFC 9110, section 11.2. Two headers of one name arrive joined by a comma. */
const TOKEN_REGEXP = /^[\w\-.~+/]+=*$/;
const BEARER_REGEXP = /^bearer +/i;

/**
 * Reads the credential of a request.
 *
 * @param authorization the `Authorization` header
 * @param headers of the request
 * @param where other places of credentials, allowed or forbidden
 * @returns undefined if the request has none
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

/** The token after the scheme `Bearer`; undefined for another scheme. */
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

/**
 * Proof Key for Code Exchange (RFC 7636), and texts that nobody can guess.
 *
 * @module
 */
import { SignInError } from "./ask.js";

const RANDOM_BYTES = 32;

/** @returns {string} 256 random bits in base64url */
export function randomText() {
  return encodeBase64Url(crypto.getRandomValues(new Uint8Array(RANDOM_BYTES)));
}

/**
 * The challenge for a verifier, by the method S256.
 *
 * @param {string} verifier
 * @throws {SignInError} where the browser has no digests, as on a page over plain http
 */
export async function challengeOf(verifier) {
  if (crypto.subtle === undefined) {
    throw new SignInError(
      "Browsers sign in over https only, or on this machine by 127.0.0.1 or localhost. Paste a " +
        "token instead",
    );
  }
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  return encodeBase64Url(new Uint8Array(digest));
}

/** @param {Uint8Array} bytes */
function encodeBase64Url(bytes) {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

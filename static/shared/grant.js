/**
 * The grant of the issuer to the user who signed in on the test page, for this tab alone.
 *
 * @module
 */
import { tryParse } from "./json.js";
import { readStored, store } from "./storage.js";

/**
 * @typedef {object} Tokens
 * @property {string} accessToken
 * @property {string | undefined} refreshToken
 * @property {number | undefined} expiresAt ms since the Unix epoch
 *
 * @typedef {object} GrantSource
 * @property {string} issuer
 * @property {string} tokenEndpoint
 * @property {string | undefined} revocationEndpoint
 * @property {string} clientId
 * @property {string} resource
 *
 * @typedef {GrantSource & Tokens} Grant
 */

const KEY = "lifeline.grant";

/** @returns {Grant | undefined} undefined where nobody is signed in */
export function readGrant() {
  return tryParse(readStored("sessionStorage", KEY) ?? "");
}

/** @param {Grant | undefined} grant undefined for none */
export function storeGrant(grant) {
  store("sessionStorage", KEY, grant === undefined ? "" : JSON.stringify(grant));
}

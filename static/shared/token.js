/**
 * The token of the pages' user, for this tab alone.
 *
 * @module
 */
import { readStored, store } from "./storage.js";

const KEY = "lifeline.bearer-token";

/** @returns {string | undefined} undefined where none was entered */
export function readToken() {
  return readStored("sessionStorage", KEY) || undefined;
}

/** @param {string} token empty for none */
export function storeToken(token) {
  store("sessionStorage", KEY, token);
}

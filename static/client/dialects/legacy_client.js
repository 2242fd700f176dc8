/**
 * The client information of the dialects that begin with `initialize`.
 *
 * @module
 */
import { BOTH_TYPES, JSON_TYPE, withoutProgress } from "./channel.js";

export const CLIENT_INFO = { name: "lifeline-test-page", version: "1.0.0" };
/** The page answers questions with a form, and opens no addresses. */
export const CAPABILITIES = { elicitation: { form: {} } };
export const INITIALIZED = { jsonrpc: "2.0", method: "notifications/initialized" };

/** @param {string} protocolVersion */
export function initializeParams(protocolVersion) {
  return { protocolVersion, capabilities: CAPABILITIES, clientInfo: CLIENT_INFO };
}

/** @param {string} protocolVersion */
export function initialize(protocolVersion) {
  return {
    jsonrpc: "2.0",
    id: "init",
    method: "initialize",
    params: initializeParams(protocolVersion),
  };
}

/**
 * A call without a session, which servers answer at once.
 *
 * @param {import("./channel.js").Channel} channel
 * @param {any} message
 */
export function sessionlessRequest(channel, message) {
  return channel.withToken({
    method: "POST",
    url: channel.url,
    headers: { "Content-Type": JSON_TYPE, Accept: JSON_TYPE },
    body: JSON.stringify(withoutProgress(message)),
  });
}

/** @param {unknown} message @param {Record<string, string>} [headers] */
export function post(message, headers = {}) {
  return {
    method: "POST",
    headers: { "Content-Type": JSON_TYPE, Accept: BOTH_TYPES, ...headers },
    body: JSON.stringify(message),
  };
}

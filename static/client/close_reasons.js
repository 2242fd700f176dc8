/**
 * Why a stream ended: what each reason means to the operator, in plain words, and whether trying
 * again makes sense.
 *
 * @module
 */

/**
 * `done`: as it should be; `left`: the client went; `due`: the server's time or limit was up;
 * `lost`: something is wrong.
 *
 * @typedef {"done" | "left" | "due" | "lost"} EndKind
 *
 * @typedef {object} CloseReason
 * @property {EndKind} kind
 * @property {import("../shared/badge.js").Tone} tone
 * @property {string} text
 * @property {boolean} reconnect whether trying again without being asked makes sense
 */

/**
 * The reasons that a close event can give, and the page's own for an end without one.
 *
 * @type {Readonly<Record<string, CloseReason>>}
 */
export const CLOSE_REASONS = {
  client_closed: left("This page went away, or the network between here and the server broke."),
  write_failed: lost("The server could no longer write to this connection."),
  ping_failed: lost(
    "Several pings in a row were not delivered, because this page had stopped reading.",
  ),
  queue_full: lost("Too many bytes waited for this page; it read too slowly."),
  peer_lost: lost("The network between here and the server fell silent."),
  max_age: due("The connection reached its maximum age. Nothing is wrong; connect again."),
  completed: done("Every request has been answered."),
  disconnected: done("The client asked to close it."),
  superseded: done("A newer stream took the place of this one."),
  auth_expired: { ...due("The credential has expired. Renew it."), reconnect: false },
  limit: due("A limit of the server was reached."),
  drain: due("The server is stopping or restarting. Connect again in a moment."),
  error: lost("Something failed inside the server. Its log says what."),
  "network lost": lost(
    "The stream broke off without a close event: the network, a proxy or the server is gone.",
  ),
  "event too long": {
    ...lost("The server sent an event that is longer than this page can hold."),
    reconnect: false,
  },
  "ended by server": due("The server ended the stream as planned. Connect again."),
  "no answer": lost("The server could not be reached."),
  refused: { ...lost("The server refused the connection."), reconnect: false },
  stopped: done("This page gave up waiting for the server."),
};

/** @type {CloseReason} */
const UNKNOWN = { ...lost("The server gave a reason that this page does not know."), tone: "warn" };

/**
 * @param {string} reason
 * @returns {CloseReason}
 */
export function explain(reason) {
  return Object.hasOwn(CLOSE_REASONS, reason) ? CLOSE_REASONS[reason] ?? UNKNOWN : UNKNOWN;
}

/**
 * @param {string} reason
 * @returns {EndKind} `lost` for a reason that is not known
 */
export function kindOf(reason) {
  return explain(reason).kind;
}

/** @param {string} text @returns {CloseReason} */
function done(text) {
  return { kind: "done", tone: "calm", text, reconnect: false };
}

/** @param {string} text @returns {CloseReason} */
function left(text) {
  return { kind: "left", tone: "bad", text, reconnect: true };
}

/** @param {string} text @returns {CloseReason} */
function due(text) {
  return { kind: "due", tone: "warn", text, reconnect: true };
}

/** @param {string} text @returns {CloseReason} */
function lost(text) {
  return { kind: "lost", tone: "bad", text, reconnect: true };
}

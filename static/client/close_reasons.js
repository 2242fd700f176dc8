/**
 * Why a connection ended, in plain words.
 *
 * @module
 */

/**
 * @typedef {"ok" | "calm" | "warn" | "bad"} Tone
 * @typedef {{ tone: Tone, text: string, comesBack: boolean }} Explanation
 * `comesBack`: whether trying again by itself makes sense
 */

/**
 * The reasons that a close event can give, and the page's own for an end without one.
 *
 * @type {Readonly<Record<string, Explanation>>}
 */
export const CLOSE_REASONS = {
  client_closed: bad("This page went away, or the network between here and the server broke."),
  write_failed: bad("The server could not write to this connection any more."),
  ping_failed: bad("Several pings in a row could not be delivered: this page had stopped reading."),
  queue_full: bad("Too much was waiting to be read here; this page was too slow."),
  peer_lost: bad("The network between here and the server fell silent."),
  max_age: again("The connection reached its maximum age. Nothing is wrong; just connect again."),
  completed: calm("Everything that was asked for has been answered."),
  disconnected: calm("Closed at the wish of its client."),
  superseded: calm("A newer stream took the place of this one."),
  auth_expired: { tone: "warn", text: "The credential has expired. Renew it.", comesBack: false },
  limit: { tone: "warn", text: "A limit of the server was reached.", comesBack: true },
  drain: again("The server is stopping or restarting. Connect again in a moment."),
  error: bad("Something failed inside the server. Its log tells what."),
  "network lost": bad(
    "The stream broke off without a goodbye: the network, a proxy or the server is gone.",
  ),
  "no answer": bad("The server could not be reached."),
  refused: { tone: "bad", text: "The server refused the connection.", comesBack: false },
  stopped: calm("This page gave up waiting for the server."),
};

/**
 * @param {string} reason
 * @returns {Explanation}
 */
export function explain(reason) {
  return Object.hasOwn(CLOSE_REASONS, reason)
    ? CLOSE_REASONS[reason]
    : { tone: "warn", text: "The server gave a reason this page does not know.", comesBack: true };
}

/** @param {string} text @returns {Explanation} */
function bad(text) {
  return { tone: "bad", text, comesBack: true };
}

/** @param {string} text @returns {Explanation} */
function again(text) {
  return { tone: "warn", text, comesBack: true };
}

/** @param {string} text @returns {Explanation} */
function calm(text) {
  return { tone: "calm", text, comesBack: false };
}

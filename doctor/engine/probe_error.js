/**
 * What can go wrong with one step of an examination.
 *
 * @module
 */

/**
 * What went wrong: `network`, no answer at all; `held`, no answer or no byte of one in time;
 * `redirected`; `refused`, a status that is an error; `wrong_answer`, another answer than was asked
 * for; `cut`, an answer that ended too soon; `too_much`, an answer longer than the doctor reads.
 *
 * @typedef {"network" | "held" | "redirected" | "refused" | "wrong_answer" | "cut" | "too_much"}
 *   ProbeErrorKind
 */

/** Most characters of a message: servers and proxies choose most of it. */
const MAX_MESSAGE = 500;

export class ProbeError extends Error {
  /**
   * @param {ProbeErrorKind} kind
   * @param {string} message
   * @param {object} [details]
   * @param {number} [details.status]
   * @param {boolean} [details.isFromServer] the MCP server refused, not a proxy before it
   * @param {Headers} [details.headers] of the answer
   * @param {import("./proxies.js").Topic} [details.topic] what the wrong setting is for
   * @param {string} [details.refusedHost] the `Host` that the MCP server refused
   */
  constructor(kind, message, { status, isFromServer = false, headers, topic, refusedHost } = {}) {
    super(message.length <= MAX_MESSAGE ? message : `${message.slice(0, MAX_MESSAGE)}…`);
    this.name = "ProbeError";
    this.kind = kind;
    this.status = status;
    this.isFromServer = isFromServer;
    this.headers = headers;
    this.topic = topic;
    this.refusedHost = refusedHost;
  }
}

/**
 * @param {string} what was longer
 * @param {number} maxBytes
 */
export function tooMuch(what, maxBytes) {
  return new ProbeError("too_much", `${what} is longer than ${maxBytes / 1024} KiB`);
}

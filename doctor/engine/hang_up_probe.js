/**
 * Whether the server learns that a client has gone.
 *
 * @module
 */
import { ID_HEADER, idOf, openPlain, PING_HEADER } from "./plain_probe.js";
import { ProbeError } from "./probe_error.js";
import { call, pause } from "./request.js";

/**
 * @typedef {import("./request.js").ProbeContext} ProbeContext
 * @typedef {object} HangUp
 * @property {"at_once" | "at_next_byte" | "never"} noticed when the server noticed
 * @property {number} ms that it took, or was waited for
 */

/** A message without an answer, and one with an answer that a proxy cannot deliver any more. */
const SILENT = { jsonrpc: "2.0", method: "notifications/initialized" };
const ANSWERED = { jsonrpc: "2.0", id: "anyone", method: "ping" };
/** Time between two checks whether the server has noticed. */
const POLL_MS = 50;
/** A ping interval that is longer than the whole probe; the server limits it. */
const SLOW_PING_MS = 3_600_000;

/**
 * How soon the server learns that a client has gone.
 *
 * @param {ProbeContext} context
 * @returns {Promise<HangUp>}
 * @throws {ProbeError}
 */
export async function probeHangUp(context) {
  // Without keepalives: they would tell the server as well, and that would be measured.
  const stream = await openPlain(context, { headers: { [PING_HEADER]: String(SLOW_PING_MS) } });
  await stream.leave();
  const leftAt = performance.now();
  const id = idOf(stream);
  const noticed = await becomesUnknown(context, id, SILENT)
    ? "at_once"
    : await becomesUnknown(context, id, ANSWERED)
    ? "at_next_byte"
    : "never";
  return { noticed, ms: performance.now() - leftAt };
}

/**
 * Waits until the server no longer knows the stream.
 *
 * @param {ProbeContext} context
 * @param {string} id of the stream
 * @param {object} message to send meanwhile
 */
async function becomesUnknown(context, id, message) {
  const deadline = performance.now() + context.patienceMs;
  while (performance.now() < deadline) {
    if (!await sendsTo(context, id, message)) return true;
    await pause(context, POLL_MS);
  }
  return false;
}

/**
 * Sends a message for the stream.
 *
 * @param {ProbeContext} context
 * @param {string} id of the stream
 * @param {object} body
 * @returns {Promise<boolean>} whether the server still knows the stream
 */
async function sendsTo(context, id, body) {
  try {
    await call(context, { url: context.plainUrl, headers: { [ID_HEADER]: id }, body });
    return true;
  } catch (error) {
    if (error instanceof ProbeError && error.isFromServer && error.status === 404) return false;
    throw error;
  }
}

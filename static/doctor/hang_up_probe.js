/**
 * Whether the server learns that a client has gone.
 *
 * @module
 */
import { ID_HEADER, idOf, openPlain, PING_HEADER, SLOWEST_PING_MS } from "./plain_probe.js";
import { call, Fault } from "./request.js";

/**
 * @typedef {import("./request.js").Probing} Probing
 * @typedef {object} HangUp
 * @property {"at_once" | "at_next_byte" | "never"} noticed when the server noticed
 * @property {number} ms that it took, or was waited for
 */

/** A message that puts nothing on the stream, and one whose answer some proxy cannot deliver. */
const SILENT = { jsonrpc: "2.0", method: "notifications/initialized" };
const ANSWERED = { jsonrpc: "2.0", id: "anyone", method: "ping" };
/** Time between two looks whether the server has noticed. */
const POLL_MS = 50;

/**
 * How soon the server learns that a client has gone.
 *
 * @param {Probing} probing
 * @returns {Promise<HangUp>}
 * @throws {Fault}
 */
export async function probeHangUp(probing) {
  // No keepalive may tell the server: that would measure the keepalive.
  const stream = await openPlain(probing, { headers: { [PING_HEADER]: String(SLOWEST_PING_MS) } });
  await stream.leave();
  const leftAt = performance.now();
  const id = idOf(stream);
  const noticed = await becomesUnknown(probing, id, SILENT)
    ? "at_once"
    : await becomesUnknown(probing, id, ANSWERED)
    ? "at_next_byte"
    : "never";
  return { noticed, ms: performance.now() - leftAt };
}

/**
 * Waits until the server does not know the stream any more.
 *
 * @param {Probing} probing
 * @param {string} id of the stream
 * @param {object} message to send meanwhile
 */
async function becomesUnknown(probing, id, message) {
  const deadline = performance.now() + probing.patienceMs;
  while (performance.now() < deadline) {
    if (!await takes(probing, id, message)) return true;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return false;
}

/** @param {Probing} probing @param {string} id @param {object} body */
async function takes(probing, id, body) {
  try {
    await call(probing, { url: probing.plainUrl, headers: { [ID_HEADER]: id }, body });
    return true;
  } catch (error) {
    if (error instanceof Fault && error.isFromServer && error.status === 404) return false;
    throw error;
  }
}

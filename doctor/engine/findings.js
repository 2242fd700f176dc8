/**
 * Turns measurements into findings: the problem in plain words, and the setting to change.
 *
 * @module
 */
import { connectionFindings } from "./connection_findings.js";
import { idleFindings } from "./idle_findings.js";
import { fixesFor } from "./proxies.js";
import { seconds } from "./request.js";
import { unknownDialects } from "./served_dialects.js";
import { serverFindings } from "./servers_behind.js";

/**
 * @typedef {import("./examine.js").Measured} Measured
 * @typedef {import("./probe_error.js").ProbeError} ProbeError
 *
 * @typedef {object} Finding
 * @property {string} id the same for the same thing, for machines
 * @property {"problem" | "note"} level
 * @property {string} title what is wrong
 * @property {string} evidence what was seen
 * @property {import("./proxies.js").Fix[]} fixes
 */

/** Names of the dialects. */
export const DIALECTS = {
  plain: "plain SSE",
  http_sse: "2024-11-05 HTTP+SSE",
  streamable: "2025 Streamable HTTP",
  modern: "2026-07-28 JSON",
  listen: "2026-07-28 listen",
};

/** Longest delay that a network stack itself may cause (ms). */
const MAX_PAUSE_MS = 250;
/** How much later than a short answer a stream may begin (ms). */
const LATE_START_MS = 1_000;

/**
 * All findings, problems before notes.
 *
 * @param {Measured} measured
 * @param {readonly string[]} proxies that were recognised
 * @returns {Finding[]}
 */
export function diagnose(measured, proxies) {
  const found = [
    buffered(measured, proxies) ?? delayed(measured, proxies) ??
      lateStart(measured, proxies),
    compressed(measured, proxies),
    ...idleFindings(measured, proxies),
    ...dialectFindings(measured, proxies),
    ...serverFindings(measured),
    unprobedDialects(measured),
    hangUpHidden(measured, proxies),
    ...connectionFindings(measured, proxies),
  ].filter((finding) => finding !== undefined);
  const isNote = (/** @type {Finding} */ { level }) => Number(level === "note");
  return found.sort((a, b) => isNote(a) - isNote(b));
}

/**
 * Whether something holds streams back, from their first byte on or later.
 *
 * @param {Measured} measured
 */
export function isHeld({ dialects, events, endingStream, usual }) {
  const isBursty = [events, endingStream].some((measured) => isLate(measured?.delivery));
  const heldDialect = Object.values(dialects).some(({ error }) => error?.kind === "held");
  return isBursty || heldDialect || usual.outcome === "held" || usual.outcome === "lost";
}

/**
 * Whether events came so late that people notice it.
 *
 * @param {import("./delivery.js").Delivery | undefined} delivery
 */
export function isLate(delivery) {
  if (delivery?.verdict === "held") return true;
  return delivery?.verdict === "in_bursts" && delivery.heldMs > MAX_PAUSE_MS;
}

/** @param {Measured} measured @param {readonly string[]} proxies @returns {Finding | undefined} */
function buffered(measured, proxies) {
  if (!isHeld(measured)) return undefined;
  const held = Object.entries(measured.dialects).filter(([, { error }]) => error?.kind === "held");
  return {
    id: "buffered",
    level: "problem",
    title: "Events do not arrive one by one: something on the path holds them back",
    evidence: [
      ...held.map(([name, { error }]) => `${nameOf(name)}: ${error?.message}.`),
      deliveryText("A stream that stays open", measured.events),
      deliveryText("A stream that ends by itself", measured.endingStream),
    ].filter((text) => text !== undefined).join(" "),
    fixes: fixesFor("buffering", proxies),
  };
}

/** @param {Measured} measured @param {readonly string[]} proxies @returns {Finding | undefined} */
function delayed({ events }, proxies) {
  if (events?.delivery === undefined || events.delivery.verdict === "one_by_one") return undefined;
  return {
    id: "delayed",
    level: "note",
    title: `Events are held for up to ${seconds(events.delivery.heldMs)}`,
    evidence: deliveryText("A stream that stays open", events) ?? "",
    fixes: fixesFor("pause", proxies),
  };
}

/**
 * @param {string} subject
 * @param {import("./plain_probe.js").EventsMeasured | undefined} events
 */
function deliveryText(subject, events) {
  if (events?.delivery === undefined || events.delivery.verdict === "one_by_one") return undefined;
  const { count, bursts, heldMs, intervalMs } = events.delivery;
  const how = bursts === 1 ? "all at once" : `in ${bursts} bursts`;
  return `${subject}: ${count} events, sent every ${intervalMs} ms, came ${how}; the first of ` +
    `them was held for ${seconds(heldMs)}.`;
}

/** @param {Measured} measured @param {readonly string[]} proxies @returns {Finding | undefined} */
function lateStart({ reach, events }, proxies) {
  if (events === undefined || events.firstByteMs < reach.warmMs + LATE_START_MS) return undefined;
  return {
    id: "late_start",
    level: "problem",
    title: `The first byte of a stream comes late, after ${seconds(events.firstByteMs)}`,
    evidence:
      `A short answer takes ${Math.round(reach.warmMs)} ms on the same path, and Lifeline ` +
      "sends the first byte at once.",
    fixes: fixesFor("buffering", proxies),
  };
}

/** @param {Measured} measured @param {readonly string[]} proxies @returns {Finding | undefined} */
function compressed({ events, endingStream }, proxies) {
  const encoding = events?.contentEncoding ?? endingStream?.contentEncoding;
  if (encoding === undefined || encoding === "identity") return undefined;
  return {
    id: "compressed",
    level: "problem",
    title: `The event stream is compressed (${encoding})`,
    evidence: `The stream came with Content-Encoding: ${encoding}, although Lifeline forbids it ` +
      "(Cache-Control: no-transform). A compressor may hold events back until it has enough of " +
      "them, and it needs memory for each open stream.",
    fixes: fixesFor("compression", proxies),
  };
}

/** @param {Measured} measured @param {readonly string[]} proxies @returns {Finding[]} */
function dialectFindings({ dialects }, proxies) {
  return Object.entries(dialects).flatMap(([name, { error }]) =>
    error === undefined || error.kind === "held" ? [] : [
      {
        id: `dialect_${name}`,
        level: /** @type {const} */ ("problem"),
        title: `${nameOf(name)} does not get through`,
        evidence: sentence(error),
        fixes: fixesOf(error, proxies),
      },
    ]
  );
}

/** @param {Measured} measured @returns {Finding | undefined} */
function unprobedDialects({ served }) {
  const unknown = unknownDialects(served);
  if (unknown.length === 0) return undefined;
  return {
    id: "dialects_unprobed",
    level: "note",
    title: `Not examined, because the doctor does not speak it: ${
      unknown.join(", ").slice(0, 200)
    }`,
    evidence: "The server lists it among its dialects.",
    fixes: [],
  };
}

/** @param {ProbeError} error */
function sentence({ message, isFromServer, status }) {
  if (!isFromServer) {
    return status === undefined
      ? `What came: ${message}.`
      : `The answer is a ${message}, and not from the MCP server.`;
  }
  return `The MCP server itself says: ${message}${status === undefined ? "" : ` (${status})`}.`;
}

/** @param {ProbeError} error @param {readonly string[]} proxies */
export function fixesOf({ topic, status, isFromServer }, proxies) {
  if (topic !== undefined) return fixesFor(topic, proxies);
  if (isFromServer) return [];
  if (status === 405 || status === 403) return fixesFor("method", proxies);
  if (status === 404) return fixesFor("prefix", proxies);
  return status !== undefined && status >= 500 ? fixesFor("upstream", proxies) : [];
}

/** @param {Measured} measured @param {readonly string[]} proxies @returns {Finding | undefined} */
function hangUpHidden({ hangUp, usual }, proxies) {
  if (hangUp === undefined || hangUp.noticed === "at_once") return undefined;
  if (hangUp.noticed === "at_next_byte") {
    return {
      id: "hang_up_late",
      level: "note",
      title: "The server notices only with its next byte that a client has left",
      evidence:
        "Something on the path, such as HAProxy or Apache, notices it only when it cannot " +
        `pass on a byte. Keepalives come every ${
          seconds(usual.pingIntervalMs)
        }; a tool may run on ` +
        "that long for nobody.",
      fixes: [
        ...fixesFor("hang_up", proxies),
        { who: "Lifeline", what: "a lower `MCP_PING_INTERVAL_MS`, if that is too long" },
      ],
    };
  }
  return {
    id: "hang_up_hidden",
    level: "problem",
    title: "The server does not notice that a client has left",
    evidence: `${seconds(hangUp.ms)} after the client had left, Lifeline still had its stream ` +
      "open, although it wrote to it. Tools run on for clients that have left.",
    fixes: fixesFor("hang_up", proxies),
  };
}

/** @param {string} name */
function nameOf(name) {
  return DIALECTS[/** @type {keyof typeof DIALECTS} */ (name)];
}

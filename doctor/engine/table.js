/**
 * A report as rows of a table, for the page and the command line alike.
 *
 * @module
 */
import { DIALECTS, isHeld, isLate } from "./findings.js";
import { MARGIN } from "./idle_findings.js";
import { seconds } from "./request.js";

/**
 * @typedef {import("./examine.js").Report} Report
 * @typedef {import("./examine.js").Measured} Measured
 * @typedef {"good" | "bad" | "plain"} Tone
 * @typedef {{ name: string, value: string, tone: Tone }} Row
 */

/** @param {Report} report @returns {Row[]} */
export function rowsOf({ proxies, measured }) {
  const seen = proxies.length > 0 ? proxies.join(", ") : "none shows itself";
  const rows = [row("Proxies", seen, "plain")];
  if (measured === undefined) return rows;
  return [
    ...rows,
    connectionRow(measured),
    row(
      "Short answer",
      `${ms(measured.reach.coldMs)}, again ${ms(measured.reach.warmMs)}`,
      "plain",
    ),
    startRow("Stream: headers", measured, "headersMs"),
    startRow("Stream: first byte", measured, "firstByteMs"),
    deliveryRow(measured),
    compressionRow(measured),
    keepaliveRow(measured),
    silenceRow(measured),
    hangUpRow(measured),
    ...dialectRows(measured),
    serversRow(measured),
  ].filter((one) => one !== undefined);
}

/** @param {Measured} measured */
function serversRow({ servers }) {
  if (servers.length === 0) return undefined;
  const usable = servers.filter(({ isUp, error }) => isUp && error === undefined).length;
  const isWell = usable === servers.length;
  return row("Servers behind it", `${usable} of ${servers.length} usable`, isWell ? "good" : "bad");
}

/** @param {string} name @param {string} value @param {Tone} tone @returns {Row} */
function row(name, value, tone) {
  return { name, value, tone };
}

/** @param {Measured} measured */
function connectionRow({ connection }) {
  if (connection === undefined) return undefined;
  const { httpVersion, isSecure, isReused, framing } = connection;
  const parts = [
    httpVersion === undefined ? undefined : `HTTP/${httpVersion}`,
    isSecure ? "TLS" : "no TLS",
    isReused === undefined ? undefined : isReused ? "reused" : "closed after each answer",
    framing === undefined ? undefined : framing === "chunked" ? "chunked" : "not chunked",
  ].filter((part) => part !== undefined);
  const isBad = isReused === false || framing === "until_close";
  return row("Connection", parts.join(", "), isBad ? "bad" : "good");
}

/** @param {string} name @param {Measured} measured @param {"headersMs" | "firstByteMs"} key */
function startRow(name, { events }, key) {
  if (events === undefined) return row(name, "did not come", "bad");
  return row(name, ms(events[key]), "good");
}

/** @param {Measured} measured */
function deliveryRow(measured) {
  const delivery = measured.events?.delivery ?? measured.endingStream?.delivery;
  if (delivery === undefined) {
    return row("Events", isHeld(measured) ? "held back" : "not measured", tone(isHeld(measured)));
  }
  const { count, bursts, heldMs } = delivery;
  if (delivery.verdict === "one_by_one") return row("Events", `one by one (${count})`, "good");
  const how = bursts === 1 ? "all at once" : `in ${bursts} bursts`;
  return row(
    "Events",
    `${count} came ${how}, held up to ${seconds(heldMs)}`,
    tone(isLate(delivery)),
  );
}

/** @param {Measured} measured */
function compressionRow({ events, endingStream }) {
  const measured = events ?? endingStream;
  if (measured === undefined) return row("Compression", "not measured", "plain");
  const { contentEncoding } = measured;
  return row("Compression", contentEncoding ?? "none", tone(contentEncoding !== undefined));
}

/** @param {Measured} measured */
function keepaliveRow({ usual: { pingIntervalMs, keepalives } }) {
  const every = Number.isNaN(pingIntervalMs) ? "" : `, one every ${seconds(pingIntervalMs)}`;
  return row("Keepalives", `${keepalives} came${every}`, keepalives > 0 ? "good" : "plain");
}

/** @param {Measured} measured */
function silenceRow({ usual, silent }) {
  const watched = usual.outcome === "alive" && silent !== undefined ? silent : usual;
  const { outcome, survivedMs, silentMs } = watched;
  if (outcome === "alive" || outcome === "closed") {
    return row("Silence", `survived ${seconds(survivedMs)}`, "good");
  }
  if (silentMs === undefined) return row("Silence", "not measured", "plain");
  if (outcome === "lost") {
    return row("Silence", `dead after ${seconds(silentMs)}`, tone(usual.keepalives === 0));
  }
  const isCovered = usual.outcome === "alive" && silentMs >= MARGIN * usual.pingIntervalMs;
  return row("Silence", `cut after ${seconds(silentMs)}`, tone(!isCovered));
}

/** @param {Measured} measured */
function hangUpRow({ hangUp }) {
  if (hangUp === undefined) return undefined;
  if (hangUp.noticed === "at_once") {
    return row("Hang-up", `noticed within ${ms(hangUp.ms)}`, "good");
  }
  if (hangUp.noticed === "at_next_byte") {
    return row("Hang-up", "noticed with the next byte", "good");
  }
  return row("Hang-up", `not noticed within ${seconds(hangUp.ms)}`, "bad");
}

/** @param {Measured} measured */
function dialectRows({ dialects }) {
  const probed = Object.entries(DIALECTS).filter(([key]) => key in dialects);
  return probed.map(([key, name]) => {
    const error = dialects[key]?.error;
    return row(
      name,
      error === undefined ? "gets through" : error.message,
      tone(error !== undefined),
    );
  });
}

/** @param {boolean} isBad @returns {Tone} */
function tone(isBad) {
  return isBad ? "bad" : "good";
}

/** @param {number} value */
function ms(value) {
  return `${Math.round(value)} ms`;
}

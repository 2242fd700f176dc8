/**
 * Findings about idle timeouts, from the watched streams.
 *
 * @module
 */
import { fixesFor, knownTimeoutAt } from "./proxies.js";
import { seconds } from "./request.js";

/**
 * @typedef {import("./findings.js").Finding} Finding
 * @typedef {import("./idle_probe.js").IdleResult} IdleResult
 */

/** A keepalive may be late or lost once: the path must survive at least this many intervals. */
export const MARGIN = 2;
/** Silence shorter than this share of one that was survived is not what ended a stream. */
const SHORTER = 0.9;

/** @type {Finding} */
const FLOODED = {
  id: "flooded",
  level: "problem",
  title: "A stream on which nothing should happen is full of events",
  evidence: "The doctor opened a stream and sent nothing. What came was more than it reads.",
  fixes: [],
};

/**
 * @param {{ usual: IdleResult, silent?: IdleResult | undefined, idleMs?: number | undefined }} watched
 *   `idleMs`: the silence that was asked for
 * @param {readonly string[]} proxies
 * @returns {Finding[]}
 */
export function idleFindings({ usual, silent, idleMs }, proxies) {
  if (usual.outcome === "cut") return [cutFinding(usual, proxies)];
  if (usual.outcome === "too_much") return [FLOODED];
  const unmeasured = closedByServer(silent) ?? closedByServer(usual) ?? noKeepalive(usual);
  const limit = silent === undefined ? undefined : limitFinding(usual, silent, proxies);
  return [unmeasured, limit, shortOf(silent, idleMs)].filter((finding) => finding !== undefined);
}

/** @param {IdleResult} usual @param {readonly string[]} proxies @returns {Finding} */
function cutFinding(usual, proxies) {
  const silentMs = usual.silentMs ?? 0;
  if (usual.keepalives > 0 && silentMs < usual.survivedMs * SHORTER) {
    return {
      id: "duration_cut",
      level: "problem",
      title: `The stream is cut after ${seconds(usual.forMs)}, although keepalives flow`,
      evidence: `${usual.keepalives} keepalives came, the last ${seconds(silentMs)} before the ` +
        "cut. This limits how long a stream may last, not how long it may be silent.",
      fixes: fixesFor("duration", proxies),
    };
  }
  return idleCut(usual.pingIntervalMs, silentMs, proxies);
}

/**
 * @param {number} pingMs
 * @param {number} silentMs
 * @param {readonly string[]} proxies
 * @returns {Finding}
 */
function idleCut(pingMs, silentMs, proxies) {
  const who = knownTimeoutAt(silentMs);
  const every = Number.isNaN(pingMs) ? "" : `: keepalives come every ${seconds(pingMs)}`;
  return {
    id: "idle_cut",
    level: "problem",
    title: `The stream is cut after ${seconds(silentMs)} of silence`,
    evidence: `No byte for ${seconds(silentMs)}, then the end, without Lifeline's close ` +
      `event${every}${who === undefined ? "" : `. That is the time of ${who}`}.`,
    fixes: [...fixesFor("idle", proxies), fasterPing(silentMs)],
  };
}

/**
 * @param {IdleResult} usual
 * @param {IdleResult} silent
 * @param {readonly string[]} proxies
 * @returns {Finding | undefined}
 */
function limitFinding(usual, silent, proxies) {
  const { pingIntervalMs } = usual;
  if (silent.silentMs === undefined) return undefined;
  const { silentMs } = silent;
  if (silent.outcome === "lost") return lostFinding(usual, silentMs);
  if (!(silentMs >= pingIntervalMs * MARGIN)) return idleCut(pingIntervalMs, silentMs, proxies);
  const who = knownTimeoutAt(silentMs);
  return {
    id: "idle_limit",
    level: "note",
    title: `A silence of ${seconds(silentMs)} would end the stream; keepalives prevent it`,
    evidence: `Keepalives come every ${seconds(pingIntervalMs)}, often enough` +
      `${who === undefined ? "" : `. ${seconds(silentMs)} is the time of ${who}`}.`,
    fixes: [fasterPing(silentMs)],
  };
}

/** @param {IdleResult} usual @param {number} silentMs @returns {Finding} */
function lostFinding({ keepalives, pingIntervalMs }, silentMs) {
  const isPrevented = keepalives > 0;
  const every = seconds(pingIntervalMs);
  return {
    id: "silently_lost",
    level: isPrevented ? "note" : "problem",
    title: `After ${
      seconds(silentMs)
    } of silence nothing comes through, and neither side gets an error`,
    evidence:
      "The connection looks open at both ends, but a firewall, a NAT or a load balancer has " +
      `forgotten it.${isPrevented ? ` Keepalives every ${every} prevent that.` : ""}`,
    fixes: [{
      who: "Lifeline",
      what: "`MCP_PING_INTERVAL_MS` well below the limit; try shorter silences to find the limit",
    }],
  };
}

/** @param {number} silentMs */
function fasterPing(silentMs) {
  const unit = silentMs > 4_000 ? 1_000 : 100;
  const half = Math.max(10, Math.floor(silentMs / MARGIN / unit) * unit);
  return { who: "Lifeline", what: `\`MCP_PING_INTERVAL_MS=${half}\` or less` };
}

/** @param {IdleResult | undefined} watched @returns {Finding | undefined} */
function closedByServer(watched) {
  if (watched?.outcome !== "closed") return undefined;
  return {
    id: "closed_by_server",
    level: "note",
    title: `Lifeline itself closed the watched stream (${
      watched.closeReason ?? "no reason given"
    })`,
    evidence: `It did so after ${seconds(watched.forMs)}; longer times could not be measured.`,
    fixes: [],
  };
}

/** @param {IdleResult} usual @returns {Finding | undefined} */
function noKeepalive({ outcome, keepalives, forMs }) {
  if (outcome !== "alive" || keepalives > 0) return undefined;
  return {
    id: "no_keepalive",
    level: "note",
    title: `No keepalive came within ${seconds(forMs)}`,
    evidence: "Watch for longer, with --idle and more seconds than the server's ping interval.",
    fixes: [],
  };
}

/**
 * @param {IdleResult | undefined} silent
 * @param {number | undefined} idleMs
 * @returns {Finding | undefined}
 */
function shortOf(silent, idleMs) {
  if (silent?.outcome !== "alive" || idleMs === undefined || silent.survivedMs >= idleMs) {
    return undefined;
  }
  return {
    id: "idle_unmeasured",
    level: "note",
    title: `Only silences up to ${seconds(silent.survivedMs)} could be measured`,
    evidence:
      "The server did not grant a slower ping: it is older, or a proxy removes the header " +
      "Mcp-Ping-Interval-Ms.",
    fixes: [],
  };
}

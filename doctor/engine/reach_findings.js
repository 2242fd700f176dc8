/**
 * The finding for an endpoint that did not even answer a short request.
 *
 * @module
 */
import { fixesOf } from "./findings.js";
import { fixesFor } from "./proxies.js";

/**
 * @typedef {import("./findings.js").Finding} Finding
 * @typedef {import("./probe_error.js").ProbeError} ProbeError
 */

/** Statuses of a proxy that cannot reach the server behind it. */
const GATEWAY_STATUSES = [502, 503, 504, 521, 522, 523, 524];

/**
 * Whether nothing was reached at all.
 *
 * @param {ProbeError} error
 */
export function isUnreachable({ kind, status, isFromServer }) {
  if (kind === "network" || kind === "held" || kind === "cut") return true;
  return !isFromServer && status !== undefined && GATEWAY_STATUSES.includes(status);
}

/**
 * @param {ProbeError} error
 * @param {string} url
 * @param {readonly string[]} proxies
 * @returns {Finding}
 */
export function reachFinding(error, url, proxies) {
  const { title, fixes } = explain(error, new URL(url), proxies);
  return { id: idOf(error), level: "problem", title, evidence: `${error.message}.`, fixes };
}

/** @param {ProbeError} error */
function idOf(error) {
  if (isUnreachable(error)) return "unreachable";
  return error.kind === "redirected" ? "redirected" : "refused";
}

/**
 * @param {ProbeError} error
 * @param {URL} url
 * @param {readonly string[]} proxies
 * @returns {{ title: string, fixes: import("./proxies.js").Fix[] }}
 */
function explain(error, url, proxies) {
  const { kind, status, isFromServer } = error;
  if (kind === "redirected") {
    const what = "use the address that it redirects to; a POST does not survive a redirect";
    return { title: `${url.href} redirects`, fixes: [{ who: "you", what }] };
  }
  if (kind === "network" || kind === "held" || kind === "cut") {
    const what = "is the server running, is the address right, does a firewall let it pass?";
    return { title: `${url.origin} cannot be reached`, fixes: [{ who: "you", what }] };
  }
  if (kind === "too_much") {
    return { title: "The answer to a short request does not end", fixes: [] };
  }
  if (isUnreachable(error)) {
    const title = `A proxy answers ${status}: it cannot reach the server behind it`;
    return { title, fixes: fixesFor("upstream", proxies) };
  }
  if (isFromServer && status === 401) {
    const what = "send a token with --header 'Authorization: Bearer …'";
    return { title: "The server asks for a token", fixes: [{ who: "you", what }] };
  }
  if (isFromServer) {
    return { title: "The server refuses", fixes: serverFixes(error, url, proxies) };
  }
  if (status === 401 || status === 407) {
    const what = "send the credentials with --header";
    return { title: "The path asks who you are", fixes: [{ who: "you", what }] };
  }
  const title = `${url.pathname} is not answered by an MCP server`;
  return { title, fixes: fixesOf(error, proxies) };
}

/**
 * The server refuses a host that it does not know; a proxy may have put another in its place.
 *
 * @param {ProbeError} error
 * @param {URL} url
 * @param {readonly string[]} proxies
 */
function serverFixes({ refusedHost }, url, proxies) {
  if (refusedHost === undefined) return [];
  const isPassedOn = refusedHost.replace(/:\d+$/, "") === url.hostname;
  return [
    ...(isPassedOn ? [] : fixesFor("host", proxies)),
    { who: "Lifeline", what: `\`MCP_ALLOWED_HOSTS=localhost,${url.hostname}\`` },
  ];
}

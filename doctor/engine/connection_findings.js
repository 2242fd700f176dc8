/**
 * Findings about the connection below the streams: reuse, framing, HTTP version, upgrades.
 *
 * @module
 */
import { fixesFor } from "./proxies.js";

/**
 * @typedef {import("./examine.js").Measured} Measured
 * @typedef {import("./findings.js").Finding} Finding
 */

/** @param {Measured} measured @param {readonly string[]} proxies @returns {Finding[]} */
export function connectionFindings({ connection }, proxies) {
  /** @type {Finding[]} */
  const found = [];
  if (connection?.isReused === false) {
    found.push({
      id: "not_reused",
      level: "problem",
      title: "Connections are closed after each answer",
      evidence: "A second request on the same connection was not answered, so each request pays " +
        "for a new connection, and with TLS for a handshake.",
      fixes: fixesFor("reuse", proxies),
    });
  }
  if (connection?.framing === "until_close") {
    found.push({
      id: "not_chunked",
      level: "problem",
      title: "The stream is sent without chunks",
      evidence: "The stream has neither chunks nor a length. A client cannot tell its end from a " +
        "connection that broke.",
      fixes: fixesFor("framing", proxies),
    });
  }
  if (connection?.isSecure && connection.httpVersion === "1.1") {
    found.push({
      id: "http1_only",
      level: "note",
      title: "HTTP/2 is not offered",
      evidence: "Over HTTP/1.1 a browser opens at most six streams to a host.",
      fixes: fixesFor("http1", proxies),
    });
  }
  const refused = upgradeRefused(connection?.upgradeStatus, proxies);
  return refused === undefined ? found : [...found, refused];
}

/**
 * @param {number | undefined} status of the answer to the offer
 * @param {readonly string[]} proxies
 * @returns {Finding | undefined}
 */
function upgradeRefused(status, proxies) {
  // 101 accepts the offer; a request that is answered has ignored it.
  if (status === undefined || status === 101 || status < 400) return undefined;
  return {
    id: "upgrade_refused",
    level: "note",
    title: `A request that offers an upgrade to HTTP/2 is refused (${status})`,
    evidence: "Java's HttpClient, and what is built on it, sends such an offer with its first " +
      "POST (Upgrade: h2c). Such clients do not get in here.",
    fixes: [
      ...fixesFor("upgrade", proxies),
      { who: "Lifeline", what: "`MCP_LISTENER=node`, which ignores the offer" },
      { who: "Java", what: "`HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)`" },
    ],
  };
}

/**
 * Inspects the connection below a request with the Resource Timing API.
 *
 * @module
 */
import { call } from "./engine/request.js";

/** @type {Record<string, string>} */
const VERSIONS = { "http/1.0": "1.0", "http/1.1": "1.1", "h2": "2", "h3": "3" };

/** Requests that are sent in search of one that reuses a connection. */
const MAX_TRIES = 3;

/**
 * Sends short requests and reads how the browser sent them. A browser shows that it used a
 * connection again. When it opens a new one, it does not say whether the old one was closed or
 * busy, so nothing is claimed then.
 *
 * @param {import("./engine/request.js").ProbeContext} context
 * @returns {Promise<import("./engine/examine.js").ConnectionMeasured>}
 */
export async function inspectBrowserConnection(context) {
  const isSecure = new URL(context.url).protocol === "https:";
  /** @type {import("./engine/examine.js").ConnectionMeasured} */
  let measured = { isSecure };
  for (let i = 0; i < MAX_TRIES && measured.isReused === undefined; i++) {
    const timing = await timeRequest(context);
    if (timing === undefined) continue;
    const httpVersion = VERSIONS[timing.nextHopProtocol];
    // A browser that hides the times gives zero for both.
    const isReused = timing.connectStart > 0 && timing.connectStart === timing.connectEnd;
    measured = {
      isSecure,
      ...(httpVersion !== undefined && { httpVersion }),
      ...(isReused && { isReused }),
    };
  }
  return measured;
}

/** @param {import("./engine/request.js").ProbeContext} context */
async function timeRequest(context) {
  // A unique query identifies the entry of this request.
  const url = `${context.url}?probe=${Math.random()}`;
  const entry = entryOf(url, context.patienceMs);
  await call(context, {
    url,
    headers: { accept: "application/json" },
    body: { jsonrpc: "2.0", id: "connection", method: "ping" },
  });
  return await entry;
}

/**
 * @param {string} url
 * @param {number} withinMs
 * @returns {Promise<PerformanceResourceTiming | undefined>}
 */
function entryOf(url, withinMs) {
  return new Promise((resolve) => {
    const done = (/** @type {PerformanceResourceTiming | undefined} */ entry) => {
      observer.disconnect();
      clearTimeout(timer);
      resolve(entry);
    };
    const observer = new PerformanceObserver((list) => {
      const [entry] = list.getEntriesByName(url);
      if (entry instanceof PerformanceResourceTiming) done(entry);
    });
    const timer = setTimeout(() => done(undefined), withinMs);
    observer.observe({ type: "resource" });
  });
}

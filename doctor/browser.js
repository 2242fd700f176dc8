/**
 * What a browser tells of the connection below a request (Resource Timing).
 *
 * @module
 */
import { call } from "./engine/request.js";

/** @type {Record<string, string>} */
const VERSIONS = { "http/1.0": "1.0", "http/1.1": "1.1", "h2": "2", "h3": "3" };

/**
 * Sends one more short request and looks at how the browser sent it.
 *
 * @param {import("./engine/request.js").ProbeContext} context
 * @returns {Promise<import("./engine/examine.js").ConnectionMeasured>}
 */
export async function inspectBrowserConnection(context) {
  const isSecure = new URL(context.url).protocol === "https:";
  // A query of its own tells this request's entry from all others.
  const url = `${context.url}?look=${Math.random()}`;
  const entry = entryOf(url, context.patienceMs);
  await call(context, {
    url,
    headers: { accept: "application/json" },
    body: { jsonrpc: "2.0", id: "connection", method: "ping" },
  });
  const timing = await entry;
  if (timing === undefined) return { isSecure };
  const httpVersion = VERSIONS[timing.nextHopProtocol];
  return {
    isSecure,
    ...(httpVersion !== undefined && { httpVersion }),
    isReused: timing.connectStart === timing.connectEnd,
  };
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

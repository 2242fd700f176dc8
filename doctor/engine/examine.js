/**
 * The path doctor: examines the path between a client and its MCP server, and whether streams get
 * through. It runs in a browser and on the command line.
 *
 * @module
 */
import { authorizationFindings, refusedToken } from "./authorization.js";
import { MCP_PROBES } from "./dialect_probes.js";
import { diagnose, DIALECTS } from "./findings.js";
import { probeHangUp } from "./hang_up_probe.js";
import { watchSilent, watchUsual } from "./idle_probe.js";
import { servedDialects, serverInformation } from "./served_dialects.js";
import { probeServers } from "./servers_behind.js";
import { probeEndingStream, probePlain } from "./plain_probe.js";
import { recognise } from "./proxies.js";
import { isUnreachable, reachFinding } from "./reach_findings.js";
import { ProbeError } from "./probe_error.js";
import { call } from "./request.js";

/**
 * @typedef {import("./request.js").ProbeContext} ProbeContext
 * @typedef {import("./findings.js").Finding} Finding
 * @typedef {import("./plain_probe.js").EventsMeasured} EventsMeasured
 * @typedef {import("./idle_probe.js").IdleResult} IdleResult
 *
 * @typedef {object} ConnectionMeasured what is known of the connection below HTTP's meaning
 * @property {boolean} isSecure
 * @property {string} [httpVersion] "1.0", "1.1", "2" or "3"
 * @property {boolean} [isReused] for a further request
 * @property {"chunked" | "until_close"} [framing] of a stream over HTTP/1
 * @property {number} [upgradeStatus] of the answer to a POST that offers an upgrade to HTTP/2
 *
 * @typedef {{ ms: number, error: ProbeError | undefined }} DialectMeasured
 *
 * @typedef {object} Measured
 * @property {{ coldMs: number, warmMs: number }} reach a short answer, first and second time
 * @property {EventsMeasured | undefined} events of a stream that stays
 * @property {EventsMeasured | undefined} endingStream of one that ends by itself; only where the other failed
 * @property {Record<string, DialectMeasured>} dialects those that were probed
 * @property {readonly string[]} served the dialects that the server lists; empty where it lists none
 * @property {readonly import("./servers_behind.js").ServerMeasured[]} servers behind it, where it is a gateway
 * @property {import("./hang_up_probe.js").HangUp | undefined} hangUp
 * @property {IdleResult} usual
 * @property {IdleResult | undefined} silent
 * @property {number | undefined} idleMs the silence that was asked for
 * @property {ConnectionMeasured | undefined} connection
 *
 * @typedef {object} Report
 * @property {string} url
 * @property {string} startedAt
 * @property {number} tookMs
 * @property {"ok" | "problems" | "unreachable"} verdict
 * @property {string[]} proxies that show themselves
 * @property {Measured | undefined} measured undefined where nothing could be
 * @property {Finding[]} findings
 *
 * @typedef {object} Options
 * @property {number} [idleMs] how long a silence to try; else as long as the server's own
 * @property {number} [patienceMs] time for an answer that should come at once
 * @property {number} [stepMs] time between two of the events that are sent
 * @property {Record<string, string>} [headers] sent with every request, as Authorization
 * @property {boolean} [reachesIssuers] whether other origins can be asked (true); a page may not
 * @property {typeof globalThis.fetch} [fetch]
 * @property {(context: ProbeContext) => Promise<ConnectionMeasured | undefined>} [inspectConnection]
 * @property {(step: string) => void} [onStep] called with what is measured now
 * @property {AbortSignal} [signal]
 */

const PATIENCE_MS = 5_000;
const STEP_MS = 200;
/** Patience with the other streams after the first one was held back. */
const SHORT_PATIENCE_MS = 2_000;
const PLAIN_PATH = "/mcp/sse";
/** The end of an endpoint's path; a gateway has one below `/mcp` for each server. */
const ENDPOINT_REGEXP = /\/mcp(\/[A-Za-z0-9_-]+)?(\/sse)?$/;

/**
 * Examines the path to an endpoint.
 *
 * @param {string} address of an endpoint (`…/mcp`, `…/mcp/sse`) or of the server
 * @param {Options} [options]
 * @returns {Promise<Report>}
 * @throws {TypeError} for an address that is not an HTTP URL, or when it is stopped
 */
export async function examine(address, options = {}) {
  const urls = endpointsOf(address);
  /** @type {ProbeContext} */
  const context = {
    ...urls,
    fetch: options.fetch ?? globalThis.fetch,
    headers: options.headers ?? {},
    patienceMs: options.patienceMs ?? PATIENCE_MS,
    stepMs: options.stepMs ?? STEP_MS,
    signal: options.signal ?? new AbortController().signal,
  };
  const startedAt = new Date().toISOString();
  const begin = performance.now();
  const result = await examined(context, options);
  return { url: urls.url, startedAt, tookMs: performance.now() - begin, ...result };
}

/**
 * The URL of the endpoint, and those of its plain dialect and of its server's information.
 *
 * @param {string} address
 * @throws {TypeError}
 */
export function endpointsOf(address) {
  const url = new URL(address);
  if (!/^https?:$/.test(url.protocol)) throw new TypeError("Only http: and https: can be examined");
  url.hash = "";
  url.search = "";
  const path = url.pathname.replace(/\/+$/, "");
  url.pathname = ENDPOINT_REGEXP.test(path) ? path : path + PLAIN_PATH;
  const at = (/** @type {string} */ pathname) => new URL(pathname, url).href;
  const endpoint = url.pathname.replace(/\/sse$/, "");
  return {
    url: url.href,
    plainUrl: at(`${endpoint}/sse`),
    infoUrl: at(endpoint.replace(ENDPOINT_REGEXP, "/mcp/info")),
  };
}

/**
 * @param {ProbeContext} context
 * @param {Options} options
 * @returns {Promise<Pick<Report, "verdict" | "proxies" | "measured" | "findings">>}
 */
async function examined(context, options) {
  options.onStep?.("reaching the server");
  /** @type {string[]} */
  let proxies = [];
  try {
    const first = await callPing(context);
    proxies = recognise(first.response.headers);
    const second = await callPing(context);
    const reach = { coldMs: first.ms, warmMs: second.ms };
    const measured = await measure(context, options, reach);
    context.signal.throwIfAborted();
    proxies = [...new Set([...proxies, ...proxiesOfErrors(measured)])];
    const findings = [
      ...(hasCredentials(context) ? await wayToToken(context, options) : []),
      ...diagnose(measured, proxies),
    ];
    const isWell = findings.every(({ level }) => level === "note");
    return { verdict: isWell ? "ok" : "problems", proxies, measured, findings };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof ProbeError)) throw error;
    if (error.headers !== undefined) proxies = recognise(error.headers);
    const findings = error.status === 401 && error.isFromServer
      ? [
        hasCredentials(context) ? refusedToken(error) : reachFinding(error, context.url, proxies),
        ...await wayToToken(context, options),
      ]
      : [reachFinding(error, context.url, proxies)];
    const verdict = isUnreachable(error) ? "unreachable" : "problems";
    return { verdict, proxies, measured: undefined, findings };
  }
}

/** @param {ProbeContext} context */
function hasCredentials({ headers }) {
  return Object.keys(headers).some((name) => name.toLowerCase() === "authorization");
}

/** What is wrong with the way to a token. @param {ProbeContext} context @param {Options} options */
async function wayToToken(context, { onStep, reachesIssuers = true }) {
  onStep?.("the way to a token");
  try {
    return await authorizationFindings(context, reachesIssuers);
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof ProbeError) return [];
    throw error;
  }
}

/** Some proxies show themselves only in their own refusals. @param {Measured} measured */
function proxiesOfErrors({ dialects }) {
  return Object.values(dialects).flatMap(({ error }) =>
    error?.headers === undefined ? [] : recognise(error.headers)
  );
}

/**
 * @param {ProbeContext} context
 * @param {Options} options
 * @param {Measured["reach"]} reach
 * @returns {Promise<Measured>}
 */
async function measure(context, options, reach) {
  const { idleMs, onStep } = options;
  const watching = Promise.all([
    watchUsual(context, idleMs),
    idleMs === undefined ? undefined : watchSilent(context, idleMs),
  ]);
  try {
    const probed = await probeAll(context, options);
    onStep?.("watching a stream on which nothing happens");
    const [usual, silent] = await watching;
    return { reach, ...probed, usual, silent, idleMs };
  } finally {
    await watching;
  }
}

/**
 * @param {ProbeContext} context
 * @param {Options} options
 * @returns {Promise<Omit<Measured, "reach" | "usual" | "silent" | "idleMs">>}
 */
async function probeAll(context, { onStep, inspectConnection }) {
  /** @type {EventsMeasured | undefined} */
  let events;
  onStep?.("plain SSE");
  const plain = await timed(() => probePlain(context, (measured) => events = measured));
  const isWell = plain.error === undefined;
  const endingStream = isWell ? undefined : await probeEndingStream(context).catch(nothing);
  const patienceMs = plain.error?.kind === "held"
    ? Math.min(context.patienceMs, SHORT_PATIENCE_MS)
    : context.patienceMs;
  /** @type {Measured["dialects"]} */
  const dialects = { plain };
  const information = await serverInformation({ ...context, patienceMs });
  const served = servedDialects(information);
  for (const { name, dialect, probe } of MCP_PROBES) {
    if (served.length > 0 && !served.includes(dialect)) continue;
    onStep?.(DIALECTS[/** @type {keyof typeof DIALECTS} */ (name)]);
    dialects[name] = await timed(() => probe({ ...context, patienceMs }));
  }
  onStep?.("the servers behind it");
  const servers = await probeServers({ ...context, patienceMs }, information);
  onStep?.("the connection");
  const hangUp = isWell ? await probeHangUp(context).catch(nothing) : undefined;
  const connection = await inspectConnection?.(context);
  return { events, endingStream, dialects, served, servers, hangUp, connection };
}

/** @param {() => Promise<void>} work @returns {Promise<DialectMeasured>} */
async function timed(work) {
  const begin = performance.now();
  try {
    await work();
    return { ms: performance.now() - begin, error: undefined };
  } catch (error) {
    if (!(error instanceof ProbeError)) throw error;
    return { ms: performance.now() - begin, error };
  }
}

/** Lets an optional measurement fail. @param {unknown} error */
function nothing(error) {
  if (error instanceof ProbeError) return undefined;
  throw error;
}

/** @param {ProbeContext} context */
async function callPing(context) {
  const answer = await call(context, {
    url: context.url,
    headers: { accept: "application/json" },
    body: { jsonrpc: "2.0", id: "reach", method: "ping" },
  });
  if (answer.value?.jsonrpc === "2.0") return answer;
  throw new ProbeError(
    "wrong_answer",
    `status ${answer.response.status}, but no JSON-RPC response`,
    {
      headers: answer.response.headers,
    },
  );
}

/**
 * One short exchange in each dialect of MCP: the first steps of its clients.
 *
 * @module
 */
import { ProbeError } from "./probe_error.js";
import { call } from "./request.js";
import { TracedStream } from "./traced_stream.js";

/**
 * @typedef {import("./request.js").ProbeContext} ProbeContext
 * @typedef {(context: ProbeContext) => Promise<void>} DialectProbe throws a ProbeError
 */

const CLIENT_INFO = { name: "lifeline-doctor", version: "1.0.0" };
const BOTH_TYPES = "application/json, text/event-stream";
const EVENT_STREAM = "text/event-stream";
const SESSION_HEADER = "mcp-session-id";
const MODERN_VERSION = "2026-07-28";
const STREAMABLE_VERSION = "2025-11-25";
const HTTP_SSE_VERSION = "2024-11-05";

/**
 * 2024-11-05 HTTP+SSE: a GET opens the stream, and its first event names the URL for POSTs.
 *
 * @type {DialectProbe}
 */
async function probeHttpSse(context) {
  const { url, patienceMs } = context;
  const stream = await TracedStream.open(context, {
    method: "GET",
    url,
    headers: { accept: EVENT_STREAM },
  });
  try {
    const first = await stream.find(() => true, patienceMs);
    if (first?.event !== "endpoint") {
      throw new ProbeError("held", "the endpoint event did not come");
    }
    const endpoint = URL.parse(first.data, url);
    if (endpoint?.origin !== new URL(url).origin) {
      throw new ProbeError("wrong_answer", `the endpoint event names ${first.data.slice(0, 200)}`);
    }
    const body = initialize(HTTP_SSE_VERSION);
    await postTo(context, endpoint, body);
    const answer = await stream.find(({ json }) => json?.id === body.id, patienceMs);
    if (answer === undefined) throw new ProbeError("held", "the answer did not come on the stream");
  } finally {
    await stream.leave();
  }
}

/**
 * 2025 Streamable HTTP: initialize, a call, the session's own stream by GET, DELETE.
 *
 * @type {DialectProbe}
 */
async function probeStreamable(context) {
  const { url } = context;
  const { response, value } = await call(context, {
    url,
    headers: { accept: BOTH_TYPES },
    body: initialize(STREAMABLE_VERSION),
  });
  requireResult(value);
  const session = response.headers.get(SESSION_HEADER);
  if (session === null) {
    throw new ProbeError("wrong_answer", "the header Mcp-Session-Id is missing");
  }
  const headers = { accept: BOTH_TYPES, [SESSION_HEADER]: session };
  const end = () => call(context, { method: "DELETE", url, headers });
  try {
    await useSession(context, headers);
  } catch (error) {
    // The first error is the one to report.
    await end().catch(() => {});
    throw error;
  }
  await end();
}

/** @param {ProbeContext} context @param {Record<string, string>} headers that name the session */
async function useSession(context, headers) {
  const { url } = context;
  await call(context, { url, headers, body: notification("notifications/initialized") });
  requireResult((await call(context, { url, headers, body: request("tools/list") })).value);
  const get = { method: "GET", url, headers: { ...headers, accept: EVENT_STREAM } };
  const stream = await TracedStream.open(context, get);
  await stream.leave();
}

/**
 * 2026-07-28: a request without a session, answered as JSON.
 *
 * @type {DialectProbe}
 */
async function probeModern(context) {
  requireResult((await call(context, modern(context, "server/discover"))).value);
}

/**
 * 2026-07-28 `subscriptions/listen`: a POST with a long-lived stream as its answer.
 *
 * @type {DialectProbe}
 */
async function probeListen(context) {
  const ask = modern(context, "subscriptions/listen", {
    notifications: { toolsListChanged: true },
  });
  const stream = await TracedStream.open(context, ask);
  try {
    const first = await stream.find(() => true, context.patienceMs);
    if (first === undefined) throw new ProbeError("held", "the acknowledgement did not come");
    if (first.json?.method === "notifications/subscriptions/acknowledged") return;
    throw new ProbeError("wrong_answer", "the stream does not begin with an acknowledgement");
  } finally {
    await stream.leave();
  }
}

/**
 * A probe for each kind of exchange, and the dialect of the server that it belongs to.
 *
 * @type {readonly { name: string, dialect: string, probe: DialectProbe }[]}
 */
export const MCP_PROBES = [
  { name: "http_sse", dialect: "http_sse", probe: probeHttpSse },
  { name: "streamable", dialect: "streamable", probe: probeStreamable },
  { name: "modern", dialect: "modern", probe: probeModern },
  { name: "listen", dialect: "modern", probe: probeListen },
];

/**
 * POSTs to the announced endpoint. The server announces its own path; behind a proxy that removes a
 * prefix, that path does not exist.
 *
 * @param {ProbeContext} context
 * @param {URL} endpoint
 * @param {unknown} body
 */
async function postTo(context, endpoint, body) {
  try {
    const { response } = await call(context, { url: endpoint.href, body });
    if (response.status !== 202) {
      throw new ProbeError("wrong_answer", `status ${response.status}, which takes no message`);
    }
  } catch (error) {
    const { pathname } = new URL(context.url);
    if (!(error instanceof ProbeError) || endpoint.pathname === pathname) throw error;
    const message = `the stream is at ${pathname}, but names ${endpoint.pathname} for messages, ` +
      `where the answer is ${error.message}`;
    throw new ProbeError("wrong_answer", message, { topic: "prefix" });
  }
}

/** @param {any} value */
function requireResult(value) {
  if (value?.result !== undefined) return;
  const message = value?.error?.message ?? "the answer is no JSON-RPC response";
  throw new ProbeError("wrong_answer", String(message), {
    isFromServer: value?.error !== undefined,
  });
}

/**
 * @param {ProbeContext} context
 * @param {string} method
 * @param {object} [params]
 */
function modern({ url }, method, params = {}) {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": MODERN_VERSION,
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": CLIENT_INFO,
  };
  return {
    url,
    headers: { accept: BOTH_TYPES, "mcp-protocol-version": MODERN_VERSION, "mcp-method": method },
    body: request(method, { ...params, _meta }),
  };
}

/** @param {string} protocolVersion */
function initialize(protocolVersion) {
  return request("initialize", { protocolVersion, capabilities: {}, clientInfo: CLIENT_INFO });
}

/** @param {string} method @param {object} [params] */
function request(method, params = {}) {
  return { jsonrpc: "2.0", id: "doctor", method, params };
}

/** @param {string} method */
function notification(method) {
  return { jsonrpc: "2.0", method };
}

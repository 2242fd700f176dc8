/**
 * One request of the doctor, and what can go wrong with it. No runtime is named here: the same code
 * runs in the page and on the command line.
 *
 * @module
 */
import { readRefusal } from "../../static/shared/refusal.js";

/**
 * What went wrong: `network`, no answer at all; `held`, no answer or no byte of one in time;
 * `redirected`; `refused`, a status that is an error; `wrong_answer`, another answer than was asked
 * for; `cut`, a stream that ended too soon.
 *
 * @typedef {"network" | "held" | "redirected" | "refused" | "wrong_answer" | "cut"} ProbeErrorKind
 */

/**
 * @typedef {object} ProbeRequest a request to send
 * @property {string} [method] POST unless told otherwise
 * @property {string} url
 * @property {Record<string, string>} [headers]
 * @property {unknown} [body] sent as JSON
 * @property {number} [withinMs] time for the headers of the answer
 */

/**
 * @typedef {object} ProbeContext what all probes work with
 * @property {string} url the endpoint
 * @property {string} plainUrl the URL of the plain dialect
 * @property {typeof globalThis.fetch} fetch
 * @property {Record<string, string>} headers sent with every request
 * @property {number} patienceMs time for an answer that should come at once
 * @property {number} stepMs time between two of the events that are sent to see how they come
 * @property {AbortSignal} signal stops everything
 */

/** Most characters of a refusal that are read. */
const MAX_BODY = 2_000;

export class ProbeError extends Error {
  /**
   * @param {ProbeErrorKind} kind
   * @param {string} message
   * @param {object} [details]
   * @param {number} [details.status]
   * @param {boolean} [details.isFromServer] the MCP server refused, not a proxy before it
   * @param {Headers} [details.headers] of the answer
   * @param {import("./proxies.js").Topic} [details.topic] what the wrong setting is for
   * @param {string} [details.refusedHost] the `Host` that the MCP server refused
   */
  constructor(kind, message, { status, isFromServer = false, headers, topic, refusedHost } = {}) {
    super(message);
    this.name = "ProbeError";
    this.kind = kind;
    this.status = status;
    this.isFromServer = isFromServer;
    this.headers = headers;
    this.topic = topic;
    this.refusedHost = refusedHost;
  }
}

/**
 * Sends a request and waits for the headers of its answer.
 *
 * @param {ProbeContext} context
 * @param {ProbeRequest} ask
 * @returns {Promise<{ response: Response, ms: number, abort: AbortController }>} `abort` leaves
 * @throws {ProbeError} `network`, `held` or `redirected`
 */
export async function send(context, ask) {
  const abort = new AbortController();
  const withinMs = ask.withinMs ?? context.patienceMs;
  const held = new ProbeError("held", `no answer within ${seconds(withinMs)}`);
  const timer = setTimeout(() => abort.abort(held), withinMs);
  const signal = AbortSignal.any([abort.signal, context.signal]);
  // Called as a plain function: a browser's own fetch refuses any other `this`.
  const { fetch } = context;
  const startedAt = performance.now();
  try {
    const response = await fetch(ask.url, initOf(context, ask, signal));
    refuseRedirect(response);
    return { response, ms: performance.now() - startedAt, abort };
  } catch (error) {
    throw asProbeError(error, abort.signal, context.signal);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Sends a JSON-RPC message and reads an answer that is JSON, or none.
 *
 * @param {ProbeContext} context
 * @param {ProbeRequest} ask
 * @returns {Promise<{ response: Response, ms: number, value: any }>}
 * @throws {ProbeError}
 */
export async function call(context, ask) {
  const { response, ms, abort } = await send(context, ask);
  const timer = setTimeout(() => abort.abort(), context.patienceMs);
  try {
    if (!response.ok) throw await refusal(response);
    const text = await response.text();
    return { response, ms, value: text === "" ? undefined : parsed(text, response) };
  } catch (error) {
    throw error instanceof ProbeError ? error : new ProbeError("cut", "the answer broke off");
  } finally {
    clearTimeout(timer);
  }
}

/**
 * A status that is an error, with what its body says.
 *
 * @param {Response} response
 */
export async function refusal(response) {
  const { status, headers } = response;
  const text = (await response.text().catch(() => "")).slice(0, MAX_BODY);
  const refused = readRefusal(text);
  if (refused !== undefined) {
    const { message, data } = refused;
    const refusedHost = typeof data?.host === "string" ? data.host : undefined;
    return new ProbeError("refused", message, { status, isFromServer: true, headers, refusedHost });
  }
  return new ProbeError("refused", `status ${status}`, { status, headers });
}

/** @param {number} ms */
export function seconds(ms) {
  return `${(ms / 1000).toFixed(ms < 9_950 ? 1 : 0)} s`;
}

/** @param {ProbeContext} context @param {ProbeRequest} ask @param {AbortSignal} signal @returns {RequestInit} */
function initOf({ headers }, ask, signal) {
  const hasBody = ask.body !== undefined;
  return {
    method: ask.method ?? "POST",
    headers: {
      ...(hasBody && { "content-type": "application/json" }),
      ...headers,
      ...ask.headers,
    },
    ...(hasBody && { body: JSON.stringify(ask.body) }),
    redirect: "manual",
    cache: "no-store",
    signal,
  };
}

/** @param {Response} response */
function refuseRedirect(response) {
  if (response.type !== "opaqueredirect" && Math.floor(response.status / 100) !== 3) return;
  const location = response.headers.get("location");
  void response.body?.cancel();
  throw new ProbeError("redirected", `redirected to ${location ?? "another address"}`, {
    status: response.status,
    headers: response.headers,
  });
}

/** @param {unknown} error @param {AbortSignal} own @param {AbortSignal} outer */
function asProbeError(error, own, outer) {
  if (outer.aborted) return outer.reason;
  if (own.reason instanceof ProbeError) return own.reason;
  if (error instanceof ProbeError) return error;
  return new ProbeError("network", rootMessage(error));
}

/** What is at the bottom of it: "fetch failed" alone helps nobody. @param {unknown} error */
function rootMessage(error) {
  let root = error;
  while (root instanceof Error && root.cause instanceof Error) root = root.cause;
  return root instanceof Error ? root.message : String(root);
}

/** @param {string} text @param {Response} response */
function parsed(text, response) {
  try {
    return JSON.parse(text);
  } catch {
    const type = response.headers.get("content-type") ?? "no content type";
    throw new ProbeError(
      "wrong_answer",
      `status ${response.status} with ${type}, which is not JSON`,
      {
        status: response.status,
        headers: response.headers,
      },
    );
  }
}

/**
 * One request of the doctor. No runtime is named here: the same code runs in the page and on the
 * command line. Whatever the server sends, time and memory are bounded.
 *
 * @module
 */
import { tryParse } from "../../static/shared/json.js";
import { readRefusal } from "../../static/shared/refusal.js";
import { ProbeError, tooMuch } from "./probe_error.js";

/**
 * @typedef {object} ProbeRequest a request to send
 * @property {string} [method] POST unless told otherwise
 * @property {string} url
 * @property {Record<string, string>} [headers]
 * @property {unknown} [body] sent as JSON
 * @property {number} [withinMs] time for the headers of the answer
 *
 * @typedef {object} ProbeContext what all probes work with
 * @property {string} url the endpoint
 * @property {string} plainUrl the URL of the plain dialect
 * @property {string} infoUrl the URL of the server's information about itself
 * @property {typeof globalThis.fetch} fetch
 * @property {Record<string, string>} headers sent with every request
 * @property {number} patienceMs time for an answer that should come at once
 * @property {number} stepMs time between two of the events that are sent to see how they come
 * @property {AbortSignal} signal stops everything
 *
 * @typedef {object} ProbeResponse whose headers have come
 * @property {Response} response
 * @property {number} ms from the request to the headers
 * @property {AbortController} abort leaves
 * @property {AbortSignal} signal of `abort`, and of the whole examination
 */

/** Most bytes of an answer that are read; lists of many tools are long. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
/** Most bytes of a refusal that are read. */
const MAX_REFUSAL_BYTES = 64 * 1024;

/**
 * Sends a request and waits for the headers of its answer.
 *
 * @param {ProbeContext} context
 * @param {ProbeRequest} request
 * @returns {Promise<ProbeResponse>}
 * @throws {ProbeError} `network`, `held` or `redirected`
 */
export async function send(context, request) {
  const abort = new AbortController();
  const withinMs = request.withinMs ?? context.patienceMs;
  const held = new ProbeError("held", `no answer within ${seconds(withinMs)}`);
  const timer = setTimeout(() => abort.abort(held), withinMs);
  const signal = AbortSignal.any([abort.signal, context.signal]);
  // Called as a plain function: a browser's own fetch refuses any other `this`.
  const { fetch } = context;
  const startedAt = performance.now();
  try {
    const response = await fetch(request.url, initOf(context, request, signal));
    refuseRedirect(response);
    return { response, ms: performance.now() - startedAt, abort, signal };
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
 * @param {ProbeRequest} request
 * @returns {Promise<{ response: Response, ms: number, value: any }>}
 * @throws {ProbeError}
 */
export async function call(context, request) {
  const sent = await send(context, request);
  const { response, ms } = sent;
  if (!response.ok) throw await refusal(context, sent);
  const text = await readBody(context, sent, MAX_ANSWER_BYTES);
  context.signal.throwIfAborted();
  return { response, ms, value: text === "" ? undefined : parsed(text, response) };
}

/**
 * A status that is an error, with what its body says.
 *
 * @param {ProbeContext} context
 * @param {ProbeResponse} sent
 */
export async function refusal(context, sent) {
  const { status, headers } = sent.response;
  // A body that breaks off, or is too long, tells nothing; the status does.
  const text = await readBody(context, sent, MAX_REFUSAL_BYTES).catch(() => "");
  const refused = readRefusal(text);
  if (refused === undefined) {
    return new ProbeError("refused", `status ${status}`, { status, headers });
  }
  const { message, data } = refused;
  return new ProbeError("refused", message, {
    status,
    isFromServer: true,
    headers,
    ...(typeof data?.host === "string" && { refusedHost: data.host }),
  });
}

/** @param {number} ms */
export function seconds(ms) {
  return `${(ms / 1000).toFixed(ms < 9_950 ? 1 : 0)} s`;
}

/**
 * Waits, unless the examination is stopped meanwhile.
 *
 * @param {ProbeContext} context
 * @param {number} ms
 */
export async function pause({ signal }, ms) {
  await new Promise((resolve) => setTimeout(resolve, ms));
  signal.throwIfAborted();
}

/**
 * Reads a body within the patience.
 *
 * @param {ProbeContext} context
 * @param {ProbeResponse} sent
 * @param {number} maxBytes
 * @throws {ProbeError} `cut` or `too_much`
 */
async function readBody({ patienceMs }, { response, abort, signal }, maxBytes) {
  const reader = response.body?.getReader();
  if (reader === undefined) return "";
  const cancel = () => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", cancel, { once: true });
  const timer = setTimeout(() => abort.abort(), patienceMs);
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      bytes += part.value.byteLength;
      if (bytes > maxBytes) throw tooMuch("the answer", maxBytes);
      text += decoder.decode(part.value, { stream: true });
    }
    if (signal.aborted) throw new ProbeError("cut", "the answer did not end in time");
    return text;
  } catch (error) {
    abort.abort();
    throw error instanceof ProbeError ? error : new ProbeError("cut", "the answer broke off");
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", cancel);
  }
}

/** @param {ProbeContext} context @param {ProbeRequest} request @param {AbortSignal} signal @returns {RequestInit} */
function initOf({ headers }, request, signal) {
  const hasBody = request.body !== undefined;
  return {
    method: request.method ?? "POST",
    headers: {
      ...(hasBody && { "content-type": "application/json" }),
      ...headers,
      ...request.headers,
    },
    ...(hasBody && { body: JSON.stringify(request.body) }),
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

/** The innermost cause: "fetch failed" alone helps nobody. @param {unknown} error */
function rootMessage(error) {
  let root = error;
  while (root instanceof Error && root.cause instanceof Error) root = root.cause;
  return root instanceof Error ? root.message : String(root);
}

/** @param {string} text @param {Response} response */
function parsed(text, { status, headers }) {
  const value = tryParse(text);
  if (value !== undefined) return value;
  const type = headers.get("content-type") ?? "no content type";
  throw new ProbeError("wrong_answer", `status ${status} with ${type}, which is not JSON`, {
    status,
    headers,
  });
}

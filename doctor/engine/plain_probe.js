/**
 * The plain dialect, measured: one stream on which requests are answered at a steady pace, and its
 * end.
 *
 * @module
 */
import { judgeDelivery } from "./delivery.js";
import { ProbeError } from "./probe_error.js";
import { call, pause, seconds } from "./request.js";
import { TracedStream } from "./traced_stream.js";

/**
 * @typedef {import("./request.js").ProbeContext} ProbeContext
 * @typedef {object} EventsMeasured how the events of a stream came through
 * @property {number} headersMs
 * @property {number} firstByteMs
 * @property {string | undefined} contentEncoding of the stream
 * @property {import("./delivery.js").Delivery | undefined} delivery undefined where too few came
 */

/** Events that are sent; enough to tell those that come alone from a burst. */
const STEPS = 8;
const EVENT_STREAM = "text/event-stream";
/** Asks for slower pings; the response header of the same name has the granted interval. */
export const PING_HEADER = "mcp-ping-interval-ms";
export const ID_HEADER = "mcp-connection-id";

/**
 * Opens a plain stream.
 *
 * @param {ProbeContext} context
 * @param {{ body?: unknown, headers?: Record<string, string>, withinMs?: number }} [options]
 * @returns {Promise<TracedStream>} whose welcome has come
 * @throws {ProbeError}
 */
export async function openPlain(context, { headers, ...options } = {}) {
  const stream = await TracedStream.open(context, {
    url: context.plainUrl,
    headers: { accept: EVENT_STREAM, ...headers },
    ...options,
  });
  const welcome = await stream.find(({ event }) => event === "welcome", context.patienceMs);
  if (welcome !== undefined) return stream;
  const first = stream.events[0];
  await stream.leave();
  if (first === undefined) throw new ProbeError("held", "a stream, but no event of it");
  throw new ProbeError("wrong_answer", `a stream that begins with "${first.event}", not a welcome`);
}

/**
 * Measures how events come, then ends the stream by DELETE. The events are the answers to requests
 * that are sent at a steady pace, so no tool is needed.
 *
 * @param {ProbeContext} context
 * @param {(events: EventsMeasured) => void} onEvents told even if what follows fails
 * @throws {ProbeError}
 */
export async function probePlain(context, onEvents) {
  const stream = await openPlain(context);
  try {
    const error = await sendPaced(context, stream);
    const last = await stream.find(answerTo(idOfStep(STEPS)), context.patienceMs);
    onEvents(measure(stream, context, ({ json }) => isStep(json?.id)));
    if (error !== undefined) throw error;
    if (last === undefined) throw nothingMore(stream);
    await end(context, stream);
  } finally {
    await stream.leave();
  }
}

/**
 * Sends pings for an open stream at a steady pace, without waiting for their answers.
 *
 * @param {ProbeContext} context
 * @param {TracedStream} stream
 * @returns {Promise<unknown>} the first error of them
 */
async function sendPaced(context, stream) {
  /** @type {unknown} */
  let error;
  const sent = [];
  for (let i = 1; i <= STEPS && error === undefined; i++) {
    sent.push(sendPing(context, stream, idOfStep(i)).catch((why) => error ??= why));
    await pause(context, context.stepMs);
  }
  await Promise.all(sent);
  return error;
}

/** @param {number} number */
function idOfStep(number) {
  return `step-${number}`;
}

/** @param {unknown} id */
function isStep(id) {
  return typeof id === "string" && id.startsWith("step-");
}

/**
 * Measures a stream that ends by itself: a proxy that holds everything back delivers it then. It
 * needs the built-in tool `countdown`.
 *
 * @param {ProbeContext} context
 * @returns {Promise<EventsMeasured>}
 * @throws {ProbeError}
 */
export async function probeEndingStream(context) {
  const stream = await TracedStream.open(context, {
    url: context.url,
    headers: { accept: `application/json, ${EVENT_STREAM}` },
    body: countdown(context),
    withinMs: countdownMs(context),
  });
  try {
    await stream.waitFor(() => false, countdownMs(context));
    const isProgress = (/** @type {{ json: any }} */ { json }) =>
      json?.method === "notifications/progress";
    return measure(stream, context, isProgress);
  } finally {
    await stream.leave();
  }
}

/**
 * Ends a stream by DELETE.
 *
 * @param {ProbeContext} context
 * @param {TracedStream} stream
 */
async function end(context, stream) {
  const headers = { [ID_HEADER]: idOf(stream) };
  await call(context, { method: "DELETE", url: context.plainUrl, headers });
  await stream.waitFor(() => false, context.patienceMs);
  if (!stream.events.some(({ event }) => event === "close")) {
    throw new ProbeError("cut", "the stream ended without a close event after DELETE");
  }
}

/**
 * Sends a ping for an open stream, whose answer comes on it.
 *
 * @param {ProbeContext} context
 * @param {TracedStream} stream
 * @param {string} id
 * @throws {ProbeError} `held` where the answer does not come, `wrong_answer` where it comes elsewhere
 */
export async function ping(context, stream, id) {
  await sendPing(context, stream, id);
  if (await stream.find(answerTo(id), context.patienceMs) !== undefined) return;
  const when = `within ${seconds(context.patienceMs)}`;
  throw new ProbeError("held", `a request was accepted, but its answer did not come ${when}`);
}

/**
 * @param {ProbeContext} context
 * @param {TracedStream} stream
 * @param {string} id
 */
async function sendPing(context, stream, id) {
  const headers = { [ID_HEADER]: idOf(stream) };
  const body = { jsonrpc: "2.0", id, method: "ping" };
  const { response } = await call(context, { url: context.plainUrl, headers, body });
  if (response.status === 202) return;
  const what = "a request for an open stream was answered apart from it, as if it had come " +
    "without the header Mcp-Connection-Id";
  throw new ProbeError("wrong_answer", what);
}

/** @param {TracedStream} stream @returns {string} */
export function idOf({ events }) {
  return String(events.find(({ event }) => event === "welcome")?.json?.result?.connection_id);
}

/**
 * @param {TracedStream} stream
 * @param {ProbeContext} context
 * @param {(event: import("./traced_stream.js").TracedEvent) => boolean} isCounted
 * @returns {EventsMeasured}
 */
function measure(stream, { stepMs }, isCounted) {
  const steps = stream.events.filter(isCounted);
  return {
    headersMs: stream.headersMs,
    firstByteMs: stream.firstByteMs,
    contentEncoding: stream.headers.get("content-encoding") ?? undefined,
    delivery: judgeDelivery(steps.map(({ at }) => at), stepMs),
  };
}

/** @param {TracedStream} stream */
function nothingMore({ end, silentMs }) {
  return end === undefined
    ? new ProbeError("held", `the stream began, then nothing came for ${seconds(silentMs)}`)
    : new ProbeError("cut", `the stream ended ${seconds(silentMs)} after its last byte`);
}

/** @param {string} id @returns {(event: { json: any }) => boolean} */
function answerTo(id) {
  return ({ json }) => json?.id === id && json.method === undefined;
}

/** Time for the countdown and its answer. @param {ProbeContext} context */
function countdownMs({ stepMs, patienceMs }) {
  return STEPS * stepMs + patienceMs;
}

/** @param {ProbeContext} context */
function countdown({ stepMs }) {
  return {
    jsonrpc: "2.0",
    id: "whole",
    method: "tools/call",
    params: {
      name: "countdown",
      arguments: { from: STEPS, interval_ms: stepMs },
      _meta: { progressToken: "whole" },
    },
  };
}

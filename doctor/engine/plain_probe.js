/**
 * The plain dialect, measured: one stream on which a countdown reports its steps at a steady pace,
 * a second request, and the farewell.
 *
 * @module
 */
import { judgeDelivery } from "./delivery.js";
import { call, ProbeError, seconds } from "./request.js";
import { TracedStream } from "./traced_stream.js";

/**
 * @typedef {import("./request.js").ProbeContext} ProbeContext
 * @typedef {object} EventsMeasured how the events of a stream came through
 * @property {number} headersMs
 * @property {number} firstByteMs
 * @property {string | undefined} contentEncoding of the stream
 * @property {import("./delivery.js").Delivery | undefined} delivery undefined where too few came
 */

/** Steps of the countdown that is called; enough to tell those that come alone from a burst. */
const STEPS = 8;
const EVENT_STREAM = "text/event-stream";
/** Asks for a slower ping; the answer's header of that name tells what was granted. */
export const PING_HEADER = "mcp-ping-interval-ms";
/** The slowest ping that Lifeline grants. */
export const SLOWEST_PING_MS = 600_000;
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
 * Measures how events come, then goes through the rest of the dialect.
 *
 * @param {ProbeContext} context
 * @param {(events: EventsMeasured) => void} onEvents told even if what follows fails
 * @throws {ProbeError}
 */
export async function probePlain(context, onEvents) {
  const stream = await openPlain(context, {
    body: countdown("events", context),
    withinMs: countdownMs(context),
  });
  try {
    const answer = await stream.find(answerTo("events"), countdownMs(context));
    onEvents(measure(stream, context));
    if (answer === undefined) throw nothingMore(stream);
    await talk(context, stream);
  } finally {
    await stream.leave();
  }
}

/**
 * Measures a stream that ends by itself: what a proxy holds back until the end comes then.
 *
 * @param {ProbeContext} context
 * @returns {Promise<EventsMeasured>}
 * @throws {ProbeError}
 */
export async function probeEndingStream(context) {
  const stream = await TracedStream.open(context, {
    url: context.url,
    headers: { accept: `application/json, ${EVENT_STREAM}` },
    body: countdown("whole", context),
    withinMs: countdownMs(context),
  });
  try {
    await stream.waitFor(() => false, countdownMs(context));
    return measure(stream, context);
  } finally {
    await stream.leave();
  }
}

/**
 * A further request on the open stream, and its end by DELETE.
 *
 * @param {ProbeContext} context
 * @param {TracedStream} stream
 */
async function talk(context, stream) {
  await ping(context, stream, "talk");
  const url = context.plainUrl;
  const headers = { [ID_HEADER]: idOf(stream) };
  await call(context, { method: "DELETE", url, headers });
  await stream.waitFor(() => false, context.patienceMs);
  if (!stream.events.some(({ event }) => event === "close")) {
    throw new ProbeError("cut", "the stream did not say goodbye after DELETE");
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
  const headers = { [ID_HEADER]: idOf(stream) };
  const body = { jsonrpc: "2.0", id, method: "ping" };
  const { response } = await call(context, { url: context.plainUrl, headers, body });
  if (response.status !== 202) {
    const what = "a request for an open stream was answered apart from it, as if it had come " +
      "without the header Mcp-Connection-Id";
    throw new ProbeError("wrong_answer", what);
  }
  if (await stream.find(answerTo(id), context.patienceMs) !== undefined) return;
  const when = `within ${seconds(context.patienceMs)}`;
  throw new ProbeError("held", `a request was taken, but its answer did not come ${when}`);
}

/** @param {TracedStream} stream @returns {string} */
export function idOf({ events }) {
  return String(events.find(({ event }) => event === "welcome")?.json?.result?.connection_id);
}

/** @param {TracedStream} stream @param {ProbeContext} context @returns {EventsMeasured} */
function measure(stream, { stepMs }) {
  const steps = stream.events.filter(({ json }) => json?.method === "notifications/progress");
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

/** @param {string} id @param {ProbeContext} context */
function countdown(id, { stepMs }) {
  return {
    jsonrpc: "2.0",
    id,
    method: "tools/call",
    params: {
      name: "countdown",
      arguments: { from: STEPS, interval_ms: stepMs },
      _meta: { progressToken: id },
    },
  };
}

/**
 * Measures how long a silence the path survives, with two streams: one with the server's usual
 * keepalives, and one on which the server is asked to be silent for longer.
 *
 * @module
 */
import { openPlain, ping, PING_HEADER } from "./plain_probe.js";
import { ProbeError } from "./probe_error.js";

/**
 * The outcome of a watched stream. `alive`: open to the end of the watch; `cut`: ended without a
 * close event, so by something in between; `lost`: still open, but nothing arrives any more;
 * `closed`: by the server, with a reason; `left`: the doctor was stopped; the kind of an error: the
 * stream did not open.
 *
 * @typedef {object} IdleResult
 * @property {"alive" | "cut" | "lost" | "closed" | "left" |
 *   import("./probe_error.js").ProbeErrorKind} outcome
 * @property {number} pingIntervalMs as the server tells it; NaN where it does not
 * @property {number} keepalives that came
 * @property {number} forMs how long it was watched
 * @property {number} survivedMs the longest silence that it survived
 * @property {number | undefined} silentMs before the cut, the silence in which it came
 * @property {string | undefined} closeReason
 */

/**
 * @typedef {import("./request.js").ProbeContext} ProbeContext
 * @typedef {import("./traced_stream.js").TracedStream} TracedStream
 */

/** The longest silence that can be asked for (ms); servers grant little more. */
export const MAX_IDLE_MS = 540_000;
/** Longest wait for one keepalive, where no time was given (ms). */
const MAX_USUAL_MS = 60_000;

/**
 * Watches a stream with the server's usual keepalives: until one has come, or for `forMs`.
 *
 * @param {ProbeContext} context
 * @param {number} [forMs]
 * @returns {Promise<IdleResult>} never rejects
 */
export async function watchUsual(context, forMs) {
  return await watch(context, {}, async (stream) => {
    if (forMs !== undefined) return await stream.waitFor(() => false, forMs);
    const intervalMs = intervalOf(stream);
    const limitMs = Math.min(intervalMs || MAX_USUAL_MS, MAX_USUAL_MS) + context.patienceMs;
    await stream.find(isPing, limitMs);
  });
}

/**
 * Watches a stream that is to be silent for `forMs`, then checks that a message still arrives.
 *
 * @param {ProbeContext} context
 * @param {number} forMs
 * @returns {Promise<IdleResult>} never rejects
 */
export async function watchSilent(context, forMs) {
  // More than needed, because the server limits it, and its first ping may come early.
  const askedMs = Math.ceil(forMs * 2);
  return await watch(context, { [PING_HEADER]: String(askedMs) }, async (stream) => {
    await stream.waitFor(() => stream.events.some(isPing), forMs);
    if (stream.end === undefined) await ping(context, stream, "still-there");
  });
}

/**
 * @param {ProbeContext} context
 * @param {Record<string, string>} headers
 * @param {(stream: TracedStream) => Promise<unknown>} work
 * @returns {Promise<IdleResult>}
 */
async function watch(context, headers, work) {
  let stream;
  try {
    stream = await openPlain(context, { headers });
    await work(stream);
    return summary(stream, "alive");
  } catch (error) {
    if (stream !== undefined) return summary(stream, context.signal.aborted ? "left" : "lost");
    return unopened(error);
  } finally {
    await stream?.leave();
  }
}

/**
 * @param {TracedStream} stream
 * @param {"alive" | "lost" | "left"} otherwise its outcome if it is still open
 * @returns {IdleResult}
 */
function summary(stream, otherwise) {
  const goodbye = stream.events.find(({ event }) => event === "close");
  const outcome = outcomeOf(stream, goodbye !== undefined, otherwise);
  const { longestGapMs, silentMs } = stream;
  return {
    outcome,
    pingIntervalMs: intervalOf(stream),
    keepalives: stream.events.filter(isPing).length,
    forMs: stream.end?.at ?? stream.age,
    survivedMs: outcome === "alive" ? Math.max(longestGapMs, silentMs) : longestGapMs,
    silentMs: outcome === "cut" || outcome === "lost" ? silentMs : undefined,
    closeReason: goodbye?.json?.data?.reason,
  };
}

/**
 * @param {TracedStream} stream
 * @param {boolean} saidGoodbye
 * @param {"alive" | "lost" | "left"} otherwise
 */
function outcomeOf({ end }, saidGoodbye, otherwise) {
  if (otherwise === "left") return otherwise;
  if (saidGoodbye) return "closed";
  if (end?.how === "flooded") return "too_much";
  return end === undefined ? otherwise : "cut";
}

/** @param {unknown} error @returns {IdleResult} */
function unopened(error) {
  return {
    outcome: error instanceof ProbeError ? error.kind : "left",
    pingIntervalMs: NaN,
    keepalives: 0,
    forMs: 0,
    survivedMs: 0,
    silentMs: undefined,
    closeReason: undefined,
  };
}

/** @param {TracedStream} stream */
function intervalOf({ headers }) {
  return Number(headers.get(PING_HEADER) ?? NaN);
}

/** @param {{ event: string }} event */
function isPing({ event }) {
  return event === "ping";
}

/**
 * Whether events that were sent at a steady pace came so, or were held on their way.
 *
 * @module
 */

/**
 * `one_by_one`: as they were sent; `in_lumps`: several at a time; `held`: all at once.
 *
 * @typedef {object} Arrival
 * @property {"one_by_one" | "in_lumps" | "held"} verdict
 * @property {number} count events that came
 * @property {number} lumps groups of events that came together
 * @property {number} intervalMs between two of them when they were sent
 * @property {number} heldMs how long the one held longest was held
 */

/** Fewer events than this prove nothing. */
const MIN_EVENTS = 3;
/** Share of the interval below which two events came together. */
const TOGETHER = 0.25;
/** Share of events that must come alone: a lost packet delays one or two, a buffer delays many. */
const ALONE = 0.7;

/**
 * @param {readonly number[]} times at which the events came (ms)
 * @param {number} intervalMs at which they were sent
 * @returns {Arrival | undefined} undefined for too few events
 */
export function judgeArrival(times, intervalMs) {
  const count = times.length;
  if (count < MIN_EVENTS) return undefined;
  const lumps = lumpsOf(times, intervalMs * TOGETHER);
  const isAlone = lumps.length >= count * ALONE;
  return {
    verdict: lumps.length === 1 ? "held" : isAlone ? "one_by_one" : "in_lumps",
    count,
    lumps: lumps.length,
    intervalMs,
    heldMs: Math.max(...lumps.map((lump) => heldFor(lump, intervalMs))),
  };
}

/**
 * @typedef {{ firstAt: number, lastAt: number, count: number }} Lump events that came together
 * @param {readonly number[]} times
 * @param {number} withinMs of each other
 */
function lumpsOf(times, withinMs) {
  /** @type {Lump[]} */
  const lumps = [];
  for (const at of times) {
    const last = lumps.at(-1);
    if (last === undefined || at - last.lastAt >= withinMs) {
      lumps.push({ firstAt: at, lastAt: at, count: 1 });
    } else {
      last.lastAt = at;
      last.count++;
    }
  }
  return lumps;
}

/**
 * The first event of a lump waited until the last one had been sent.
 *
 * @param {Lump} lump
 * @param {number} intervalMs
 */
function heldFor({ firstAt, lastAt, count }, intervalMs) {
  return Math.max(0, (count - 1) * intervalMs - (lastAt - firstAt));
}

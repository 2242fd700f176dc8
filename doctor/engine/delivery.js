/**
 * Tells whether events that were sent at a steady pace arrived that way, or were held back.
 *
 * @module
 */

/**
 * `one_by_one`: as they were sent; `in_bursts`: several at a time; `held`: all at once.
 *
 * @typedef {object} Delivery
 * @property {"one_by_one" | "in_bursts" | "held"} verdict
 * @property {number} count events that came
 * @property {number} bursts groups of events that came together
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
 * @returns {Delivery | undefined} undefined for too few events
 */
export function judgeDelivery(times, intervalMs) {
  const count = times.length;
  if (count < MIN_EVENTS) return undefined;
  const bursts = burstsOf(times, intervalMs * TOGETHER);
  const isAlone = bursts.length >= count * ALONE;
  return {
    verdict: bursts.length === 1 ? "held" : isAlone ? "one_by_one" : "in_bursts",
    count,
    bursts: bursts.length,
    intervalMs,
    heldMs: Math.max(...bursts.map((burst) => heldFor(burst, intervalMs))),
  };
}

/**
 * @typedef {{ firstAt: number, lastAt: number, count: number }} Burst events that came together
 * @param {readonly number[]} times
 * @param {number} withinMs of each other
 */
function burstsOf(times, withinMs) {
  /** @type {Burst[]} */
  const bursts = [];
  for (const at of times) {
    const last = bursts.at(-1);
    if (last === undefined || at - last.lastAt >= withinMs) {
      bursts.push({ firstAt: at, lastAt: at, count: 1 });
    } else {
      last.lastAt = at;
      last.count++;
    }
  }
  return bursts;
}

/**
 * The first event of a burst waited until the last one had been sent.
 *
 * @param {Burst} burst
 * @param {number} intervalMs
 */
function heldFor({ firstAt, lastAt, count }, intervalMs) {
  return Math.max(0, (count - 1) * intervalMs - (lastAt - firstAt));
}

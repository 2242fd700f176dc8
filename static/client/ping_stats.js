/**
 * How late pings come. The page learns the interval from the pings themselves, as their median gap,
 * which one late ping does not change.
 *
 * @module
 */

/**
 * @typedef {{ count: number, at: number, lateMs: number, missed: number }} PingSample
 * `lateMs` is 0 until a second ping has shown a gap; `missed` counts those skipped before this one
 */

/** How many pings are remembered. */
const MAX_SAMPLES = 60;
/** Number of recent pings that the expected time is computed from, so that no error adds up. */
const BASELINE = 12;

export class PingStats {
  /** @type {PingSample[]} */
  #samples = [];

  get samples() {
    return this.#samples;
  }

  clear() {
    this.#samples = [];
  }

  /**
   * @param {number} count the ping's number, from 1
   * @param {number} at when it arrived, in monotonic ms
   * @returns {PingSample}
   */
  add(count, at) {
    const last = this.#samples.at(-1);
    const missed = last === undefined ? 0 : Math.max(0, count - last.count - 1);
    const sample = { count, at, lateMs: 0, missed };
    this.#samples.push(sample);
    if (this.#samples.length > MAX_SAMPLES) this.#samples.shift();
    sample.lateMs = Math.max(0, at - (this.#expected(count) ?? at));
    return sample;
  }

  /** The usual time between two pings in ms, once two have come. */
  get usualGapMs() {
    /** @type {number[]} */
    const gaps = [];
    let previous = this.#samples[0];
    for (const sample of this.#samples.slice(1)) {
      if (previous !== undefined) gaps.push((sample.at - previous.at) / (sample.missed + 1));
      previous = sample;
    }
    return gaps.sort((a, b) => a - b)[gaps.length >> 1];
  }

  /** When the next ping is due, once two have come. */
  get nextAt() {
    const last = this.#samples.at(-1);
    return last && this.#expected(last.count + 1);
  }

  /**
   * Where ping `count` belongs on the steady beat that the least late of the recent pings show.
   *
   * @param {number} count
   */
  #expected(count) {
    const gap = this.usualGapMs;
    if (gap === undefined) return undefined;
    const starts = this.#samples.slice(-BASELINE).map((sample) => sample.at - sample.count * gap);
    return Math.min(...starts) + count * gap;
  }
}

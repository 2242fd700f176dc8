/**
 * Samples of the ledger over the last minutes: how many connections were open, and how many closed
 * since the sample before, by reason. The number of samples is bounded.
 *
 * @module
 */

/**
 * @typedef {import("./ledger_client.js").LedgerView} LedgerView
 * @typedef {{ at: number, open: number, closed: Record<string, number> }} Sample
 * @typedef {object} Slot
 * @property {number} from ms
 * @property {number | undefined} open at its last sample, where there is one
 * @property {Record<string, number>} closed
 * @property {number} total of those closed
 */

/** Length of the history (ms). */
export const SPAN_MS = 600_000;
/** Length of a slot, in which closes are counted together (ms). */
export const SLOT_MS = 10_000;
/** Spans to show; a young history is shown with a short one (ms). */
const SPANS_MS = [60_000, 120_000, 300_000, SPAN_MS];
/** Bounds the memory, also where samples come faster than the page takes them. */
const MAX_SAMPLES = 600;

export class LedgerHistory {
  /** @type {Sample[]} oldest first */
  #samples = [];
  /** @type {{ opened: number, closed: Record<string, number>, sources: string } | undefined} */
  #last;

  get samples() {
    return this.#samples;
  }

  /**
   * @param {Pick<LedgerView, "opened" | "open" | "closed" | "instances">} ledger
   * @param {number} at ms
   */
  add({ opened, open, closed, instances = [] }, at) {
    // Sums over other instances cannot be compared with the sums before.
    const sources = instances.filter((one) => !one.is_silent).map(({ name }) => name).sort().join();
    if (sources !== (this.#last?.sources ?? sources)) this.#last = undefined;
    // If its counts have shrunk, the server was restarted.
    const isRestarted = this.#last !== undefined && (opened < this.#last.opened ||
      Object.entries(closed).some(([reason, count]) => count < (this.#last?.closed[reason] ?? 0)));
    const before = isRestarted ? {} : this.#last?.closed ?? closed;
    this.#last = { opened, closed, sources };
    this.#samples.push({ at, open, closed: grown(before, closed) });
    const from = at - SPAN_MS;
    while (this.#samples.length > MAX_SAMPLES || (this.#samples[0]?.at ?? at) < from) {
      this.#samples.shift();
    }
  }

  /** How far back there is something to see (ms), in round figures. @param {number} now */
  span(now) {
    const age = now - (this.#samples[0]?.at ?? now);
    return SPANS_MS.find((span) => span >= age) ?? SPAN_MS;
  }

  /** Closes by slots of time, oldest first, up to the one that holds `now`. @param {number} now */
  slots(now) {
    const spanMs = this.span(now);
    const first = Math.floor(now / SLOT_MS) * SLOT_MS - spanMs + SLOT_MS;
    /** @type {Slot[]} */
    const slots = Array.from({ length: spanMs / SLOT_MS }, (_, i) => ({
      from: first + i * SLOT_MS,
      open: undefined,
      closed: {},
      total: 0,
    }));
    for (const { at, open, closed } of this.#samples) {
      const slot = slots[Math.floor((at - first) / SLOT_MS)];
      if (slot === undefined) continue;
      slot.open = open;
      for (const [reason, count] of Object.entries(closed)) {
        slot.closed[reason] = (slot.closed[reason] ?? 0) + count;
        slot.total += count;
      }
    }
    return slots;
  }

  /** How often each reason occurred in the history, most frequent first. */
  reasons() {
    /** @type {Map<string, number>} */
    const sums = new Map();
    for (const { closed } of this.#samples) {
      for (const [reason, count] of Object.entries(closed)) {
        sums.set(reason, (sums.get(reason) ?? 0) + count);
      }
    }
    return [...sums].sort(([, a], [, b]) => b - a);
  }
}

/** Reasons that count more than before. @param {Record<string, number>} before @param {Record<string, number>} now */
function grown(before, now) {
  const more = Object.entries(now)
    .map(([reason, count]) => /** @type {const} */ ([reason, count - (before[reason] ?? 0)]))
    .filter(([, count]) => count > 0);
  return Object.fromEntries(more);
}

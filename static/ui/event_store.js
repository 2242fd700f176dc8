/**
 * The events of the log, bounded in number and size, so that the page can run for days.
 *
 * @module
 */

/**
 * @typedef {{ n: number, kind: string, level: string | undefined, summary: string,
 *   data: string, time: Date }} StoredEvent
 * @typedef {{ hidden: ReadonlySet<string>, text: string, after?: number }} Filter
 *   `after`: only events with a greater number
 */

const MAX_EVENTS = 5_000;
/** In characters. */
const MAX_SIZE = 16_000_000;

export class EventStore {
  /** @type {StoredEvent[]} */
  #events = [];
  #size = 0;
  #count = 0;
  #maxEvents;

  /** @param {number} [maxEvents] */
  constructor(maxEvents = MAX_EVENTS) {
    this.#maxEvents = maxEvents;
  }

  /** Oldest first. */
  get events() {
    return this.#events;
  }

  /** The number of the newest event, from 1; it only grows. */
  get newestNumber() {
    return this.#count;
  }

  /** @param {{ kind: string, level?: string | undefined, summary: string, data: string }} event */
  add({ kind, level, summary, data }) {
    this.#events.push({ n: ++this.#count, kind, level, summary, data, time: new Date() });
    this.#size += data.length;
    // Drops a tenth at once, because shifting a long array for each event is slow.
    if (this.#events.length > this.#maxEvents * 1.1) {
      this.#drop(this.#events.length - this.#maxEvents);
    }
    while (this.#size > MAX_SIZE && this.#events.length > 1) this.#drop(1);
  }

  clear() {
    this.#events = [];
    this.#size = 0;
  }

  /**
   * The newest events that match, newest first.
   *
   * @param {Filter} filter
   * @param {number} limit
   */
  newest({ hidden, text, after = 0 }, limit) {
    const wanted = text.toLowerCase();
    /** @type {StoredEvent[]} */
    const found = [];
    for (let i = this.#events.length - 1; i >= 0 && found.length < limit; i--) {
      const event = this.#events[i];
      if (event === undefined || event.n <= after) break;
      if (!hidden.has(event.kind) && matches(event, wanted)) found.push(event);
    }
    return found;
  }

  /** @param {number} count */
  #drop(count) {
    for (const event of this.#events.splice(0, count)) this.#size -= event.data.length;
  }
}

/** @param {StoredEvent} event @param {string} wanted in lower case */
function matches({ kind, summary, data }, wanted) {
  return wanted === "" || kind.includes(wanted) || summary.toLowerCase().includes(wanted) ||
    data.toLowerCase().includes(wanted);
}

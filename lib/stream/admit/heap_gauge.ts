/** The JavaScript heap, in bytes. */
export interface HeapFigures {
  readonly used: number;
  readonly limit: number;
}

/** How often the heap is measured at most (ms). */
const MEASURE_MS = 250;

/** Whether the heap is fuller than it may be. */
export class HeapGauge {
  readonly #heap: (() => HeapFigures) | undefined;
  readonly #maxPercent: number;
  readonly #now: () => number;
  #isFull = false;
  #measuredAt = -Infinity;

  /**
   * @param heap measures it; undefined where the runtime cannot, and then it is never full
   * @param maxPercent share of its limit that may be in use
   */
  constructor(heap: (() => HeapFigures) | undefined, maxPercent: number, now: () => number) {
    this.#heap = heap;
    this.#maxPercent = maxPercent;
    this.#now = now;
  }

  /** As last measured, a quarter of a second ago at most. */
  isFull(): boolean {
    if (this.#heap === undefined) return false;
    const now = this.#now();
    if (now - this.#measuredAt >= MEASURE_MS) {
      const { used, limit } = this.#heap();
      this.#measuredAt = now;
      this.#isFull = used > limit * this.#maxPercent / 100;
    }
    return this.#isFull;
  }
}

/** The last so many of a row of things: each new one pushes out the oldest. */
export class RingBuffer<T> {
  readonly #max: number;
  readonly #slots: T[] = [];
  /** Where the next one goes. */
  #next = 0;

  constructor(max: number) {
    this.#max = max;
  }

  add(item: T): void {
    this.#slots[this.#next] = item;
    this.#next = (this.#next + 1) % this.#max;
  }

  /** All that are kept, newest first. */
  newestFirst(): T[] {
    const { length } = this.#slots;
    return [
      ...this.#slots.slice(0, this.#next).reverse(),
      ...this.#slots.slice(this.#next, length).reverse(),
    ];
  }
}

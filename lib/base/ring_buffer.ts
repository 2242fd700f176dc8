/** Keeps the newest items, up to a maximum; each new item replaces the oldest. */
export class RingBuffer<T> {
  readonly #max: number;
  readonly #slots: T[] = [];
  /** Index of the next item. */
  #next = 0;

  constructor(max: number) {
    this.#max = max;
  }

  add(item: T): void {
    this.#slots[this.#next] = item;
    this.#next = (this.#next + 1) % this.#max;
  }

  /** All items, newest first. */
  newestFirst(): T[] {
    const { length } = this.#slots;
    return [
      ...this.#slots.slice(0, this.#next).reverse(),
      ...this.#slots.slice(this.#next, length).reverse(),
    ];
  }
}

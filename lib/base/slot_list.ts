/**
 * Things that come and go, each at a place of its own.
 *
 * A `Set` that lives long gets a new table after so many additions, and until the next full
 * collection the old table keeps alive what was in it: of thousands that come and go nearly all. A
 * place is a number, and what has left it is forgotten.
 */
export class SlotList<T> {
  readonly #items: (T | undefined)[] = [];
  readonly #free: number[] = [];

  get size(): number {
    return this.#items.length - this.#free.length;
  }

  /** Returns the place, which is not another's until `delete()` is called with it. */
  add(item: T): number {
    const place = this.#free.pop() ?? this.#items.length;
    this.#items[place] = item;
    return place;
  }

  get(place: number): T | undefined {
    return this.#items[place];
  }

  /** Harmless when nothing is there. */
  delete(place: number): void {
    if (this.#items[place] === undefined) return;
    this.#items[place] = undefined;
    this.#free.push(place);
  }

  /** In no order. What comes in meanwhile may be among it or not. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (const item of this.#items) if (item !== undefined) yield item;
  }
}

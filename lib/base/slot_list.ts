/**
 * A collection for items that are added and removed often. Each item has a numbered slot.
 *
 * Perf: a long-lived `Set` replaces its table now and then, and until the next full garbage
 * collection the old table keeps removed items alive.
 */
export class SlotList<T> {
  readonly #items: (T | undefined)[] = [];
  readonly #free: number[] = [];

  get size(): number {
    return this.#items.length - this.#free.length;
  }

  /** Returns a slot, which is reused only after `delete()`. */
  add(item: T): number {
    const slot = this.#free.pop() ?? this.#items.length;
    this.#items[slot] = item;
    return slot;
  }

  get(slot: number): T | undefined {
    return this.#items[slot];
  }

  /** Does nothing for an empty slot. */
  delete(slot: number): void {
    if (this.#items[slot] === undefined) return;
    this.#items[slot] = undefined;
    this.#free.push(slot);
  }

  /** In no order; items that are added meanwhile may be missing. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (const item of this.#items) if (item !== undefined) yield item;
  }
}

/**
 * Things by their id, oldest first.
 *
 * A `Map` of the things themselves would keep many alive that are gone, see {@linkcode SlotList}; this
 * one has their places.
 */
export class IdMap<T extends { readonly id: string }> {
  readonly #places = new Map<string, number>();
  readonly #things = new SlotList<T>();

  get size(): number {
    return this.#places.size;
  }

  add(thing: T): void {
    this.#places.set(thing.id, this.#things.add(thing));
  }

  get(id: string): T | undefined {
    const place = this.#places.get(id);
    return place === undefined ? undefined : this.#things.get(place);
  }

  /** @returns whether it was there */
  delete(id: string): boolean {
    const place = this.#places.get(id);
    if (place === undefined) return false;
    this.#things.delete(place);
    return this.#places.delete(id);
  }

  /** All values, including those that are added during the iteration. */
  values(): IteratorObject<T, undefined> {
    return this.#places.values().map((place) => this.#things.get(place)!);
  }
}

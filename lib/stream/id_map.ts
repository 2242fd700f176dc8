import { SlotList } from "../base/slot_list.ts";

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

/**
 * A map with a maximum size that drops the least recently used entry. Everything that is counted by a
 * name from clients, such as an address, is in such a map, so that names cannot fill the memory.
 */
export class LruMap<K, V> {
  readonly #max: number;
  /** The least recently used entry comes first. */
  readonly #entries = new Map<K, V>();
  /** The entry used last, so that using it again costs no lookup. */
  #lastKey: K | undefined;
  #lastValue: V | undefined;

  constructor(maxEntries: number) {
    this.#max = maxEntries;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value, which counts as used from now on. */
  get(key: K): V | undefined {
    if (this.#lastValue !== undefined && key === this.#lastKey) return this.#lastValue;
    const value = this.#entries.get(key);
    if (value !== undefined) this.#putLast(key, value);
    return value;
  }

  set(key: K, value: V): void {
    if (value !== undefined && value === this.#lastValue && key === this.#lastKey) return;
    this.#putLast(key, value);
    if (this.#entries.size <= this.#max) return;
    const oldest = this.#entries.keys().next();
    if (!oldest.done) this.delete(oldest.value);
  }

  delete(key: K): void {
    this.#entries.delete(key);
    if (key === this.#lastKey) this.#lastValue = undefined;
  }

  #putLast(key: K, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    this.#lastKey = key;
    this.#lastValue = value;
  }
}

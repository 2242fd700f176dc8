/**
 * A map that holds at most so many entries: the one unused for longest goes first. What clients
 * name (addresses, principals) is counted in such maps only, so that nobody fills the memory with
 * names.
 */
export class LruMap<K, V> {
  readonly #max: number;
  /** The entry unused for longest comes first. */
  readonly #entries = new Map<K, V>();
  /** The last of the entries: who is used again need not be looked up and moved. */
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

import { Shares } from "./shares.ts";

interface Entry<V> {
  readonly owner: string;
  value: V;
}

/**
 * A map with a maximum size, shared by owners such as clients. If it is full, the owner with most
 * entries loses the one it has used least recently, so that no owner can push out those of all others.
 */
export class SharedLruMap<V> {
  readonly #max: number;
  readonly #entries = new Map<string, Entry<V>>();
  /** The keys of each owner, the least recently used first. */
  readonly #keys = new Map<string, Set<string>>();
  readonly #shares = new Shares();

  constructor(maxEntries: number) {
    this.#max = maxEntries;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value, which counts as used from now on. */
  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const keys = this.#keys.get(entry.owner)!;
    keys.delete(key);
    keys.add(key);
    return entry.value;
  }

  /** @param owner of a new entry; one that is there keeps its owner */
  set(key: string, value: V, owner: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      entry.value = value;
      return void this.get(key);
    }
    this.#entries.set(key, { owner, value });
    const keys = this.#keys.get(owner) ?? new Set();
    this.#keys.set(owner, keys.add(key));
    this.#shares.add(owner, 1);
    if (this.#entries.size > this.#max) this.#evict();
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#shares.add(entry.owner, -1);
    const keys = this.#keys.get(entry.owner)!;
    keys.delete(key);
    if (keys.size === 0) this.#keys.delete(entry.owner);
  }

  #evict(): void {
    const [oldest] = this.#keys.get(this.#shares.largest!)!;
    this.delete(oldest!);
  }
}

/**
 * The headers of a request of `node:http`, read in place. A `Headers` would copy and check each of
 * them again, which Node's parser has done.
 */
export class NodeHeaders {
  readonly #raw: readonly string[];
  #values: Map<string, string> | undefined;

  /** @param raw names and values alternating, as they were sent */
  constructor(raw: readonly string[]) {
    this.#raw = raw;
  }

  get(name: string): string | null {
    return this.#byName().get(name.toLowerCase()) ?? null;
  }

  has(name: string): boolean {
    return this.#byName().has(name.toLowerCase());
  }

  forEach(visit: (value: string, name: string, headers: Headers) => void): void {
    for (const [name, value] of this) visit(value, name, this as unknown as Headers);
  }

  keys(): IterableIterator<string> {
    return this.#sorted().map(([name]) => name).values();
  }

  values(): IterableIterator<string> {
    return this.#sorted().map(([, value]) => value).values();
  }

  entries(): IterableIterator<[string, string]> {
    return this.#sorted().values();
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }

  /** Values of one name are joined in their order (Fetch, "get a header value"). */
  #byName(): Map<string, string> {
    if (this.#values !== undefined) return this.#values;
    const values = new Map<string, string>();
    const raw = this.#raw;
    for (let index = 0; index < raw.length; index += 2) {
      const name = raw[index]!.toLowerCase();
      const value = raw[index + 1]!;
      const before = values.get(name);
      values.set(name, before === undefined ? value : `${before}, ${value}`);
    }
    return this.#values = values;
  }

  #sorted(): [string, string][] {
    return [...this.#byName()].sort(([one], [other]) => one < other ? -1 : 1);
  }
}
// Makes `instanceof Headers` true.
Object.setPrototypeOf(NodeHeaders.prototype, Headers.prototype);

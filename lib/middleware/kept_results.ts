interface Entry {
  /** As JSON: what middleware outside changes in one result is not in the next one. */
  readonly text: string;
  readonly until: number;
}

/** How many results are kept, and how many characters of JSON, with their keys. */
export interface KeptLimits {
  readonly maxEntries: number;
  readonly maxCharacters: number;
}

/** Results that are kept for a time. The one unused for longest goes first. */
export class KeptResults {
  readonly #limits: KeptLimits;
  /** The least recently used entry comes first. */
  readonly #entries = new Map<string, Entry>();
  #characters = 0;

  constructor(limits: KeptLimits) {
    this.#limits = limits;
  }

  /** The result as JSON; undefined if there is none, or its time is over. */
  get(key: string, now: number): string | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (now >= entry.until) {
      this.#delete(key, entry);
      return undefined;
    }
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.text;
  }

  /** Keeps a result, unless it is larger than all results together may be. */
  set(key: string, entry: Entry): void {
    const known = this.#entries.get(key);
    if (known !== undefined) this.#delete(key, known);
    const { maxEntries, maxCharacters } = this.#limits;
    const characters = charactersOf(key, entry);
    if (characters > maxCharacters) return;
    this.#entries.set(key, entry);
    this.#characters += characters;
    for (const [oldest, old] of this.#entries) {
      if (this.#entries.size <= maxEntries && this.#characters <= maxCharacters) return;
      this.#delete(oldest, old);
    }
  }

  #delete(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#characters -= charactersOf(key, entry);
  }
}

function charactersOf(key: string, { text }: Entry): number {
  return key.length + text.length;
}

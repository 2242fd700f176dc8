/** Maximum number of names that become labels. */
export const MAX_NAMES = 100;

/**
 * Names that may be labels of metrics: the server's own names, and at most {@linkcode MAX_NAMES},
 * because each name creates a permanent series.
 */
export class LabelAllowlist {
  readonly #isKnown: (name: string) => boolean;
  readonly #names = new Set<string>();

  /** @param isKnown whether a name is one of the server's own at this moment */
  constructor(isKnown: (name: string) => boolean) {
    this.#isKnown = isKnown;
  }

  /** The name, if it may be used as a label. */
  allow(name: unknown): string | undefined {
    if (typeof name !== "string" || !this.#isKnown(name)) return undefined;
    if (this.#names.has(name)) return name;
    if (this.#names.size >= MAX_NAMES) return undefined;
    this.#names.add(name);
    return name;
  }
}

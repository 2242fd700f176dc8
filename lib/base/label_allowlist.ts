/** Most names that figures are told apart by. */
export const MAX_NAMES = 100;

/**
 * Names that may label figures: those the server itself has given out, and only so many of them,
 * as each makes series that stay.
 */
export class LabelAllowlist {
  readonly #isKnown: (name: string) => boolean;
  readonly #names = new Set<string>();

  /** @param isKnown whether a name is one of the server's own, now */
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

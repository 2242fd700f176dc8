/** More bits than an amount has. */
const BITS = 32;
const MAX = 2 ** 31 - 1;

/**
 * What each of many owners has of something, such as bytes. It finds the owner with most without a
 * search: owners are kept in groups by the power of two of their amounts.
 */
export class Shares {
  readonly #amounts = new Map<string, number>();
  readonly #groups: Set<string>[] = Array.from({ length: BITS }, () => new Set());

  /** Changes the amount of an owner; one with nothing is forgotten. */
  add(owner: string, change: number): void {
    const before = this.#amounts.get(owner) ?? 0;
    const amount = before + change;
    const [from, to] = [groupOf(before), groupOf(amount)];
    if (amount > 0) this.#amounts.set(owner, amount);
    else this.#amounts.delete(owner);
    if (from === to) return;
    this.#groups[from]!.delete(owner);
    if (to > 0) this.#groups[to]!.add(owner);
  }

  /** An owner such that no other has twice as much; undefined if nobody has anything. */
  get largest(): string | undefined {
    for (let group = BITS - 1; group > 0; group--) {
      const [owner] = this.#groups[group]!;
      if (owner !== undefined) return owner;
    }
    return undefined;
  }
}

/** The number of bits of an amount; 0 for nothing. */
function groupOf(amount: number): number {
  return amount <= 0 ? 0 : BITS - Math.clz32(Math.min(amount, MAX));
}

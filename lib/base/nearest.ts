/** One typing error in this many characters is likely; more mean another name. */
const CHARACTERS_PER_ERROR = 5;

/**
 * The name that was probably meant.
 *
 * @param known the names to choose from
 * @returns undefined if none is near
 */
export function nearestOf(name: string, known: readonly string[]): string | undefined {
  const [nearest] = known.map((one) => ({ one, distance: distance(name, one) }))
    .filter(({ one, distance }) => distance <= 1 + one.length / CHARACTERS_PER_ERROR)
    .sort((a, b) => a.distance - b.distance);
  return nearest?.one;
}

/** Levenshtein's: characters to insert, delete or replace. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let at = 1; at <= one.length; at++) {
    const next = [at];
    for (let to = 1; to <= other.length; to++) {
      const replaced = row[to - 1]! + (one[at - 1] === other[to - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[to]! + 1, next[to - 1]! + 1));
    }
    row = next;
  }
  return row.at(-1)!;
}

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

/** Characters to insert, delete or replace, and neighbours to swap (optimal string alignment). */
function distance(one: string, other: string): number {
  let before: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let at = 1; at <= one.length; at++) {
    const next = [at];
    for (let to = 1; to <= other.length; to++) {
      const replaced = row[to - 1]! + (one[at - 1] === other[to - 1] ? 0 : 1);
      const isSwapped = one[at - 1] === other[to - 2] && one[at - 2] === other[to - 1];
      const swapped = isSwapped ? before[to - 2]! + 1 : Infinity;
      next.push(Math.min(replaced, row[to]! + 1, next[to - 1]! + 1, swapped));
    }
    [before, row] = [row, next];
  }
  return row.at(-1)!;
}

/** Median and range of what several rounds gave. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly rounds: number;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function spreadOf(values: readonly number[]): Spread {
  return {
    median: median(values),
    min: Math.min(...values),
    max: Math.max(...values),
    rounds: values.length,
  };
}

/** The ratio of each round to the other's round beside it. */
export function ratioOf(values: readonly number[], others: readonly number[]): Spread {
  return spreadOf(values.map((value, round) => value / others[round]!));
}

/** A number with this many significant digits. */
export function digits(value: number, count = 3): string {
  if (!Number.isFinite(value)) return "–";
  if (Math.abs(value) >= 10 ** (count - 1)) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(count)));
}

/** The median with its unit, and the range where there were several rounds: `0.7 × (0.6–0.8)`. */
export function shown({ median, min, max, rounds }: Spread, unit: string): string {
  const middle = `${digits(median)}${unit === "/s" ? "" : " "}${unit}`;
  return rounds === 1 ? middle : `${middle} (${digits(min)}–${digits(max)})`;
}

/** 10,000 for people. */
export function counted(count: number): string {
  return count.toLocaleString("en");
}

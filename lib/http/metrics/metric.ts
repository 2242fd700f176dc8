/**
 * Metrics as plain numbers. Counting is one addition; a scrape or an export asks for the samples.
 *
 * @module
 */

/** One value of a metric, with its labels. */
export interface Sample {
  /** The sample's name, if it differs from the metric's name. */
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** Samples under one name. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  samples(): readonly Sample[];
}

/** All metrics of one app, in the order in which they are shown. */
export class Metrics implements Iterable<Metric> {
  readonly #metrics = new Map<string, Metric>();

  /** @throws {TypeError} when the name is registered already */
  add<F extends Metric>(metric: F): F {
    if (this.#metrics.has(metric.name)) {
      throw new TypeError(`Metric ${metric.name} is registered twice`);
    }
    this.#metrics.set(metric.name, metric);
    return metric;
  }

  [Symbol.iterator](): IterableIterator<Metric> {
    return this.#metrics.values();
  }
}

/** A metric that computes its samples when they are read. */
export function observable(
  type: "counter" | "gauge",
  { name, help }: { readonly name: string; readonly help: string },
  samples: () => readonly Sample[],
): Metric {
  return { name, help, type, samples };
}

/** The sample of a metric without labels. */
export function single(value: number): readonly Sample[] {
  return [{ labels: {}, value }];
}

/** The values of each label, by its name. */
export type LabelSets = Readonly<Record<string, readonly string[]>>;

/** A sample that is counted up. */
interface CountedSample {
  readonly labels: Readonly<Record<string, string>>;
  value: number;
}

/** A number for each combination of labels, of which there are two at most. */
export class Counter implements Metric {
  readonly type = "counter";
  readonly name: string;
  readonly help: string;
  readonly #labels: readonly string[];
  /** By the first label's value, then by the second's: one key of both would be made each time. */
  readonly #counts = new Map<string, Map<string, CountedSample>>();

  /** @param sets the values of each label, all of which are there from the start, at 0 */
  constructor(name: string, help: string, sets: LabelSets = {}) {
    this.name = name;
    this.help = help;
    this.#labels = Object.keys(sets);
    for (const [first, second] of combinations(Object.values(sets))) this.add(0, first, second);
  }

  /** @param first value of the first label, where there is one; and so on */
  add(count: number, first = "", second = ""): void {
    const known = this.#counts.get(first)?.get(second);
    if (known !== undefined) known.value += count;
    else this.#addSample(first, second, count);
  }

  samples(): readonly Sample[] {
    return [...this.#counts.values()].flatMap((rows) => [...rows.values()]);
  }

  #addSample(first: string, second: string, value: number): void {
    const values = [first, second];
    const labels = Object.fromEntries(this.#labels.map((name, index) => [name, values[index]!]));
    const rows = this.#counts.get(first) ?? new Map<string, CountedSample>();
    this.#counts.set(first, rows.set(second, { labels, value }));
  }
}

function combinations(sets: readonly (readonly string[])[]): string[][] {
  return sets.reduce<string[][]>(
    (rows, values) => rows.flatMap((row) => values.map((value) => [...row, value])),
    [[]],
  );
}

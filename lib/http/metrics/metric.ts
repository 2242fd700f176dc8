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

/** By the first label's value, then by the second's: one key of both would be made each time. */
type Counts = Map<string, Map<string, CountedSample>>;

/** A number for each combination of labels, of which there are two at most. */
export class Counter implements Metric {
  readonly type = "counter";
  readonly name: string;
  readonly help: string;
  readonly #sets: LabelSets;
  /** Undefined until the first count or scrape. */
  #counts: Counts | undefined;

  /** @param sets the values of each label, all of which are shown from the start, at 0 */
  constructor(name: string, help: string, sets: LabelSets = {}) {
    this.name = name;
    this.help = help;
    this.#sets = sets;
  }

  /** @param first value of the first label, where there is one; and so on */
  add(count: number, first = "", second = ""): void {
    const sample = this.#counted.get(first)?.get(second);
    if (sample !== undefined) sample.value += count;
    else this.#put(this.#counted, count, first, second);
  }

  samples(): readonly Sample[] {
    return [...this.#counted.values()].flatMap((rows) => [...rows.values()]);
  }

  get #counted(): Counts {
    return this.#counts ??= this.#zeros();
  }

  /** A sample for each combination of labels. */
  #zeros(): Counts {
    const counts: Counts = new Map();
    for (const [first, second] of combinations(Object.values(this.#sets))) {
      this.#put(counts, 0, first, second);
    }
    return counts;
  }

  #put(counts: Counts, value: number, first = "", second = ""): void {
    const values = [first, second];
    const labels = Object.fromEntries(
      Object.keys(this.#sets).map((name, index) => [name, values[index]!]),
    );
    const rows = counts.get(first) ?? new Map<string, CountedSample>();
    counts.set(first, rows.set(second, { labels, value }));
  }
}

function combinations(sets: readonly (readonly string[])[]): string[][] {
  return sets.reduce<string[][]>(
    (rows, values) => rows.flatMap((row) => values.map((value) => [...row, value])),
    [[]],
  );
}

import type { Metric, Sample } from "./metric.ts";

/** What a {@linkcode Histogram} is made of. */
export interface TallyHistogramOptions {
  readonly name: string;
  readonly help: string;
  /** Name of its one label; none for a histogram of one tally. */
  readonly label?: string;
  /** Upper bounds, rising. */
  readonly buckets: readonly number[];
}

/** The values of one label; adding one costs a comparison per bucket and no memory. */
export class HistogramSeries {
  /** Values up to each bound and above the one before. */
  readonly counts: number[];
  count = 0;
  sum = 0;
  readonly #bounds: readonly number[];

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = bounds.map(() => 0);
  }

  add(value: number): void {
    const bounds = this.#bounds;
    this.count++;
    this.sum += value;
    for (let index = 0; index < bounds.length; index++) {
      if (value <= bounds[index]!) {
        this.counts[index]!++;
        return;
      }
    }
  }
}

/**
 * A histogram for the hot path: a caller asks for the series of a label once and adds to it, and
 * the rows are made when they are scraped.
 */
export class Histogram implements Metric {
  readonly type = "histogram";
  readonly name: string;
  readonly help: string;
  readonly #label: string | undefined;
  readonly #buckets: readonly number[];
  readonly #tallies = new Map<string, HistogramSeries>();

  constructor({ name, help, label, buckets }: TallyHistogramOptions) {
    this.name = name;
    this.help = help;
    this.#label = label;
    this.#buckets = buckets;
    if (label === undefined) this.tally();
  }

  /** The tally of a label, from the first time on that it is asked for. */
  tally(label = ""): HistogramSeries {
    const known = this.#tallies.get(label);
    if (known !== undefined) return known;
    const tally = new HistogramSeries(this.#buckets);
    this.#tallies.set(label, tally);
    return tally;
  }

  rows(): readonly Sample[] {
    return [...this.#tallies].flatMap(([label, tally]) => this.#rowsOf(label, tally));
  }

  #rowsOf(value: string, { counts, count, sum }: HistogramSeries): Sample[] {
    const { name } = this;
    const labels = this.#label === undefined ? {} : { [this.#label]: value };
    let total = 0;
    const rows = this.#buckets.map((bound, index) => {
      total += counts[index]!;
      return { metricName: `${name}_bucket`, labels: { le: bound, ...labels }, value: total };
    });
    return [
      ...rows,
      { metricName: `${name}_bucket`, labels: { le: "+Inf", ...labels }, value: count },
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: count },
    ];
  }
}

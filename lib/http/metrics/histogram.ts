import type { Metric, Sample } from "./metric.ts";

/** Options of a {@linkcode Histogram}. */
export interface HistogramOptions {
  readonly name: string;
  readonly help: string;
  /** Name of its only label; absent for a histogram with one series. */
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
  readonly #series = new Map<string, HistogramSeries>();

  constructor({ name, help, label, buckets }: HistogramOptions) {
    this.name = name;
    this.help = help;
    this.#label = label;
    this.#buckets = buckets;
    if (label === undefined) this.series();
  }

  /** The series of a label, from the first time on that it is asked for. */
  series(label = ""): HistogramSeries {
    const known = this.#series.get(label);
    if (known !== undefined) return known;
    const series = new HistogramSeries(this.#buckets);
    this.#series.set(label, series);
    return series;
  }

  samples(): readonly Sample[] {
    return [...this.#series].flatMap(([label, series]) => this.#samplesOf(label, series));
  }

  #samplesOf(value: string, { counts, count, sum }: HistogramSeries): Sample[] {
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

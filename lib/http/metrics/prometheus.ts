import type { Metric as PromMetric } from "prom-client";
import type { Metric } from "./metric.ts";

/** What a scrape is answered with. */
export interface Scrape {
  readonly text: string;
  readonly contentType: string;
}

/**
 * Figures in the text form of Prometheus. prom-client is loaded at the first scrape: it would take
 * a tenth of every start.
 */
export async function scrape(figures: Iterable<Metric>): Promise<Scrape> {
  const { default: Registry } = await import("prom-client/lib/registry.js");
  const registry = new Registry();
  for (const figure of figures) registry.registerMetric(asMetric(figure));
  return { text: await registry.metrics(), contentType: registry.contentType };
}

/** All that prom-client's registry asks of a metric. */
function asMetric(figure: Metric): PromMetric {
  const { name, help, type } = figure;
  const get = () => Promise.resolve({ name, help, type, values: figure.rows() });
  return { name, get } as unknown as PromMetric;
}

/**
 * Metrics in the text form of Prometheus, version 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/).
 *
 * @module
 */
import type { Metric, Sample } from "./metric.ts";

/** Media type of the text form. */
export const PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Writes metrics as Prometheus scrapes them. */
export function prometheusText(metrics: Iterable<Metric>): string {
  return [...metrics].map(metricText).join("\n");
}

function metricText(metric: Metric): string {
  const { name, help, type } = metric;
  const rows = metric.samples().map((row) => `${rowText(name, row)}\n`);
  return `# HELP ${name} ${escape(help)}\n# TYPE ${name} ${type}\n${rows.join("")}`;
}

function rowText(name: string, { metricName, labels, value }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
  return `${metricName ?? name}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${
    numberText(value)
  }`;
}

function escape(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function escapeLabel(text: string | number): string {
  return escape(String(text)).replaceAll('"', '\\"');
}

/** Go's words for numbers without digits. */
function numberText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  return Number.isFinite(value) ? String(value) : value > 0 ? "+Inf" : "-Inf";
}

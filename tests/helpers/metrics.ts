/**
 * Reading what Prometheus scrapes, strictly
 * (https://prometheus.io/docs/instrumenting/exposition_formats/).
 *
 * @module
 */
import type { TestApp } from "./app.ts";

/** One metric, as its HELP and TYPE lines say. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
}

/** One line with a value. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Labels that a sample must have. */
export type Labels = Readonly<Record<string, string>>;

const COMMENT_REGEXP = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/;
const SAMPLE_REGEXP =
  /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\S+)$/;
const LABEL_REGEXP = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"/g;
const TYPES = ["counter", "gauge", "histogram"];

export class Scrape {
  readonly families = new Map<string, Family>();
  readonly samples: readonly Sample[];

  /** @throws {Error} for any line that a scraper would not take, and for a sample given twice */
  constructor(text: string) {
    if (!text.endsWith("\n")) throw new Error("The last line has no line end");
    const samples: Sample[] = [];
    const seen = new Set<string>();
    for (const line of text.split("\n")) {
      if (line === "") continue;
      if (line.startsWith("#")) {
        this.#takeComment(line);
        continue;
      }
      const sample = parseSample(line);
      const family = sample.name.replace(/_(bucket|sum|count)$/, "");
      if (!this.families.has(sample.name) && this.families.get(family)?.type !== "histogram") {
        throw new Error(`No TYPE before ${line}`);
      }
      const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
      if (seen.has(key)) throw new Error(`Given twice: ${line}`);
      seen.add(key);
      samples.push(sample);
    }
    this.samples = samples;
  }

  /** The sum of all samples of that name with at least these labels; NaN if there are none. */
  value(name: string, labels: Labels = {}): number {
    const found = this.of(name, labels);
    return found.length === 0 ? NaN : found.reduce((total, { value }) => total + value, 0);
  }

  /** The samples of that name with at least these labels. */
  of(name: string, labels: Labels = {}): readonly Sample[] {
    return this.samples.filter((sample) =>
      sample.name === name &&
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value)
    );
  }

  /** The values that a label has. */
  labelValues(name: string, label: string): string[] {
    return [...new Set(this.of(name).map(({ labels }) => labels[label] ?? ""))];
  }

  #takeComment(line: string): void {
    const [, kind, name = "", text = ""] = COMMENT_REGEXP.exec(line) ?? [];
    const family = this.families.get(name) ?? { name, help: "", type: "" };
    if (kind === "HELP" && family.help === "") {
      this.families.set(name, { ...family, help: text });
    } else if (kind === "TYPE" && family.type === "" && TYPES.includes(text)) {
      this.families.set(name, { ...family, type: text });
    } else throw new Error(`Not a HELP or TYPE line: ${line}`);
  }
}

function parseSample(line: string): Sample {
  const match = SAMPLE_REGEXP.exec(line);
  if (match === null) throw new Error(`Not a sample: ${line}`);
  const [, name = "", labels = "", value = ""] = match;
  const number = value === "+Inf" ? Infinity : Number(value);
  if (Number.isNaN(number)) throw new Error(`Not a number: ${line}`);
  return {
    name,
    labels: Object.fromEntries(
      [...labels.matchAll(LABEL_REGEXP)].map((
        [, label = "", text = ""],
      ) => [label, unescape(text)]),
    ),
    value: number,
  };
}

function unescape(text: string): string {
  return text.replace(/\\(["\\n])/g, (_, char) => char === "n" ? "\n" : char);
}

/** Scrapes an app with its operator's token. */
export async function scrape(app: TestApp): Promise<Scrape> {
  const response = await app.operate("/metrics");
  if (response.status !== 200) throw new Error(`Scrape got ${response.status}`);
  return new Scrape(await response.text());
}

/**
 * By how much each counter (and each count of a histogram) with a value moved, written as
 * `name{label="value"}`.
 */
export function moved(before: Scrape, after: Scrape): Record<string, number> {
  const moves: Record<string, number> = {};
  for (const { name, labels, value } of after.samples) {
    if (!/_(total|count)$/.test(name)) continue;
    const was = before.of(name, labels).find((sample) =>
      Object.keys(sample.labels).length === Object.keys(labels).length
    );
    const delta = value - (was?.value ?? 0);
    if (delta !== 0) moves[`${name}${labelText(labels)}`] = delta;
  }
  return moves;
}

function labelText(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}

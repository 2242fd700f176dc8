/**
 * Requests and tool calls, by how they ended and how long they took. This is the hot path: where a
 * request ends, one lookup and a few additions are all.
 *
 * @module
 */
import { LabelAllowlist } from "../../base/label_allowlist.ts";
import type { Clock } from "../../base/clock.ts";
import { type ObservedCall, type Outcome, OUTCOMES } from "../../base/observer.ts";
import { ERROR_TABLE } from "../../wire/error_table.ts";
import { METHODS } from "../../wire/methods.ts";
import { type Metrics, observable, type Sample } from "./metric.ts";
import { Histogram, type HistogramSeries } from "./histogram.ts";

/** Label of unknown methods, because clients can send any name. */
const OTHER = "other";
const ALL_OUTCOMES = [...OUTCOMES, ...Object.keys(ERROR_TABLE)] as readonly Outcome[];
const NO_OUTCOMES = Object.fromEntries(ALL_OUTCOMES.map((outcome) => [outcome, 0])) as Readonly<
  Record<Outcome, number>
>;
/** From a quick answer in memory to the default time of a tool call. */
const SECONDS = [0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];

/** Dependencies of {@linkcode CallMetrics}. */
export interface CallMetricsOptions {
  readonly metrics: Metrics;
  /** That of the timer wheel, on which calls note when they begin. */
  readonly clock: Clock;
  /** Whether a tool of that name is registered. */
  readonly hasTool: (name: string) => boolean;
}

/** Counts and times requests and tool calls. */
export class CallMetrics {
  readonly #clock: Clock;
  readonly #toolNames: LabelAllowlist;
  readonly #methods: OutcomeCounters;
  readonly #tools: OutcomeCounters;

  constructor({ metrics, clock, hasTool }: CallMetricsOptions) {
    this.#clock = clock;
    this.#toolNames = new LabelAllowlist(hasTool);
    this.#methods = new OutcomeCounters(metrics, {
      label: "method",
      counter: "lifeline_requests_total",
      counterHelp: "MCP requests that ended, by method and outcome",
      histogram: "lifeline_request_duration_seconds",
      histogramHelp: "Time from an MCP request to its response",
    });
    this.#tools = new OutcomeCounters(metrics, {
      label: "tool",
      counter: "lifeline_tool_calls_total",
      counterHelp: "Tool calls that ended, by tool and outcome",
      histogram: "lifeline_tool_duration_seconds",
      histogramHelp: "Duration of a tool call",
    });
    // Only the protocol's own methods have series of their own.
    for (const method of Object.values(METHODS)) this.#methods.of(method);
    this.#methods.of(OTHER);
  }

  requestFinished({ request, startedAt }: ObservedCall, outcome: Outcome): void {
    const seconds = (this.#clock() - startedAt) / 1000;
    const { method } = request;
    const ends = this.#methods.known(method) ?? this.#methods.of(OTHER);
    ends.add(outcome, seconds);
    if (method === METHODS.callTool) this.#endsOfTool(request.params?.name).add(outcome, seconds);
  }

  #endsOfTool(name: unknown): OutcomeSeries {
    return this.#tools.known(name) ?? this.#tools.of(this.#toolNames.allow(name) ?? OTHER);
  }
}

/** Names of the two metrics of {@linkcode OutcomeCounters}. */
interface OutcomeNames {
  readonly label: string;
  readonly counter: string;
  readonly counterHelp: string;
  readonly histogram: string;
  readonly histogramHelp: string;
}

/** How the requests of one label ended. */
class OutcomeSeries {
  readonly counts: Record<Outcome, number> = { ...NO_OUTCOMES };
  readonly #durations: HistogramSeries;

  constructor(durations: HistogramSeries) {
    this.#durations = durations;
  }

  add(outcome: Outcome, seconds: number): void {
    this.counts[outcome]++;
    this.#durations.add(seconds);
  }
}

/** A counter by outcome and a histogram, of the same things. */
class OutcomeCounters {
  readonly #ends = new Map<string, OutcomeSeries>();
  readonly #histogram: Histogram;

  constructor(metrics: Metrics, names: OutcomeNames) {
    const { label, counter, counterHelp, histogram, histogramHelp } = names;
    metrics.add(
      observable("counter", { name: counter, help: counterHelp }, () => this.#samples(label)),
    );
    this.#histogram = metrics.add(
      new Histogram({ name: histogram, help: histogramHelp, label, buckets: SECONDS }),
    );
  }

  /** Those of a label that there is already. */
  known(label: unknown): OutcomeSeries | undefined {
    return this.#ends.get(label as string);
  }

  of(label: string): OutcomeSeries {
    const known = this.#ends.get(label);
    if (known !== undefined) return known;
    const end = new OutcomeSeries(this.#histogram.series(label));
    this.#ends.set(label, end);
    return end;
  }

  #samples(label: string): Sample[] {
    return [...this.#ends].flatMap(([value, { counts }]) =>
      // Successes and faults of the server are there from the start, so that their first rise is
      // seen as one.
      ALL_OUTCOMES.filter((outcome) =>
        counts[outcome] > 0 || outcome === "ok" || outcome === "internal_error"
      ).map((outcome) => ({ labels: { [label]: value, outcome }, value: counts[outcome] }))
    );
  }
}

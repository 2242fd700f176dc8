/**
 * The metrics as OpenTelemetry, under the same names but without the `_total` that Prometheus
 * wants. Used only if metrics are exported.
 *
 * @module
 */
import type {
  Attributes,
  Histogram,
  Meter,
  Observable,
  ObservableResult,
} from "@opentelemetry/api";
import type { Observer } from "../../base/observer.ts";
import type { OpenTelemetry } from "../../base/telemetry.ts";
import { CONVENTIONAL_SECONDS, SCOPE } from "../../mcp/tracing.ts";
import type { Metrics } from "./metric.ts";
import { AGE_SECONDS, DELAY_SECONDS } from "./server_metrics.ts";

/** Exports what one process measures. */
export class OtelExport {
  readonly #api: OpenTelemetry;
  readonly #meter: Meter;

  /** @param version of the server */
  constructor(api: OpenTelemetry, version: string) {
    this.#api = api;
    this.#meter = api.metrics.getMeter(SCOPE, version);
  }

  /**
   * Has the counters and gauges read at every export.
   *
   * @returns stops that
   */
  exportMetrics(metrics: Metrics): () => void {
    const meter = this.#meter;
    const instruments = new Map<string, Observable>();
    for (const { name, help: description, type } of metrics) {
      const options = { description, unit: unitOf(name) };
      if (type === "counter") {
        instruments.set(name, meter.createObservableCounter(name.replace(/_total$/, ""), options));
      } else if (type === "gauge") {
        instruments.set(name, meter.createObservableGauge(name, options));
      }
    }
    const observe = (result: BatchResult): void => {
      for (const metric of metrics) {
        const instrument = instruments.get(metric.name);
        if (instrument === undefined) continue;
        for (const { value, labels } of metric.samples()) {
          result.observe(instrument, value, asTexts(labels));
        }
      }
    };
    const observed = [...instruments.values()];
    meter.addBatchObservableCallback(observe, observed);
    return () => meter.removeBatchObservableCallback(observe, observed);
  }

  /**
   * Runs under the trace that a request's headers name, unless the HTTP server has seen to that. The
   * server's span has the URL of the request, from which the key to a stream is taken.
   *
   * @param run answers the request
   */
  withTraceContext<T>({ headers, url }: Pick<Request, "headers" | "url">, run: () => T): T {
    const { context, propagation, trace } = this.#api;
    const span = trace.getActiveSpan();
    if (span !== undefined) {
      if (STREAM_KEY_REGEXP.test(url)) span.setAttributes(urlAttributes(url));
      return run();
    }
    return context.with(propagation.extract(context.active(), headers, HEADER_GETTER), run);
  }

  /**
   * Records ages and delays, which are not counts.
   *
   * @param sessionStreams names of the kinds of streams that are whole sessions
   */
  durationObserver(sessionStreams: readonly string[]): Partial<Observer> {
    const seconds = (name: string, buckets: readonly number[], description: string): Histogram =>
      this.#meter.createHistogram(name, {
        description,
        unit: "s",
        advice: { explicitBucketBoundaries: [...buckets] },
      });
    const sessions = seconds(
      "mcp.server.session.duration",
      CONVENTIONAL_SECONDS,
      "The duration of the MCP session as observed on the MCP server",
    );
    const ages = seconds(
      "lifeline_connection_age_seconds",
      AGE_SECONDS,
      "Age of streams as they end",
    );
    const lateness = seconds(
      "lifeline_ping_lateness_seconds",
      DELAY_SECONDS,
      "Delay of pings after they were due",
    );
    const loopDelay = seconds(
      "lifeline_event_loop_delay_seconds",
      DELAY_SECONDS,
      "Delay of the event loop",
    );
    const transport = { "network.transport": "tcp", "network.protocol.name": "http" };
    return {
      connectionClosed: ({ dialect, reason, ageMs }) => {
        ages.record(ageMs / 1000, { dialect, reason });
        if (sessionStreams.includes(dialect)) sessions.record(ageMs / 1000, transport);
      },
      sessionEnded: ({ ageMs, protocolVersion }) =>
        sessions.record(ageMs / 1000, { ...transport, "mcp.protocol.version": protocolVersion }),
      pinged: (latenessMs) => lateness.record(latenessMs / 1000),
      loopDelayed: (ms) => loopDelay.record(ms / 1000),
    };
  }
}

/** The URL of a message to a 2024-11-05 stream holds the stream's id. */
const STREAM_KEY_REGEXP = /([?&]connection_id=)[^&#]*/;

/** The attributes of a URL, with the value replaced that opens a stream (semantic conventions, URL). */
function urlAttributes(url: string): Attributes {
  const full = url.replace(STREAM_KEY_REGEXP, "$1REDACTED");
  return { "url.full": full, "url.query": new URL(full).search.slice(1) };
}

/** Argument of the callback for several instruments. */
interface BatchResult {
  observe(instrument: Observable, ...rest: Parameters<ObservableResult["observe"]>): void;
}

const HEADER_GETTER = {
  keys: (headers: Headers) => [...headers.keys()],
  get: (headers: Headers, key: string) => headers.get(key) ?? undefined,
};

function unitOf(name: string): string {
  if (/_seconds(_total)?$/.test(name)) return "s";
  return /_bytes(_total)?$/.test(name) ? "By" : "1";
}

function asTexts(
  labels: Readonly<Record<string, string | number | undefined>>,
): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, String(value)]));
}

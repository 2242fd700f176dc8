/** The metrics as OpenTelemetry gets them, through an API that notes what it is asked. */
import { assertEquals } from "@std/assert";
import type { OpenTelemetry } from "../../../lib/base/telemetry.ts";
import { Histogram } from "../../../lib/http/metrics/histogram.ts";
import { Counter, Metrics, observable, single } from "../../../lib/http/metrics/metric.ts";
import { OtelExport } from "../../../lib/http/metrics/otel.ts";

/** An API that notes what it is asked for. */
class NotedApi {
  readonly instruments: unknown[] = [];
  readonly recorded: unknown[] = [];
  readonly callbacks = new Set<unknown>();
  meterOf: unknown;
  span: { setAttributes(attributes: unknown): void } | undefined;
  readonly ran: unknown[] = [];

  readonly meter = {
    createObservableCounter: (name: string, options: unknown) =>
      this.#made("counter", name, options),
    createObservableGauge: (name: string, options: unknown) => this.#made("gauge", name, options),
    createHistogram: (name: string, options: unknown) => {
      this.#made("histogram", name, options);
      return { record: (...given: unknown[]) => void this.recorded.push([name, ...given]) };
    },
    addBatchObservableCallback: (callback: unknown, observed: unknown[]) => {
      this.callbacks.add(callback);
      this.recorded.push(["added", observed]);
    },
    removeBatchObservableCallback: (callback: unknown, observed: unknown[]) => {
      this.callbacks.delete(callback);
      this.recorded.push(["removed", observed]);
    },
  };

  readonly api = {
    metrics: {
      getMeter: (...given: unknown[]) => {
        this.meterOf = given;
        return this.meter;
      },
    },
    trace: { getActiveSpan: () => this.span },
    context: {
      active: () => "active",
      with: (context: unknown, run: () => unknown) => {
        this.ran.push(context);
        return run();
      },
    },
    propagation: {
      extract: (
        context: unknown,
        headers: Headers,
        getter: { keys(h: Headers): string[]; get(h: Headers, key: string): unknown },
      ) => ({
        context,
        keys: getter.keys(headers),
        values: [getter.get(headers, "traceparent"), getter.get(headers, "tracestate")],
      }),
    },
  } as unknown as OpenTelemetry;

  #made(kind: string, name: string, options: unknown) {
    this.instruments.push([kind, name, options]);
    return name;
  }
}

Deno.test("counters and gauges are read at every export, with their units, until that is stopped", () => {
  const noted = new NotedApi();
  const otel = new OtelExport(noted.api, "1.2.3");
  assertEquals((noted.meterOf as unknown[])[1], "1.2.3");
  const metrics = new Metrics();
  const counter = metrics.add(new Counter("a_total", "A", { kind: ["x", "y"] }));
  metrics.add(new Counter("b_bytes_total", "B"));
  metrics.add(new Counter("c_seconds_total", "C"));
  metrics.add(new Histogram({ name: "h_seconds", help: "H", buckets: [1] }));
  metrics.add(observable("gauge", { name: "d_bytes", help: "D" }, () => single(5)));
  metrics.add(observable("gauge", { name: "e_seconds", help: "E" }, () => single(6)));
  metrics.add(
    observable("gauge", { name: "f_seconds_x", help: "F" }, () => [{ labels: { n: 1 }, value: 7 }]),
  );
  const stop = otel.exportMetrics(metrics);
  assertEquals(noted.instruments, [
    ["counter", "a", { description: "A", unit: "1" }],
    ["counter", "b_bytes", { description: "B", unit: "By" }],
    ["counter", "c_seconds", { description: "C", unit: "s" }],
    ["gauge", "d_bytes", { description: "D", unit: "By" }],
    ["gauge", "e_seconds", { description: "E", unit: "s" }],
    ["gauge", "f_seconds_x", { description: "F", unit: "1" }],
  ]);
  counter.add(3, "y");
  const observed: unknown[] = [];
  const [callback] = noted.callbacks as Set<(result: unknown) => void>;
  callback!({ observe: (...given: unknown[]) => void observed.push(given) });
  assertEquals(observed, [
    ["a", 0, { kind: "x" }],
    ["a", 3, { kind: "y" }],
    ["b_bytes", 0, {}],
    ["c_seconds", 0, {}],
    ["d_bytes", 5, {}],
    ["e_seconds", 6, {}],
    ["f_seconds_x", 7, { n: "1" }],
  ]);
  stop();
  assertEquals(noted.callbacks.size, 0);
  const names = ["a", "b_bytes", "c_seconds", "d_bytes", "e_seconds", "f_seconds_x"];
  assertEquals(noted.recorded, [["added", names], ["removed", names]]);
});

Deno.test("ages and delays are recorded in seconds; streams that are sessions count as such too", () => {
  const noted = new NotedApi();
  const observer = new OtelExport(noted.api, "1").durationObserver(["http_sse"]);
  const connection = {
    id: "",
    address: "",
    userAgent: "",
    sentBytes: 0,
    reason: "drain",
    ageMs: 1_500,
  };
  observer.connectionClosed?.({ ...connection, dialect: "plain" });
  observer.connectionClosed?.({ ...connection, dialect: "http_sse" });
  observer.sessionEnded?.({ end: "idle", ageMs: 2_500, protocolVersion: "2025-06-18" });
  observer.pinged?.(40);
  observer.loopDelayed?.(30);
  const transport = { "network.transport": "tcp", "network.protocol.name": "http" };
  const session = "mcp.server.session.duration";
  assertEquals(noted.recorded, [
    ["lifeline_connection_age_seconds", 1.5, { dialect: "plain", reason: "drain" }],
    ["lifeline_connection_age_seconds", 1.5, { dialect: "http_sse", reason: "drain" }],
    [session, 1.5, transport],
    [session, 2.5, { ...transport, "mcp.protocol.version": "2025-06-18" }],
    ["lifeline_ping_lateness_seconds", 0.04],
    ["lifeline_event_loop_delay_seconds", 0.03],
  ]);
  const bounds = noted.instruments.map((one) => {
    const [, name, { unit, advice: { explicitBucketBoundaries } }] = one as [
      string,
      string,
      { unit: string; advice: { explicitBucketBoundaries: number[] } },
    ];
    return [name, unit, explicitBucketBoundaries.join(" ")];
  });
  const delays = "0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10";
  assertEquals(bounds, [
    [session, "s", "0.01 0.02 0.05 0.1 0.2 0.5 1 2 5 10 30 60 120 300"],
    [
      "lifeline_connection_age_seconds",
      "s",
      "1 5 15 30 55 65 95 105 120 130 290 310 600 1800 3600 7200",
    ],
    ["lifeline_ping_lateness_seconds", "s", delays],
    ["lifeline_event_loop_delay_seconds", "s", delays],
  ]);
});

Deno.test("without a span of the HTTP server a request runs in the trace that its headers name", () => {
  const noted = new NotedApi();
  const headers = { traceparent: "00-1", "x-other": "1" };
  const request = new Request("http://localhost/mcp?connection_id=secret", { headers });
  assertEquals(new OtelExport(noted.api, "1").withTraceContext(request, () => "answer"), "answer");
  assertEquals(noted.ran, [{
    context: "active",
    keys: ["traceparent", "x-other"],
    values: ["00-1", undefined],
  }]);
});

Deno.test("the span of the HTTP server stays, and loses the key to a stream from its URL", () => {
  for (
    const [url, full, query] of [
      [
        "http://a/mcp?connection_id=secret",
        "http://a/mcp?connection_id=REDACTED",
        "connection_id=REDACTED",
      ],
      [
        "http://a/?x=1&connection_id=s&y=2",
        "http://a/?x=1&connection_id=REDACTED&y=2",
        "x=1&connection_id=REDACTED&y=2",
      ],
      ["http://a/mcp?x=1", undefined, undefined],
      ["http://a/connection_id=1", undefined, undefined],
    ] as const
  ) {
    const noted = new NotedApi();
    const set: unknown[] = [];
    noted.span = { setAttributes: (attributes) => void set.push(attributes) };
    const answer = new OtelExport(noted.api, "1").withTraceContext(new Request(url), () => 5);
    assertEquals([answer, noted.ran], [5, []]);
    assertEquals(set, full === undefined ? [] : [{ "url.full": full, "url.query": query }]);
  }
});

/** What each observed event adds to the metrics, in seconds where an event says milliseconds. */
import { assertEquals } from "@std/assert";
import { CHILD_ENDS, type ServerReport } from "../../../lib/base/server_report.ts";
import { type ObservedConnection, STORE_OPERATIONS } from "../../../lib/base/observer.ts";
import { CallMetrics } from "../../../lib/http/metrics/call_metrics.ts";
import { addServerMetrics } from "../../../lib/http/metrics/gateway_metrics.ts";
import { Histogram } from "../../../lib/http/metrics/histogram.ts";
import { type Metric, Metrics } from "../../../lib/http/metrics/metric.ts";
import { prometheusText } from "../../../lib/http/metrics/prometheus.ts";
import { ServerMetrics } from "../../../lib/http/metrics/server_metrics.ts";
import { StoreMetrics } from "../../../lib/http/metrics/store_metrics.ts";

const STREAMS = ["plain", "http_sse"];
const CONNECTION: ObservedConnection = {
  id: "mcp_sse_1",
  dialect: "plain",
  address: "::1",
  userAgent: "",
  reason: "client_closed",
  ageMs: 1_500,
  sentBytes: 1,
};

/** All values but zeroes, by name and labels; buckets are left out. */
function values(metrics: Iterable<Metric>): Record<string, number> {
  const found: Record<string, number> = {};
  for (const metric of metrics) {
    for (const { metricName = metric.name, labels, value } of metric.samples()) {
      if (value === 0 || metricName.endsWith("_bucket")) continue;
      found[[metricName, ...Object.values(labels)].join(" ")] = value;
    }
  }
  return found;
}

function serverMetrics(): ServerMetrics {
  return new ServerMetrics({
    streams: STREAMS,
    clock: () => 5_000,
    hasTool: (name) => name === "add",
  });
}

Deno.test("each event is counted once, under its label, and nothing before", () => {
  const observer = serverMetrics();
  assertEquals(values(observer.metrics), {});
  observer.connectionClosed(CONNECTION);
  observer.pingFailed();
  observer.pinged(250);
  observer.notificationDropped("progress");
  observer.resultsLost("http_sse", 3);
  const rejection = { method: "GET", path: "/", address: "::1", message: "no" };
  observer.requestRejected("not_found", rejection);
  observer.requestRejected("unauthorized", { ...rejection, auth: { reason: "missing" } });
  observer.sessionOpened("restored");
  observer.sessionEnded({ end: "deleted", ageMs: 2_500, protocolVersion: "2025-06-18" });
  observer.replayed(7);
  observer.replayLost();
  observer.loopDelayed(30);
  observer.unhandledRejection();
  observer.uncaughtError();
  assertEquals(values(observer.metrics), {
    "lifeline_connection_age_seconds_sum plain": 1.5,
    "lifeline_connection_age_seconds_count plain": 1,
    "lifeline_ping_failures_total": 1,
    "lifeline_pings_sent_total": 1,
    "lifeline_ping_lateness_seconds_sum": 0.25,
    "lifeline_ping_lateness_seconds_count": 1,
    "lifeline_notifications_superseded_total progress": 1,
    "lifeline_results_lost_total http_sse": 3,
    "lifeline_rejections_total not_found": 1,
    "lifeline_rejections_total unauthorized": 1,
    "lifeline_credentials_refused_total missing": 1,
    "lifeline_sessions_opened_total restored": 1,
    "lifeline_sessions_ended_total deleted": 1,
    "lifeline_session_age_seconds_sum": 2.5,
    "lifeline_session_age_seconds_count": 1,
    "lifeline_replayed_events_total": 7,
    "lifeline_replay_gaps_total": 1,
    "lifeline_event_loop_delay_seconds_sum": 0.03,
    "lifeline_event_loop_delay_seconds_count": 1,
    "lifeline_unhandled_rejections_total": 1,
    "lifeline_uncaught_errors_total": 1,
  });
});

Deno.test("a request counts by method, a tool call by tool too, with its seconds", () => {
  const metrics = new Metrics();
  const calls = new CallMetrics({ metrics, clock: () => 5_000, hasTool: (name) => name === "add" });
  const finish = (method: string, name?: string, outcome = "ok" as const) =>
    calls.requestFinished({ request: { method, params: { name } }, startedAt: 4_250 }, outcome);
  finish("ping");
  finish("unknown", "add");
  finish("tools/call", "add");
  finish("tools/call", "add");
  finish("tools/call", "unknown");
  calls.requestFinished({ request: { method: "tools/call" }, startedAt: 5_000 }, "timeout");
  const found = values(metrics);
  const total = "lifeline_requests_total";
  const tool = "lifeline_tool_calls_total";
  assertEquals(found, {
    [`${total} ping ok`]: 1,
    [`${total} other ok`]: 1,
    [`${total} tools/call ok`]: 3,
    [`${total} tools/call timeout`]: 1,
    [`${tool} add ok`]: 2,
    [`${tool} other ok`]: 1,
    [`${tool} other timeout`]: 1,
    "lifeline_request_duration_seconds_sum ping": 0.75,
    "lifeline_request_duration_seconds_count ping": 1,
    "lifeline_request_duration_seconds_sum other": 0.75,
    "lifeline_request_duration_seconds_count other": 1,
    "lifeline_request_duration_seconds_sum tools/call": 2.25,
    "lifeline_request_duration_seconds_count tools/call": 4,
    "lifeline_tool_duration_seconds_sum add": 1.5,
    "lifeline_tool_duration_seconds_count add": 2,
    "lifeline_tool_duration_seconds_sum other": 0.75,
    "lifeline_tool_duration_seconds_count other": 2,
  });
});

Deno.test("a series shows successes and internal errors from the start, other outcomes once they are", () => {
  const metrics = new Metrics();
  const calls = new CallMetrics({ metrics, clock: () => 0, hasTool: () => true });
  const outcomes = () => {
    const [requests] = metrics;
    return requests!.samples().filter(({ labels }) => labels.method === "ping")
      .map(({ labels, value }) => [labels.outcome, value]);
  };
  assertEquals(outcomes(), [["ok", 0], ["internal_error", 0]]);
  calls.requestFinished({ request: { method: "ping" }, startedAt: 0 }, "cancelled");
  assertEquals(outcomes(), [["ok", 0], ["cancelled", 1], ["internal_error", 0]]);
});

Deno.test("a value on a bound belongs to the bucket of the bound, one beyond all to none", () => {
  const histogram = new Histogram({ name: "h", help: "h", buckets: [1, 2] });
  for (const value of [1, 1.5, 2, 2.5]) histogram.series().add(value);
  assertEquals(
    prometheusText([histogram]),
    '# HELP h h\n# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="2"} 3\n' +
      'h_bucket{le="+Inf"} 4\nh_sum 7\nh_count 4\n',
  );
});

Deno.test("numbers without digits are written in Go's words", () => {
  const metric: Metric = {
    name: "m",
    help: "m",
    type: "gauge",
    samples: () =>
      [NaN, Infinity, -Infinity, 0, -1.5].map((value, n) => ({ labels: { n, a: "x" }, value })),
  };
  assertEquals(
    prometheusText([metric]).split("\n").slice(2, -1),
    ["NaN", "+Inf", "-Inf", "0", "-1.5"].map((text, n) => `m{n="${n}",a="x"} ${text}`),
  );
});

Deno.test("each operation of a shared store is timed where it succeeds, and counted where it fails", () => {
  const metrics = new Metrics();
  const observer = new StoreMetrics(metrics);
  assertEquals(values(metrics), {});
  observer.storeAsked("append", 40);
  observer.storeFailed("renew");
  observer.appendRefused();
  observer.busEchoed(20);
  observer.callLost();
  const state = { isReady: true, writers: { waiting: 4 } };
  observer.addGauges(state);
  const counted = {
    "lifeline_store_duration_seconds_sum append": 0.04,
    "lifeline_store_duration_seconds_count append": 1,
    "lifeline_store_failures_total renew": 1,
    "lifeline_store_refused_appends_total": 1,
    "lifeline_bus_lag_seconds_sum": 0.02,
    "lifeline_bus_lag_seconds_count": 1,
    "lifeline_calls_lost_total": 1,
  };
  assertEquals(values(metrics), {
    ...counted,
    lifeline_store_up: 1,
    lifeline_store_waiting_streams: 4,
  });
  Object.assign(state, { isReady: false, writers: { waiting: 0 } });
  assertEquals(values(metrics), counted);
});

const CHILD = {
  id: "c",
  policy: "shared",
  state: "up",
  pid: 1,
  clients: 1,
  ageMs: 1,
  calls: 1,
  open: 2,
  queued: 30,
  lastLines: [],
} as const;

Deno.test("the servers behind a gateway are read from their reports at each scrape", () => {
  const ends = Object.fromEntries(CHILD_ENDS.map((end) => [end, 0])) as ServerReport["ends"];
  const report: ServerReport = {
    name: "files",
    path: "/mcp",
    isUp: true,
    why: "",
    starts: 5,
    restarts: 4,
    ends: { ...ends, crashed: 3 },
    calls: 9,
    errors: 2,
    waiting: 6,
    children: [
      CHILD,
      { ...CHILD, state: "starting", open: 5, queued: 0 },
      { ...CHILD, state: "down" },
      { ...CHILD, state: "broken" },
      { ...CHILD, policy: "session" },
    ],
  };
  let reports = [report];
  const metrics = new Metrics();
  addServerMetrics(metrics, { reports: () => reports, restart: () => undefined });
  const name = (rest: string) => `lifeline_gateway_${rest}`;
  assertEquals(values(metrics), {
    [name("server_up files")]: 1,
    [name("server_starts_total files")]: 5,
    [name("server_restarts_total files")]: 4,
    [name("server_ends_total files crashed")]: 3,
    [name("children files shared")]: 2,
    [name("children files session")]: 1,
    [name("requests_total files")]: 9,
    [name("errors_total files")]: 2,
    [name("requests_open files")]: 13,
    [name("requests_waiting files")]: 6,
    [name("queued_characters files")]: 120,
  });
  reports = [{
    ...report,
    isUp: false,
    starts: 0,
    restarts: 0,
    ends,
    calls: 0,
    errors: 0,
    waiting: 0,
    children: [],
  }];
  assertEquals(values(metrics), {});
  assertEquals([...metrics].flatMap((one) => one.samples()).length, 8 + CHILD_ENDS.length + 3);
});

Deno.test("series that are known beforehand are there from the start, at 0", () => {
  const metrics = new Metrics();
  new CallMetrics({ metrics, clock: () => 0, hasTool: () => true });
  new StoreMetrics(metrics);
  const counts = (name: string) => {
    const metric = [...metrics].find((one) => one.name === name);
    return metric?.samples().filter(({ metricName }) => metricName === `${name}_count`) ?? [];
  };
  const methods = counts("lifeline_request_duration_seconds").map(({ labels }) => labels.method);
  assertEquals([methods.includes("ping"), methods.includes("other")], [true, true]);
  assertEquals(counts("lifeline_tool_duration_seconds"), []);
  assertEquals(
    counts("lifeline_store_duration_seconds").map(({ labels }) => labels.operation),
    [...STORE_OPERATIONS],
  );
  assertEquals(counts("lifeline_bus_lag_seconds").map(({ value }) => value), [0]);
});

import {
  CHILD_ENDS,
  CHILD_POLICIES,
  type ServerReport,
  type ServersBehind,
} from "../../base/server_report.ts";
import { type Metrics, observable, type Sample } from "./metric.ts";

/** Adds the metrics of the servers behind a gateway, read from their reports at each scrape. */
export function addServerMetrics(metrics: Metrics, servers: ServersBehind): void {
  const add = (
    kind: "gauge" | "counter",
    name: string,
    help: string,
    samplesOf: (report: ServerReport) => readonly Sample[],
  ): void => {
    const about = { name: `lifeline_gateway_${name}`, help };
    metrics.add(observable(kind, about, () => servers.reports().flatMap(samplesOf)));
  };
  const one = (read: (report: ServerReport) => number) => (report: ServerReport) => [
    { labels: { server: report.name }, value: read(report) },
  ];
  add("gauge", "server_up", "1 while the server is connected", one(({ isUp }) => isUp ? 1 : 0));
  add("counter", "server_starts_total", "Starts of its processes", one(({ starts }) => starts));
  const restarts = "Starts in place of a process that had ended";
  add("counter", "server_restarts_total", restarts, one((report) => report.restarts));
  add(
    "counter",
    "server_ends_total",
    "Ends of its processes, by reason",
    ({ name, ends }) =>
      CHILD_ENDS.map((reason) => ({ labels: { server: name, reason }, value: ends[reason] })),
  );
  add(
    "gauge",
    "children",
    "Processes that run, by who uses them",
    ({ name, children }) =>
      CHILD_POLICIES.map((policy) => ({
        labels: { server: name, policy },
        value: children.filter((child) => child.policy === policy && isRunning(child)).length,
      })),
  );
  add("counter", "requests_total", "Requests that the server was sent", one(({ calls }) => calls));
  const errors = "Requests that failed, and tool results that are errors";
  add("counter", "errors_total", errors, one((report) => report.errors));
  const sum = (key: "open" | "queued") =>
    one(({ children }) => children.reduce((total, child) => total + child[key], 0));
  add("gauge", "requests_open", "Requests that the server has", sum("open"));
  const waiting = "Calls that wait for a free process";
  add("gauge", "requests_waiting", waiting, one((report) => report.waiting));
  const queued = "Text that waits for the server to read, in characters";
  add("gauge", "queued_characters", queued, sum("queued"));
}

function isRunning({ state }: ServerReport["children"][number]): boolean {
  return state === "up" || state === "starting";
}

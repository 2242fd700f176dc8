/**
 * Routes that only the operator may use: streams and metrics.
 *
 * @module
 */
import type { Auth } from "../../auth/auth.ts";
import { ProtocolError } from "../../base/errors.ts";
import { isPromise } from "../../base/promises.ts";
import type { ServersBehind } from "../../base/server_report.ts";
import type { Settings } from "../../base/settings.ts";
import type { MemoryFigures } from "../../stream/admit/memory_gauge.ts";
import type { StreamRegistry } from "../../stream/stream_registry.ts";
import type { SessionTable } from "../../transport/streamable/session_table.ts";
import { noStoreJson } from "../../transport/respond.ts";
import { OperatorCheck, type OperatorRight, type OperatorTokens } from "../steps/operator.ts";
import type { Metrics } from "../metrics/metric.ts";
import { ledgerView } from "./connections_report.ts";
import { findStream } from "./find_stream.ts";
import { PROMETHEUS_TYPE, prometheusText } from "../metrics/prometheus.ts";
import type { RecentEnds } from "../metrics/recent.ts";
import type { Handler, Route } from "../route.ts";

/** Dependencies of the operator's routes. */
export interface AdminRouteDeps {
  readonly streams: StreamRegistry;
  readonly sessions: Pick<SessionTable, "endOf">;
  readonly auth: Auth | undefined;
  /** Whether anybody on the network may call the tools. */
  readonly isOpen: boolean;
  readonly recent: RecentEnds;
  readonly metrics: Metrics;
  readonly heap: (() => MemoryFigures) | undefined;
  /** The servers behind this one, where it is a gateway. */
  readonly servers?: ServersBehind | undefined;
  /** Tells whether the store that instances share carries anything. */
  readonly fleet?: { readonly isReady: boolean } | undefined;
  readonly tokens: OperatorTokens;
  readonly settings: Pick<Settings, "MCP_METRICS_PUBLIC" | "MCP_PUBLIC_URL">;
}

/** The operator's routes, by path. */
export function adminRoutes(deps: AdminRouteDeps): [string, Route][] {
  const { metrics, heap, settings } = deps;
  const operators = new OperatorCheck(deps.tokens, deps.auth);
  const guarded = (right: OperatorRight, handler: Handler): Handler => (request) => {
    const check = operators.check(request, right);
    return isPromise(check) ? check.then(() => handler(request)) : handler(request);
  };
  const showMetrics = () => metricsPage(metrics);
  return [
    ["/mcp/connections", {
      GET: guarded("read", ({ query }) => {
        const wanted = new URLSearchParams(query);
        return noStoreJson(
          ledgerView({ ...deps, heapUsedBytes: heap?.().used ?? 0 }, wanted),
        );
      }),
      DELETE: guarded("admin", ({ query }) => disconnect(deps, new URLSearchParams(query))),
    }],
    ["/metrics", { GET: settings.MCP_METRICS_PUBLIC ? showMetrics : guarded("read", showMetrics) }],
  ];
}

function disconnect(
  { streams, sessions }: AdminRouteDeps,
  query: URLSearchParams,
): Response {
  const id = query.get("id");
  const principal = query.get("principal");
  if (principal !== null && principal !== "") {
    const ended = streams.credentials.end(principal, "disconnected");
    return noStoreJson({ streams: ended, sessions: sessions.endOf(principal) });
  }
  if (id === null || id === "") {
    throw new ProtocolError(
      "invalid_params",
      'Name the connection to close with "?id=", or whose connections and sessions to end with ' +
        '"?principal="',
    );
  }
  findStream(streams, id).close("disconnected");
  return new Response(null, { status: 204 });
}

function metricsPage(metrics: Metrics): Response {
  return new Response(prometheusText(metrics), {
    headers: { "content-type": PROMETHEUS_TYPE, "cache-control": "no-store" },
  });
}

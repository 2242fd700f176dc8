/**
 * What only the operator may see and do: the connections and the metrics.
 *
 * @module
 */
import { ProtocolError } from "../../base/errors.ts";
import type { Settings } from "../../base/settings.ts";
import type { HeapFigures } from "../../stream/admit/heap_gauge.ts";
import type { StreamRegistry } from "../../stream/stream_registry.ts";
import { noStoreJson } from "../../transport/respond.ts";
import { requireAdmin } from "../steps/operator.ts";
import type { Metrics } from "../metrics/metric.ts";
import { ledgerView } from "./connections_report.ts";
import { PROMETHEUS_TYPE, prometheusText } from "../metrics/prometheus.ts";
import type { RecentEnds } from "../metrics/recent.ts";
import type { Handler, Route } from "../route.ts";

/** What the operator's routes look at. */
export interface AdminRouteDeps {
  readonly connections: StreamRegistry;
  readonly recent: RecentEnds;
  readonly figures: Metrics;
  readonly heap: (() => HeapFigures) | undefined;
  readonly settings: Pick<Settings, "MCP_ADMIN_TOKEN" | "MCP_METRICS_PUBLIC" | "MCP_PUBLIC_URL">;
}

/** The operator's routes, by path. */
export function adminRoutes(deps: AdminRouteDeps): [string, Route][] {
  const { connections, recent, figures, heap, settings } = deps;
  const guarded = (handler: Handler): Handler => (request) => {
    requireAdmin(request, settings.MCP_ADMIN_TOKEN);
    return handler(request);
  };
  const showMetrics = () => metricsPage(figures);
  return [
    ["/mcp/connections", {
      GET: guarded(({ query }) => {
        const wanted = new URLSearchParams(query);
        return noStoreJson(
          ledgerView({ connections, recent, heapUsedBytes: heap?.().used ?? 0 }, wanted),
        );
      }),
      DELETE: guarded(({ query }) => disconnect(connections, new URLSearchParams(query).get("id"))),
    }],
    ["/metrics", { GET: settings.MCP_METRICS_PUBLIC ? showMetrics : guarded(showMetrics) }],
  ];
}

function disconnect(connections: StreamRegistry, id: string | null): Response {
  if (id === null || id === "") {
    throw new ProtocolError("invalid_params", 'Name the connection to close with "?id="');
  }
  const connection = connections.get(id);
  if (connection === undefined) {
    throw new ProtocolError("connection_not_found", "No open connection has this id");
  }
  connection.close("disconnected");
  return new Response(null, { status: 204 });
}

function metricsPage(figures: Metrics): Response {
  return new Response(prometheusText(figures), {
    headers: { "content-type": PROMETHEUS_TYPE, "cache-control": "no-store" },
  });
}

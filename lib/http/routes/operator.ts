/**
 * Routes that only the operator may use: streams and metrics.
 *
 * @module
 */
import type { Auth } from "../../auth/auth.ts";
import { logFor } from "../../base/log.ts";
import { isPromise, type MaybePromise } from "../../base/promises.ts";
import type { ServersBehind } from "../../base/server_report.ts";
import { lazy } from "../../base/lazy.ts";
import type { Settings } from "../../base/settings.ts";
import type { Fleet } from "../../fleet/fleet.ts";
import type { MemoryFigures } from "../../stream/admit/memory_gauge.ts";
import type { StreamRegistry } from "../../stream/stream_registry.ts";
import type { SessionTable } from "../../transport/streamable/session_table.ts";
import { noStoreJson } from "../../transport/respond.ts";
import { OperatorCheck, type OperatorRight, type OperatorTokens } from "../steps/operator.ts";
import type { Metrics } from "../metrics/metric.ts";
import type { AllInstances, OwnView } from "./all_instances.ts";
import { ledgerView, readPageQuery } from "./connections_report.ts";
import type { RequestContext } from "../../transport/request_head.ts";
import { act } from "./operator_actions.ts";
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
  /** The instances that share a store, if there are several. */
  readonly fleet?: Fleet | undefined;
  readonly tokens: OperatorTokens;
  readonly settings: Pick<Settings, "MCP_METRICS_PUBLIC" | "MCP_PUBLIC_URL">;
}

/** Answers a request of an operator, who is named for the log. */
type OperatorHandler = (request: RequestContext, operator: string) => MaybePromise<Response>;

const audit = logFor("audit");

/** The operator's routes, by path. */
export function adminRoutes(deps: AdminRouteDeps): [string, Route][] {
  const { metrics, settings } = deps;
  const operators = new OperatorCheck(deps.tokens, deps.auth);
  const guarded = (right: OperatorRight, handler: OperatorHandler): Handler => (request) => {
    const operator = operators.check(request, right);
    return isPromise(operator)
      ? operator.then((settled) => handler(request, settled))
      : handler(request, operator);
  };
  const showMetrics = () => metricsPage(metrics);
  const own = ownView(deps);
  const all = deps.fleet && joinInstances(deps.fleet, own);
  return [
    ["/mcp/connections", {
      GET: guarded("read", async ({ query }) => {
        const wanted = readPageQuery(new URLSearchParams(query));
        return noStoreJson(all === undefined ? own.view(wanted) : await (await all()).view(wanted));
      }),
      DELETE: guarded("admin", async ({ query, client }, operator) => {
        const actors = { connections: await all?.() ?? own, servers: deps.servers };
        const { response, ...what } = await act(actors, new URLSearchParams(query));
        audit.info("Audit", { operator, client_ip: client.address, ...what });
        return response;
      }),
    }],
    ["/metrics", { GET: settings.MCP_METRICS_PUBLIC ? showMetrics : guarded("read", showMetrics) }],
  ];
}

/** The connections of this instance. */
function ownView(deps: AdminRouteDeps): OwnView {
  const { streams, sessions, heap } = deps;
  return {
    view: (wanted) => ledgerView({ ...deps, heapUsedBytes: heap?.().used ?? 0 }, wanted),
    disconnect: (id) => findStream(streams, id).close("disconnected"),
    endPrincipal: (principal, reason = "disconnected") => ({
      streams: streams.credentials.end(principal, reason),
      sessions: sessions.endOf(principal),
    }),
  };
}

/** The connections of all instances; the code for that is loaded when this instance starts. */
function joinInstances(fleet: Fleet, own: OwnView): () => Promise<AllInstances> {
  const load = lazy(async () => {
    const { AllInstances } = await import("./all_instances.ts");
    return new AllInstances(fleet, own);
  });
  fleet.beforeStart(async () => (await load()).serve());
  return load;
}

function metricsPage(metrics: Metrics): Response {
  return new Response(prometheusText(metrics), {
    headers: { "content-type": PROMETHEUS_TYPE, "cache-control": "no-store" },
  });
}

/**
 * Routes that only the operator may use: streams and metrics.
 *
 * @module
 */
import type { Auth } from "../../auth/auth.ts";
import { isPromise, lazy, type MaybePromise } from "../../base/promises.ts";
import type { Settings } from "../../base/settings.ts";
import { OperatorCheck, type OperatorRight, type OperatorTokens } from "../steps/operator.ts";
import type { Metrics } from "../metrics/metric.ts";
import type { RequestContext } from "../../transport/request_head.ts";
import { PROMETHEUS_TYPE, prometheusText } from "../metrics/prometheus.ts";
import type { Handler, Route } from "../route.ts";
import type { ConnectionsParts } from "./connections.ts";

/** Dependencies of the operator's routes. */
export interface AdminRouteDeps extends ConnectionsParts {
  readonly auth: Auth | undefined;
  readonly metrics: Metrics;
  readonly tokens: OperatorTokens;
  readonly settings: Pick<Settings, "MCP_METRICS_PUBLIC" | "MCP_PUBLIC_URL">;
}

/** Answers a request of an operator, who is named for the log. */
type OperatorHandler = (request: RequestContext, operator: string) => MaybePromise<Response>;

/** The operator's routes, by path. The code for the connections is loaded with the first request. */
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
  const load = lazy(async () => (await import("./connections.ts")).openConnections(deps));
  deps.fleet?.beforeStart(async () => (await load()).serveOthers());
  return [
    ["/mcp/connections", {
      GET: guarded("read", async (request) => (await load()).show(request)),
      DELETE: guarded("admin", async (request, operator) => (await load()).end(request, operator)),
    }],
    ["/metrics", { GET: settings.MCP_METRICS_PUBLIC ? showMetrics : guarded("read", showMetrics) }],
  ];
}

function metricsPage(metrics: Metrics): Response {
  return new Response(prometheusText(metrics), {
    headers: { "content-type": PROMETHEUS_TYPE, "cache-control": "no-store" },
  });
}

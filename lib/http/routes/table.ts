import type { Transport } from "../../transport/create_transport.ts";
import type { Route } from "../router.ts";
import { HEALTH_ROUTE, readinessRoute } from "./health.ts";
import { serverInfo } from "./info.ts";
import { type AdminRouteDeps, adminRoutes } from "./operator.ts";

/** The routes of an app, by path. */
export interface RouteTable {
  readonly routes: ReadonlyMap<string, Route>;
  /** Paths that need no authentication: they are public, or ask for the operator's token. */
  readonly openPaths: ReadonlySet<string>;
}

/** Lists what an app serves, besides the pages. */
export function createRoutes(transport: Transport, operator: AdminRouteDeps): RouteTable {
  const info: Route = { GET: () => Response.json(serverInfo(transport.server.profile)) };
  const open: [string, Route][] = [
    ...adminRoutes(operator),
    ["/healthz", HEALTH_ROUTE],
    ["/readyz", readinessRoute(operator.connections)],
  ];
  return {
    routes: new Map<string, Route>([
      ["/mcp", { ...transport.endpoint(false) }],
      ["/mcp/sse", { ...transport.endpoint(true) }],
      ["/mcp/info", info],
      // The older name of `/mcp/info`, which clients use.
      ["/mcp/stdio", info],
      ...open,
    ]),
    openPaths: new Set(open.map(([path]) => path)),
  };
}

import type { Transport } from "../../transport/create_transport.ts";
import { type Dialect, ENDPOINT_URLS, type EndpointUrl } from "../../transport/dialect.ts";
import type { Endpoint } from "../../transport/endpoint.ts";
import type { Route, RouteLoader } from "../route.ts";
import { discoveryRoutes } from "./discovery.ts";
import { HEALTH_ROUTE, readinessRoute } from "./health.ts";
import { homeRoute } from "./home.ts";
import { type EndpointInfo, endpointsOf, serverInfo } from "./info.ts";
import { type AdminRouteDeps, adminRoutes } from "./operator.ts";

/** The routes of an app, by path. */
export interface RouteTable {
  readonly routes: ReadonlyMap<string, Route>;
  /** Paths that need no authentication: they are public, or ask for the operator's token. */
  readonly openPaths: ReadonlySet<string>;
  /** Those of them that pages of any origin may read. */
  readonly publicPaths: ReadonlySet<string>;
  /** Those that only the operator may use, with the page for them. */
  readonly operatorPaths: ReadonlySet<string>;
  /** How to use each path, for server information and the 404 answer. */
  readonly endpoints: readonly EndpointInfo[];
}

/** Lists all routes of an app except the pages. */
export function createRoutes(
  dialects: readonly Dialect[],
  { endpoint, server, sessions }: Transport,
  operator: Omit<AdminRouteDeps, "sessions">,
  pages: RouteLoader,
): RouteTable {
  const endpoints = endpointsOf(dialects, operator.settings.MCP_PUBLIC_URL);
  const info: Route = {
    GET: ({ identity }) => Response.json(serverInfo(server.context, endpoints, identity?.scopes)),
  };
  const discovery = discoveryRoutes(operator.auth);
  const operatorRoutes = adminRoutes({ ...operator, sessions });
  const open: [string, Route][] = [
    ["/", homeRoute(pages, server.context, endpoints)],
    ...discovery,
    ...operatorRoutes,
    ["/healthz", HEALTH_ROUTE],
    ["/readyz", readinessRoute(operator.streams, operator.servers)],
  ];
  return {
    routes: new Map<string, Route>([
      ...ENDPOINT_URLS.map((url) => [url.path, endpointRoute(endpoint, url)] as const),
      ["/mcp/info", info],
      // The older name of `/mcp/info`, which clients use.
      ["/mcp/stdio", info],
      ...open,
    ]),
    openPaths: new Set(open.map(([path]) => path)),
    publicPaths: new Set(discovery.keys()),
    operatorPaths: new Set([...operatorRoutes.map(([path]) => path), "/connections.html"]),
    endpoints,
  };
}

function endpointRoute(endpoint: Endpoint, url: EndpointUrl): Route {
  return {
    GET: (c) => endpoint.get(c, url),
    HEAD: (c) => endpoint.head(c, url),
    POST: (c, body) => endpoint.post(c, body, url),
    DELETE: (c) => endpoint.delete(c, url),
  };
}

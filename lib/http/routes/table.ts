import {
  type Dialect,
  type EndpointUrl,
  endpointUrls,
  MAIN_PATH,
} from "../../transport/dialect.ts";
import type { Endpoint } from "../../transport/endpoint.ts";
import type { PathAccess, PathEntry, Route, RouteLoader } from "../route.ts";
import { discoveryRoutes } from "./discovery.ts";
import { HEALTH_ROUTE, readinessRoute } from "./health.ts";
import { HOME_PATH, homeRoute } from "./home.ts";
import { type EndpointInfo, endpointsOf, serverInfo, underMountPath } from "./info.ts";
import type { Transports } from "../../transport/endpoints/transports.ts";
import { type AdminRouteDeps, adminRoutes } from "./operator.ts";

/** The paths of an app. */
export interface RouteTable {
  /** All but the pages, which everybody may use; those of the operator are here without a route. */
  readonly paths: ReadonlyMap<string, PathEntry>;
  /** How to use each path, for server information and the 404 answer. */
  readonly endpoints: readonly EndpointInfo[];
}

type RoutesByAccess = Readonly<
  Record<PathAccess, readonly (readonly [path: string, route: Route | undefined])[]>
>;

/** Lists all paths of an app except the pages. */
export function createRoutes(
  dialects: readonly Dialect[],
  transports: Transports,
  operator: Omit<AdminRouteDeps, "sessions">,
  pages: RouteLoader,
): RouteTable {
  const { main: { server: { context } }, all, sessions } = transports;
  const others = all.map(({ path }) => path).filter((path) => path !== MAIN_PATH);
  const endpoints = endpointsOf(dialects, operator.settings.MCP_PUBLIC_URL, others);
  const info: Route = {
    GET: (c) => {
      const { servers } = operator;
      const ways = { dialects, endpoints: underMountPath(endpoints, c), servers };
      return Response.json(serverInfo(context, ways, c.identity?.scopes));
    },
  };
  const byAccess: RoutesByAccess = {
    callers: [
      ...all.flatMap(({ path, transport: { endpoint } }) =>
        endpointUrls(path).map((url) => [url.path, endpointRoute(endpoint, url)] as const)
      ),
      ["/mcp/info", info],
      // The older name of `/mcp/info`, which clients use.
      ["/mcp/stdio", info],
    ],
    everybody: [
      [HOME_PATH, homeRoute(pages, context, endpoints)],
      ["/healthz", HEALTH_ROUTE],
      ["/readyz", readinessRoute(operator.streams, operator.servers, operator.fleet)],
    ],
    any_page: [...discoveryRoutes(operator.auth)],
    operator: [...adminRoutes({ ...operator, sessions }), ["/connections.html", undefined]],
  };
  return { paths: pathsOf(byAccess), endpoints };
}

/** The entries of all paths; one map, because each request looks its path up. */
function pathsOf(
  byAccess: RoutesByAccess,
): ReadonlyMap<string, PathEntry> {
  const paths = new Map<string, PathEntry>();
  for (const [access, routes] of Object.entries(byAccess)) {
    for (const [path, route] of routes) {
      const isPage = route === undefined || path === HOME_PATH;
      paths.set(path, { access: access as PathAccess, route, isPage });
    }
  }
  return paths;
}

function endpointRoute(endpoint: Endpoint, url: EndpointUrl): Route {
  return {
    GET: (c) => endpoint.get(c, url),
    HEAD: (c) => endpoint.head(c, url),
    POST: (c, body) => endpoint.post(c, body, url),
    DELETE: (c) => endpoint.delete(c, url),
  };
}

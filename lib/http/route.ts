/**
 * Routes, and the lookup of the handler for a request.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import type { MaybePromise } from "../base/promises.ts";
import { ENDPOINT_URLS } from "../transport/dialect.ts";
import { mountPathOf } from "../transport/peer.ts";
import type { RequestContext } from "../transport/request_head.ts";
import { type EndpointInfo, underMountPath } from "./routes/info.ts";

/** Answers one request; may throw. A POST comes with the JSON value of its body. */
export type Handler = (request: RequestContext, body?: unknown) => MaybePromise<Response>;

/** Handlers of one path, by method. */
export type Route = Readonly<Record<string, Handler>>;

/**
 * Who may use a path: callers that are authenticated, everybody, everybody and pages of any origin,
 * or the operator, whose token the route itself checks and whose pages are the server's own.
 */
export type PathAccess = "callers" | "everybody" | "any_page" | "operator";

/** The facts about a path that are known before its handler runs. */
export interface PathEntry {
  readonly access: PathAccess;
  /** Undefined for a page that is loaded on demand. */
  readonly route: Route | undefined;
  /** Whether it shows a page that is the same for everybody, so that any link may lead to it. */
  readonly isPage: boolean;
}

/** The entry of every path that has none. */
export const OTHER_PATH: PathEntry = { access: "everybody", route: undefined, isPage: true };

/** Loads routes that few clients ask for. */
export type RouteLoader = () => Promise<ReadonlyMap<string, Route>>;

/** Routes that are loaded on demand, and the endpoints that a 404 lists. */
export interface LazyRoutes {
  readonly lazyRoutes: RouteLoader;
  /** The endpoints that a 404 lists. */
  readonly endpoints: readonly EndpointInfo[];
}

/** Most characters of a method that are sent back. */
const MAX_QUOTED = 40;

/**
 * The handler of a method at a path.
 *
 * @throws {ProtocolError} `method_not_allowed`, naming the allowed methods
 */
export function handlerOf(
  route: Route,
  { request, path }: Pick<RequestContext, "request" | "path">,
  method: string,
): Handler {
  // Perf: nearly all requests are POSTs, and a look-up by a literal name is quick.
  if (method === "POST" && route.POST !== undefined) return route.POST;
  // Own members only: the client chose the method, and objects have a `constructor`.
  const handler = Object.hasOwn(route, method) ? route[method] : undefined;
  if (handler !== undefined) return handler;
  if (method === "HEAD" && route.GET !== undefined) return withoutBody(route.GET);
  const allowed = methodsOf(route).join(", ");
  const hint = method === "POST" ? `; MCP messages go to ${mcpPaths(request)}` : "";
  throw new ProtocolError(
    "method_not_allowed",
    `${mountPathOf(request)}${path} takes ${allowed}, not ${method.slice(0, MAX_QUOTED)}${hint}`,
    { headers: { allow: allowed } },
  );
}

/** Loads the routes that few ask for, and answers with one of them or with a 404. */
export function lazyHandler({ lazyRoutes, endpoints }: LazyRoutes, method: string): Handler {
  return async (request) => {
    const route = (await lazyRoutes()).get(request.path);
    if (route !== undefined) return await handlerOf(route, request, method)(request);
    throw new ProtocolError(
      "not_found",
      `Nothing is served at this path: MCP clients connect to ${mcpPaths(request.request)}; see ` +
        "data.endpoints for the rest",
      { data: { endpoints: underMountPath(endpoints, request) } },
    );
  };
}

/** The paths that MCP clients connect to, as the sender of a request reaches them. */
function mcpPaths(request: Request): string {
  const prefix = mountPathOf(request);
  return ENDPOINT_URLS.map(({ path }) => `${prefix}${path}`).join(" or ");
}

function methodsOf(route: Route): string[] {
  const methods = Object.keys(route).flatMap((name) => name === "GET" ? ["GET", "HEAD"] : [name]);
  return [...new Set(methods)];
}

function withoutBody(handler: Handler): Handler {
  return async (request) => {
    const { status, headers, body } = await handler(request);
    await body?.cancel();
    return new Response(null, { status, headers });
  };
}

/**
 * `/`, for those who know the server's name alone: a page for people, JSON for programs.
 *
 * @module
 */
import { instructionsOf, type ServerContext } from "../../mcp/server_context.ts";
import { mountPathOf } from "../../transport/peer.ts";
import type { RequestContext } from "../../transport/request_head.ts";
import { listsPage } from "../../wire/media_types.ts";
import type { Route, RouteLoader } from "../route.ts";
import { type EndpointInfo, underMountPath } from "./info.ts";

/** The server's root. */
export const HOME_PATH = "/";
/** The page for people. */
const PAGE = "/index.html";

/** Links to the pages and the endpoints. A 404 lists the same, so this needs no authentication. */
export function homeRoute(
  pages: RouteLoader,
  context: ServerContext,
  endpoints: readonly EndpointInfo[],
): Route {
  const description = (c: RequestContext) => ({
    ...context.info,
    ...instructionsOf(context),
    info: `${mountPathOf(c.request)}/mcp/info`,
    endpoints: underMountPath(endpoints, c),
  });
  return {
    GET: async (request) => {
      const wantsPage = listsPage(request.headers.get("accept"));
      const page = wantsPage ? (await pages()).get(PAGE)?.GET : undefined;
      const response = page === undefined
        ? Response.json(description(request))
        : await page(request);
      response.headers.append("vary", "Accept");
      return response;
    },
  };
}

import type { MaybePromise } from "./base/promises.ts";
import type { Peer } from "./transport/peer.ts";
import type { App } from "./http/app_types.ts";

/**
 * Serves an app under a prefix of another server's paths, such as `/ai` for `/ai/mcp`.
 *
 * Also set `MCP_PUBLIC_URL` where clients need absolute URLs.
 *
 * @param prefix begins with a slash and ends without one
 * @returns answers requests under the prefix; undefined for others, which are not the app's
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createApp, mountAt } from "./mod.ts";
 *
 * const app = createApp();
 * const answer = mountAt(app, "/ai");
 * const response = await answer(new Request("http://localhost/ai/healthz"));
 * assertEquals(await response?.json(), { status: "ok" });
 * assertEquals(answer(new Request("http://localhost/other")), undefined);
 * app.stop();
 * ```
 */
export function mountAt(
  app: App,
  prefix: string,
): (request: Request, peer?: Peer) => MaybePromise<Response> | undefined {
  return (request, peer) => {
    const url = new URL(request.url);
    const { pathname } = url;
    if (pathname !== prefix && !pathname.startsWith(`${prefix}/`)) return undefined;
    url.pathname = pathname.slice(prefix.length) || "/";
    return app.fetch(new Request(url, request), peer);
  };
}

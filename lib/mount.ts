import { ConfigError } from "./base/errors.ts";
import type { MaybePromise } from "./base/promises.ts";
import type { Peer } from "./transport/peer.ts";
import type { App } from "./http/app_types.ts";

/**
 * Serves an app under a prefix of another server's paths, such as `/ai` for `/ai/mcp`.
 *
 * Also set `MCP_PUBLIC_URL` where clients need absolute URLs.
 *
 * @param prefix begins with a slash, such as `/ai`; `/` is every path
 * @returns answers requests under the prefix; undefined for others, which are not the app's
 * @throws {ConfigError} for a prefix that no path can begin with
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
  const base = basePath(prefix);
  return (request, peer) => {
    const url = new URL(request.url);
    const { pathname } = url;
    if (pathname !== base && !pathname.startsWith(`${base}/`)) return undefined;
    if (pathname === base && base !== "" && wantsPage(request)) return toFolder(url);
    url.pathname = pathname.slice(base.length) || "/";
    return app.fetch(new Request(url, request), peer);
  };
}

/** The prefix as the path of a request has it, without a slash at its end. */
function basePath(prefix: string): string {
  if (!/^\/(?!\/)[^?#]*$/.test(prefix)) {
    throw new ConfigError(
      `Cannot mount the app at ${JSON.stringify(prefix)}: a prefix is a path such as "/ai"`,
    );
  }
  return new URL(prefix, "http://localhost").pathname.replace(/\/+$/, "");
}

function wantsPage({ method, headers }: Request): boolean {
  return method === "GET" && (headers.get("accept") ?? "").includes("text/html");
}

/** The links of a page are relative to its folder. */
function toFolder({ pathname, search }: URL): Response {
  const location = `${pathname.slice(pathname.lastIndexOf("/") + 1)}/${search}`;
  return new Response(null, { status: 308, headers: { location } });
}

import { ConfigError } from "./base/errors.ts";
import { logFor } from "./base/log.ts";
import type { MaybePromise } from "./base/promises.ts";
import { CONNECTION_ID_PARAM } from "./transport/http_sse/dialect.ts";
import { noteMountPath, type Peer, requireRequest } from "./transport/peer.ts";
import { type App, requireApp } from "./http/app_types.ts";

const log = logFor("mount");

/**
 * Serves an app under a prefix of another server's paths, such as `/ai` for `/ai/mcp`.
 *
 * It also answers what clients send beside the prefix: messages of 2024-11-05 for its streams at
 * `/?connection_id=…`, because some clients lose the path of their stream, and, with authorization by
 * `MCP_AUTH_ISSUERS`, requests for documents such as `/.well-known/oauth-protected-resource/ai/mcp`.
 * `MCP_PUBLIC_URL` must then end with the prefix.
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
  requireApp(app, "mountAt()");
  const base = basePath(prefix);
  warnOfPublicUrl(app, base);
  const pathBeside = pathsBeside(app, base);
  return (request, peer) => {
    requireRequest(request);
    const url = new URL(request.url);
    const { pathname } = url;
    // `/x/../ai/metrics` is not a path of the app: a proxy's rules for `/ai/metrics` do not match it.
    if (pathOf(request.url) !== pathname) return undefined;
    const isUnder = pathname === base || pathname.startsWith(`${base}/`);
    const path = isUnder ? pathname.slice(base.length) || "/" : pathBeside(request, url);
    if (path === undefined) return undefined;
    if (pathname === base && base !== "" && wantsPage(request)) return toFolder(url);
    url.pathname = path;
    const inner = new Request(url, request);
    if (base !== "") noteMountPath(inner, base);
    return app.fetch(inner, peer);
  };
}

const RESOURCE_METADATA_PATH = "/.well-known/oauth-protected-resource";
const MIRROR_PATH = "/.well-known/oauth-authorization-server";

/** Finds the path within the app of a request that is not under its prefix; undefined for none. */
function pathsBeside(
  app: App,
  base: string,
): (request: Request, url: URL) => string | undefined {
  const documentAt = documentPaths(app, base);
  return ({ method }, { pathname, searchParams }) => {
    // Some clients of 2024-11-05 resolve the endpoint that their stream names against the origin.
    const stream = method === "POST" && pathname === "/"
      ? searchParams.get(CONNECTION_ID_PARAM)
      : null;
    if (stream === null) return documentAt(pathname);
    const isItsOwn = app.isOneOfSeveral || app.connections.get(stream) !== undefined;
    return isItsOwn ? pathname : undefined;
  };
}

/**
 * Finds the documents of an app's authorization among paths that are not under its prefix: clients
 * put the prefix behind the well-known path (RFC 9728, section 3.1).
 *
 * @returns the path within the app; undefined for a path that is not the app's
 */
function documentPaths(
  { settings }: App,
  base: string,
): (pathname: string) => string | undefined {
  const { MCP_AUTH_ISSUERS: issuers, MCP_AUTH_MIRROR_METADATA: isMirrored } = settings;
  if (issuers.length === 0) return () => undefined;
  const own = `${RESOURCE_METADATA_PATH}${base}`;
  return (pathname) => {
    if (isMirrored && pathname === MIRROR_PATH) return pathname;
    if (pathname !== own && !pathname.startsWith(`${own}/`)) return undefined;
    return `${RESOURCE_METADATA_PATH}${pathname.slice(own.length)}`;
  };
}

/** Warns if clients are told URLs that are not under the prefix. */
function warnOfPublicUrl({ settings: { MCP_PUBLIC_URL: publicUrl } }: App, base: string): void {
  if (publicUrl === undefined) return;
  const url = new URL(publicUrl);
  const path = url.pathname.replace(/\/+$/, "");
  if (path.endsWith(base)) return;
  const hint = `unless a proxy adds ${base}, set it to ${url.origin}${path}${base}`;
  log.warning("MCP_PUBLIC_URL does not end with the prefix of the mounted app", {
    public_url: publicUrl,
    prefix: base,
    hint,
  });
}

/** The path as it was sent: the URL parser removes dot segments and turns backslashes. */
function pathOf(url: string): string {
  const [base = ""] = url.split(/[?#]/, 1);
  const start = base.indexOf("/", base.indexOf("//") + 2);
  return start < 0 ? "/" : base.slice(start);
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

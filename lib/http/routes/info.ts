import { publicBase } from "../../base/urls.ts";
import type { ServersBehind } from "../../base/server_report.ts";
import { SERVER_CAPABILITIES } from "../../mcp/methods/features.ts";
import { instructionsOf, type ServerContext } from "../../mcp/server_context.ts";
import type { Guarded } from "../../registry/access.ts";
import type { CatalogList } from "../../registry/catalog_list.ts";
import {
  type Dialect,
  ENDPOINT_URLS,
  type EndpointUrl,
  endpointUrls,
} from "../../transport/dialect.ts";
import { DIALECTS } from "../../transport/dialects.ts";
import { mountPathOf } from "../../transport/peer.ts";
import type { RequestContext } from "../../transport/request_head.ts";
import { PROTOCOL_VERSIONS } from "../../wire/protocol_versions.ts";

/** Endpoints as clients of a mounted app reach them. */
export function underMountPath(
  endpoints: readonly EndpointInfo[],
  { request }: Pick<RequestContext, "request">,
): readonly EndpointInfo[] {
  const prefix = mountPathOf(request);
  if (prefix === "") return endpoints;
  return endpoints.map((endpoint) => ({ ...endpoint, path: `${prefix}${endpoint.path}` }));
}

/** One endpoint, as `GET /mcp/info` and the 404 answer list it. */
export interface EndpointInfo {
  readonly method: string;
  readonly path: string;
  /** Under the public URL, where one is set. */
  readonly url?: string;
  readonly use: string;
}

/**
 * All endpoints of an app.
 *
 * @param publicUrl `MCP_PUBLIC_URL`
 * @param others paths of endpoints beside `/mcp`
 */
export function endpointsOf(
  dialects: readonly Dialect[],
  publicUrl?: string | undefined,
  others: readonly string[] = [],
): EndpointInfo[] {
  const endpoints = [
    ...ENDPOINT_URLS.flatMap((url) => dialectEndpoints(dialects, url)),
    ...others.flatMap(endpointUrls).map(({ path, isPlain }) => ({
      method: "POST",
      path,
      use: `as ${isPlain ? "/mcp/sse" : "/mcp"}, in every dialect, with features of its own`,
    })),
    ...OTHER_ENDPOINTS,
  ];
  if (publicUrl === undefined) return endpoints;
  const base = publicBase(publicUrl);
  return endpoints.map(({ method, path, use }) => ({ method, path, url: `${base}${path}`, use }));
}

/** The methods of one URL, a row for each. */
function dialectEndpoints(dialects: readonly Dialect[], url: EndpointUrl): EndpointInfo[] {
  const uses = dialects.flatMap(({ endpoints }) => endpoints)
    .filter(({ isPlainOnly }) => url.isPlain || isPlainOnly !== true);
  return [...Map.groupBy(uses, ({ method }) => method)].map(([method, rows]) => ({
    method,
    path: url.path,
    use: rows.map(({ use }) => use).join("; "),
  }));
}

const OTHER_ENDPOINTS: readonly EndpointInfo[] = [
  { method: "GET", path: "/", use: "a page that leads to all others; JSON for programs" },
  { method: "GET", path: "/sse-test.html", use: "the interactive test page" },
  { method: "GET", path: "/connections.html", use: "the connection view, for the operator" },
  { method: "GET", path: "/mcp/info", use: "what this server is, and how to start it over stdio" },
  { method: "GET", path: "/mcp/stdio", use: "as GET /mcp/info" },
  {
    method: "GET",
    path: "/mcp/connections",
    use: "the ledger, the open connections and what ended last, for the operator",
  },
  {
    method: "DELETE",
    path: "/mcp/connections",
    use: "with ?id= closes that connection, with ?principal= ends all of that caller, with " +
      "?child= starts that child of a gateway's server anew, for the operator",
  },
  { method: "GET", path: "/metrics", use: "the figures in Prometheus form, for the operator" },
  { method: "GET", path: "/healthz", use: "200 while the process lives" },
  { method: "GET", path: "/readyz", use: "200 while new streams are taken, else 503" },
];

/** The ways to reach a server. */
export interface Ways {
  readonly dialects: readonly Pick<Dialect, "name">[];
  readonly endpoints: readonly EndpointInfo[];
  /** The servers behind this one, where it is a gateway. */
  readonly servers?: ServersBehind | undefined;
}

/**
 * The server information that `GET /mcp/info` returns.
 *
 * @param granted the caller's scopes, which decide which features are listed
 */
export function serverInfo(
  context: ServerContext,
  { dialects, endpoints, servers }: Ways,
  granted: readonly string[] | undefined,
): Record<string, unknown> {
  const { info, catalog } = context;
  return {
    ...info,
    ...instructionsOf(context),
    protocolVersions: PROTOCOL_VERSIONS,
    capabilities: SERVER_CAPABILITIES,
    tools: listingsOf(catalog.tools, granted),
    resources: listingsOf(catalog.resources, granted),
    resourceTemplates: listingsOf(catalog.resourceTemplates, granted),
    prompts: listingsOf(catalog.prompts, granted),
    dialects: dialects.map(({ name }) => name),
    endpoints,
    ...(servers !== undefined && { servers: serverStates(servers) }),
    stdio: {
      command: "deno",
      args: [
        "run",
        "--frozen",
        "--no-prompt",
        "--allow-env=PORT,HOST,MCP_*",
        "main.ts",
        "--stdio",
      ],
      use: "in a copy of Lifeline; with a compiled binary: lifeline --stdio",
    },
  };
}

/** Which servers behind this one can be used, and why others cannot. */
function serverStates(servers: ServersBehind): unknown[] {
  return servers.reports().map(({ name, path, isUp, why }) => ({
    name,
    path,
    state: isUp ? "up" : "down",
    ...(why !== "" && { why }),
  }));
}

/** The endpoints of an app with its usual dialects. */
export const ENDPOINTS: readonly EndpointInfo[] = endpointsOf(DIALECTS);

function listingsOf<T extends Guarded & { readonly name: string; readonly listing: unknown }>(
  list: CatalogList<T>,
  granted: readonly string[] | undefined,
): unknown[] {
  return [...list.visibleTo({ granted })].map(({ listing }) => listing);
}

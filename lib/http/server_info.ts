import { LEGACY_CAPABILITIES } from "../mcp/legacy_methods.ts";
import type { ServerProfile } from "../mcp/method_table.ts";
import { LEGACY_VERSIONS } from "../wire/protocol_versions.ts";

/** One endpoint, as `GET /mcp/stdio` and the 404 answer list it. */
export interface EndpointInfo {
  readonly method: string;
  readonly path: string;
  readonly use: string;
}

export const ENDPOINTS: readonly EndpointInfo[] = [
  {
    method: "POST",
    path: "/mcp/sse",
    use:
      "Accept: text/event-stream opens a plain stream (welcome, response, ping, close events); " +
      "an empty body just opens it; with Mcp-Connection-Id it sends a further request to an open one",
  },
  {
    method: "DELETE",
    path: "/mcp/sse",
    use: "with Mcp-Connection-Id closes that plain stream",
  },
  { method: "POST", path: "/mcp", use: "a JSON-RPC request, answered as JSON" },
  { method: "GET", path: "/sse-test.html", use: "the interactive test page" },
  { method: "GET", path: "/mcp/stdio", use: "what this server is" },
  {
    method: "GET",
    path: "/mcp/connections",
    use: "the ledger and the open connections, for the operator",
  },
  { method: "GET", path: "/healthz", use: "200 while the process lives" },
  {
    method: "GET",
    path: "/readyz",
    use: "200 while new streams are taken, else 503",
  },
];

/** What this server is, as `GET /mcp/stdio` gives it. */
export function serverInfo(
  { info, instructions, catalog }: ServerProfile,
): Record<string, unknown> {
  return {
    ...info,
    ...(instructions !== undefined && { instructions }),
    protocolVersions: LEGACY_VERSIONS,
    capabilities: LEGACY_CAPABILITIES,
    tools: [...catalog.tools.values()].map((tool) => tool.listing),
    endpoints: ENDPOINTS,
  };
}

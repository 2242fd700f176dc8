import { SERVER_CAPABILITIES } from "../../mcp/methods/features.ts";
import type { ServerContext } from "../../mcp/methods/table.ts";
import { PROTOCOL_VERSIONS } from "../../wire/protocol_versions.ts";

/** One endpoint, as `GET /mcp/info` and the 404 answer list it. */
export interface EndpointInfo {
  readonly method: string;
  readonly path: string;
  readonly use: string;
}

export const ENDPOINTS: readonly EndpointInfo[] = [
  {
    method: "POST",
    path: "/mcp",
    use: "any MCP client: 2026-07-28 stateless, 2025 Streamable HTTP, or a JSON-RPC call without " +
      "a session",
  },
  {
    method: "GET",
    path: "/mcp",
    use:
      "Accept: text/event-stream: the stream of the session in Mcp-Session-Id, or, without one, " +
      "a 2024-11-05 HTTP+SSE stream",
  },
  { method: "DELETE", path: "/mcp", use: "ends the session in Mcp-Session-Id" },
  {
    method: "POST",
    path: "/mcp/sse",
    use: "all that /mcp takes; and with Accept: text/event-stream alone a plain stream (welcome, " +
      "response, ping, close events), which an empty body just opens; with Mcp-Connection-Id a " +
      "further request for an open one",
  },
  { method: "GET", path: "/mcp/sse", use: "as GET /mcp" },
  {
    method: "DELETE",
    path: "/mcp/sse",
    use: "as DELETE /mcp; with Mcp-Connection-Id closes that plain stream",
  },
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
    use: "with ?id= closes that connection, for the operator",
  },
  { method: "GET", path: "/metrics", use: "the figures in Prometheus form, for the operator" },
  { method: "GET", path: "/healthz", use: "200 while the process lives" },
  { method: "GET", path: "/readyz", use: "200 while new streams are taken, else 503" },
];

/** What this server is, as `GET /mcp/info` gives it. */
export function serverInfo(
  { info, instructions, catalog }: ServerContext,
): Record<string, unknown> {
  return {
    ...info,
    ...(instructions !== undefined && { instructions }),
    protocolVersions: PROTOCOL_VERSIONS,
    capabilities: SERVER_CAPABILITIES,
    tools: [...catalog.tools.values()].map((tool) => tool.listing),
    resources: [...catalog.resources.values()].map((resource) => resource.listing),
    resourceTemplates: [...catalog.resourceTemplates.values()].map((one) => one.listing),
    prompts: [...catalog.prompts.values()].map((prompt) => prompt.listing),
    endpoints: ENDPOINTS,
    stdio: {
      command: "deno",
      args: [
        "run",
        "--allow-read",
        "--allow-env=PORT,HOST,MCP_*",
        "main.ts",
        "--stdio",
      ],
      use: "in a copy of Lifeline; with a compiled binary: lifeline --stdio",
    },
  };
}

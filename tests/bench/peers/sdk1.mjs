// The official TypeScript SDK 1.32.0 on Node, with sessions: answers come on event streams.
// deno-lint-ignore-file no-console -- a peer is no part of the project
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { z } from "zod";

const sessions = new Map();

async function openSession() {
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => void sessions.set(id, transport),
  });
  const server = new McpServer({ name: "peer", version: "1.0.0" });
  server.registerTool("echo", {
    description: "Gives the message back unchanged",
    inputSchema: { message: z.string() },
  }, ({ message }) => ({ content: [{ type: "text", text: message }] }));
  await server.connect(transport);
  return transport;
}

const server = createServer(async (request, response) => {
  const known = sessions.get(request.headers["mcp-session-id"]);
  await (known ?? await openSession()).handleRequest(request, response);
});
server.listen(0, "127.0.0.1", () => console.error(`http://127.0.0.1:${server.address().port}`));

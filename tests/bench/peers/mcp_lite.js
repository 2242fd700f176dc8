// mcp-lite 0.10.0 on Deno, with one tool.
// deno-lint-ignore-file no-console no-import-prefix -- a peer is no part of the project
import { McpServer, StreamableHttpTransport } from "npm:mcp-lite@0.10.0";
import * as z from "npm:zod@4.6.7";

const server = new McpServer({
  name: "peer",
  version: "1.0.0",
  schemaAdapter: (schema) => z.toJSONSchema(schema),
});
server.tool("echo", {
  description: "Gives the message back unchanged",
  inputSchema: z.object({ message: z.string() }),
  handler: ({ message }) => ({ content: [{ type: "text", text: message }] }),
});
const handler = new StreamableHttpTransport().bind(server);
Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.error(`http://127.0.0.1:${port}`),
}, (request) => handler(request));

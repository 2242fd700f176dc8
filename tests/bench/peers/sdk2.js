// The official TypeScript SDK 2.4.0 on Deno: its stateless HTTP entry, with one tool.
// deno-lint-ignore-file no-console no-import-prefix -- a peer is no part of the project
import { createMcpHandler, McpServer } from "npm:@modelcontextprotocol/server@2.4.0";
import * as z from "npm:zod@4.6.7";

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: "peer", version: "1.0.0" });
  server.registerTool("echo", {
    description: "Gives the message back unchanged",
    inputSchema: z.object({ message: z.string() }),
  }, ({ message }) => Promise.resolve({ content: [{ type: "text", text: message }] }));
  return server;
});
Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.error(`http://127.0.0.1:${port}`),
}, (request) => handler.fetch(request));

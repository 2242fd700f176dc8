// The limit for calls on node:http: a handler that reads the headers that Lifeline reads, parses the
// JSON and answers. No MCP, no guard, no limit.
// deno-lint-ignore-file no-console -- a peer is no part of the project
import { createServer } from "node:http";

const READ = [
  "host",
  "origin",
  "sec-fetch-site",
  "authorization",
  "content-type",
  "content-length",
  "accept",
  "mcp-protocol-version",
  "mcp-session-id",
  "mcp-method",
  "mcp-name",
  "user-agent",
];

const server = createServer({ noDelay: true }, (incoming, out) => {
  let read = 0;
  for (const name of READ) read += incoming.headers[name]?.length ?? 0;
  if (read === 0) return out.destroy();
  const chunks = [];
  incoming.on("data", (chunk) => chunks.push(chunk));
  incoming.on("end", () => {
    const { id, params } = JSON.parse(Buffer.concat(chunks).toString());
    const text = params?.arguments?.message ?? "";
    const body = JSON.stringify({
      jsonrpc: "2.0",
      id,
      result: { content: [{ type: "text", text }] },
    });
    out.writeHead(200, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    });
    out.end(body);
  });
});
server.listen(0, "127.0.0.1", () => console.error(`http://127.0.0.1:${server.address().port}`));

/** A stdio server with one tool, for the memory of a gateway; runs on Node. */
import { createInterface } from "node:readline";

const answer = (id, result) =>
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, result })}\n`);

createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line);
  if (method === "initialize") {
    const serverInfo = { name: "trivial", version: "1" };
    answer(id, { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo });
  } else if (method === "tools/list") {
    answer(id, { tools: [{ name: "echo", inputSchema: { type: "object" } }] });
  } else if (method === "tools/call") {
    answer(id, { content: [{ type: "text", text: String(params.arguments?.message) }] });
  }
});

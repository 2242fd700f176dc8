import { assertEquals } from "@std/assert";
import { defineTool } from "../../lib/mod.ts";
import { initializeRequest, rpc, testApp, toolCall } from "../helpers/app.ts";

const CAPABILITIES = { elicitation: { form: {} }, sampling: {} };

/** Returns the facts about its client. */
const able = defineTool({
  name: "able",
  description: "What the client can do",
  run: (_input, { capabilities }) => JSON.stringify(capabilities),
});

async function toldIn(response: Response): Promise<unknown> {
  const { result } = await response.json();
  return JSON.parse(result.content[0].text);
}

Deno.test("`ctx.capabilities` is what the client of a session declared in initialize", async () => {
  using app = testApp({ tools: [able] });
  const initialize = initializeRequest("2025-11-25", { capabilities: CAPABILITIES });
  const opened = await app.post("/mcp", initialize);
  const session = { "mcp-session-id": opened.headers.get("mcp-session-id") ?? "" };
  await opened.body?.cancel();
  const accept = "application/json, text/event-stream";

  const response = await app.post("/mcp", toolCall("able"), { ...session, accept });

  assertEquals(await toldIn(response), CAPABILITIES);
});

Deno.test("`ctx.capabilities` is what a 2026-07-28 request declares in its _meta", async () => {
  using app = testApp({ tools: [able] });
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": CAPABILITIES,
  };

  const response = await app.post("/mcp", rpc("tools/call", { name: "able", _meta }), {
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": "able",
  });

  assertEquals(await toldIn(response), CAPABILITIES);
});

Deno.test("`ctx.capabilities` is empty for a call without a session", async () => {
  using app = testApp({ tools: [able] });

  assertEquals(await toldIn(await app.post("/mcp", toolCall("able"))), {});
});

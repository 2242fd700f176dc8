import { assertEquals } from "@std/assert";
import { defineTool } from "../../lib/registry/tool.ts";
import { testApp, toolCall } from "../helpers/app.ts";

Deno.test("POST /mcp/sse runs nothing for a client that left before its stream opened", async () => {
  let runs = 0;
  const tool = defineTool({
    name: "count",
    description: "Counts its runs",
    run: () => `${++runs}`,
  });
  using app = testApp({ tools: [tool] });
  const response = await app.request("/mcp/sse", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream" },
    body: JSON.stringify(toolCall("count")),
    signal: AbortSignal.abort(),
  });
  await response.body?.cancel();
  assertEquals(runs, 0);
  const { open, closed } = app.connections.ledger();
  assertEquals([open, closed.client_closed], [0, 1]);
});

import { assertEquals } from "@std/assert";
import { defineTool } from "../../lib/registry/tool.ts";
import { testApp, toolCall } from "../helpers/app.ts";
import { settled } from "../helpers/time.ts";
import { HeldTool } from "../helpers/tools.ts";

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

Deno.test("a call whose client has left is counted out, though its socket tells no address any more", async () => {
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool], settings: { MCP_MAX_CONNECTIONS_PER_CLIENT: 1 } });
  let hasLeft = false;
  const peer = {
    // As Deno does it.
    get address() {
      if (hasLeft) throw new TypeError("Request closed");
      return "192.0.2.1";
    },
  };
  const init = {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream" },
    body: JSON.stringify(toolCall("held")),
  };
  const response = await app.request("/mcp", init, peer);
  const call = await held.next();
  hasLeft = true;
  await response.body?.cancel();
  call.finish("too late");
  await settled();
  assertEquals(app.registry.admission.calls, 0);
});

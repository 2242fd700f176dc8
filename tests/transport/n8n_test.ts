/**
 * The requests of n8n's MCP Client Tool, as observed on the wire of n8n 2.41, in both of its modes.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { initializeRequest, rpc, testApp, toolCall } from "../helpers/app.ts";
import { EventReader } from "../helpers/sse.ts";

const INITIALIZE = initializeRequest("2025-11-25", {
  id: 0,
  clientInfo: { name: "n8n", version: "2.41.0" },
});

for (const path of ["/mcp", "/mcp/sse"]) {
  Deno.test(`n8n in its SSE mode lists and calls at ${path}, and leaves without a word`, async () => {
    using app = testApp();
    const events = new EventReader(
      await app.request(path, { headers: { accept: "text/event-stream, text/event-stream" } }),
    );
    // It waits for the endpoint without any timeout.
    const announced = await events.nextNamed("endpoint");
    assertMatch(announced.data, /^\?connection_id=mcp_sse_[0-9a-f]{32}$/);
    const { pathname, search } = new URL(announced.data, `http://localhost${path}`);
    const endpoint = pathname + search;
    const ask = async (message: Record<string, unknown>) => {
      const { status } = await app.post(endpoint, message, { accept: "*/*" });
      assert(status >= 200 && status < 300);
      return (await events.nextNamed("message")).json.result;
    };
    assertEquals((await ask(INITIALIZE)).serverInfo.name, "lifeline");
    await app.post(endpoint, { jsonrpc: "2.0", method: "notifications/initialized" });
    assert((await ask(rpc("tools/list", {}, 1))).tools.length > 0);
    const { structuredContent } = await ask(toolCall("add", { a: 1, b: 2 }, 2));
    assertEquals(structuredContent, { sum: 3 });
    await events.leave();
    assertEquals(app.connections.ledger().open, 0);
  });

  Deno.test(`n8n in its HTTP Streamable mode lists and calls at ${path}, three sessions in a row`, async () => {
    using app = testApp();
    const headers = { accept: "application/json, text/event-stream" };
    for (let session = 0; session < 3; session++) {
      const opened = await app.post(path, INITIALIZE, headers);
      const own = {
        ...headers,
        "mcp-session-id": opened.headers.get("mcp-session-id") ?? "",
        "mcp-protocol-version": (await opened.json()).result.protocolVersion,
      };
      const initialized = { jsonrpc: "2.0", method: "notifications/initialized" };
      assertEquals((await app.post(path, initialized, own)).status, 202);
      const events = new EventReader(
        await app.request(path, { headers: { ...own, accept: "text/event-stream" } }),
      );
      const { result } = await (await app.post(path, toolCall("echo", { message: "hi" }), own))
        .json();
      assertEquals(result.content, [{ type: "text", text: "hi" }]);
      // It never sends DELETE.
      await events.leave();
    }
    assertEquals(app.connections.ledger().open, 0);
  });
}

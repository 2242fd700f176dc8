/** With the heap above its limit, nothing new is taken, whatever the dialect. */
import { assertEquals, assertMatch } from "@std/assert";
import { rpc, testApp, toolCall } from "../helpers/app.ts";
import { initialize, TestSession } from "../helpers/session.ts";
import { FakeTime } from "../helpers/time.ts";

/** A full heap refuses a request so; its client learns which one it was, and when to come back. */
async function assertRefused(response: Response, id: unknown = 1): Promise<void> {
  assertEquals(response.status, 503);
  assertMatch(response.headers.get("retry-after") ?? "", /^\d+$/);
  const body = await response.json();
  assertEquals([body.id, body.error.data.limit], [id, "heap"]);
  assertMatch(body.error.message, /short of memory.*MCP_MAX_HEAP_PERCENT/);
}

Deno.test("a full heap refuses quick calls, sessions, calls in them and on open streams", async () => {
  using time = new FakeTime();
  const heap = { used: 10, limit: 100 };
  using app = testApp({ heap: () => heap, wheel: { clock: time.clock } });
  const session = await TestSession.open(app, { version: "2025-03-26" });
  const plain = await app.open();
  const echo = toolCall("echo", { text: "hi" });
  assertEquals((await app.post("/mcp", echo)).status, 200);
  heap.used = 90;
  await time.advance(250);
  await assertRefused(await app.post("/mcp", echo));
  await assertRefused(await initialize(app));
  await assertRefused(await session.post(echo));
  await assertRefused(await session.post([echo]), null);
  await assertRefused(await app.post("/mcp/sse", echo, { "mcp-connection-id": plain.id }));
  // What ends or answers something frees memory.
  const cancelled = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 7 } };
  assertEquals((await session.post(cancelled)).status, 202);
  assertEquals((await session.delete()).status, 204);
  heap.used = 10;
  await time.advance(250);
  assertEquals((await app.post("/mcp", rpc("ping"))).status, 200);
  await plain.events.leave();
});

/** With memory above its limit no body is read, whatever the dialect. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { PLAIN_HEADERS, rpc, testApp, toolCall } from "../helpers/app.ts";
import { initialize, TestSession } from "../helpers/session.ts";
import { FakeTime } from "../helpers/time.ts";

/** Asserts the refusal for full memory; it cannot name the id of a request that was not read. */
async function assertRefused(response: Response, limit: string, setting: string): Promise<void> {
  assertEquals(response.status, 503);
  assertMatch(response.headers.get("retry-after") ?? "", /^\d+$/);
  const body = await response.json();
  assertEquals([body.id, body.error.data.limit], [null, limit]);
  assertStringIncludes(body.error.message, `short of memory (${setting})`);
}

const cancelled = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 7 } };

for (
  const [limit, setting] of [
    ["heap", "MCP_MAX_HEAP_PERCENT"],
    ["resident", "MCP_MAX_RESIDENT_PERCENT"],
  ] as const
) {
  Deno.test(`full memory (${limit}) refuses calls, sessions, calls in them and on open streams, unread`, async () => {
    using time = new FakeTime();
    const memory = { used: 10, limit: 100 };
    using app = testApp({ [limit]: () => memory, wheel: { clock: time.clock } });
    const session = await TestSession.open(app, { version: "2025-03-26" });
    const plain = await app.open();
    const echo = toolCall("echo", { text: "hi" });
    assertEquals((await app.post("/mcp", echo)).status, 200);
    memory.used = 90;
    await time.advance(300);
    const inStream = { "mcp-connection-id": plain.id };
    const refused = [
      () => app.post("/mcp", echo),
      () => initialize(app),
      () => session.post(echo),
      () => session.post([echo]),
      () => session.post(cancelled),
      () => app.post("/mcp/sse", echo, inStream),
      () => app.post("/mcp/sse", echo, PLAIN_HEADERS),
    ];
    for (const send of refused) await assertRefused(await send(), limit, setting);
    const body = new ReadableStream({ pull: () => assert(false, "It was read") }, {
      highWaterMark: 0,
    });
    const headers = { "content-type": "application/json", "content-length": "100" };
    const unread = await app.request("/mcp", { method: "POST", headers, body });
    await assertRefused(unread, limit, setting);
    // A request without a body that frees memory.
    assertEquals((await session.delete()).status, 204);
    memory.used = 10;
    await time.advance(300);
    assertEquals((await app.post("/mcp", rpc("ping"))).status, 200);
    await plain.events.leave();
  });
}

Deno.test("MCP_MEMORY_BYTES takes the place of the limit that the runtime tells", async () => {
  const resident = () => ({ used: 900_000, limit: Infinity });
  using app = testApp({ resident, settings: { MCP_MEMORY_BYTES: 1_000_000 } });
  const response = await app.post("/mcp", rpc("ping"));
  await assertRefused(response, "resident", "MCP_MAX_RESIDENT_PERCENT");
});

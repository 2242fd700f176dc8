import { assertEquals, assertStringIncludes } from "@std/assert";
import { mock } from "node:test";
import { setImmediate } from "node:timers";
import { type TestApp, testApp } from "../helpers/app.ts";
import { EventReader } from "../helpers/sse.ts";

const HEADER = "mcp-ping-interval-ms";

async function openPlain(app: TestApp, asked?: string): Promise<Response> {
  return await app.request("/mcp/sse", {
    method: "POST",
    headers: { accept: "text/event-stream", ...(asked !== undefined && { [HEADER]: asked }) },
  });
}

const GRANTS = [
  { asked: undefined, granted: "15000" },
  { asked: "20000", granted: "20000" },
  { asked: "1", granted: "15000" },
  { asked: "0", granted: "15000" },
  { asked: "600000", granted: "600000" },
  { asked: "999999999", granted: "600000" },
];

for (const { asked, granted } of GRANTS) {
  Deno.test(`POST /mcp/sse grants ${granted} ms to a client that asks for ${asked ?? "nothing"}`, async () => {
    using app = testApp();
    const response = await openPlain(app, asked);
    assertEquals(response.headers.get(HEADER), granted);
    await response.body?.cancel();
  });
}

Deno.test("POST /mcp/sse keeps to a setting above 10 minutes whatever is asked for", async () => {
  using app = testApp({ settings: { MCP_PING_INTERVAL_MS: 900_000 } });
  const response = await openPlain(app, "700000");
  assertEquals(response.headers.get(HEADER), "900000");
  await response.body?.cancel();
});

for (const asked of ["-1", "1.5", "soon", "1e4", "1000000000"]) {
  Deno.test(`POST /mcp/sse refuses the ping interval ${asked}, and opens no stream`, async () => {
    using app = testApp();
    const response = await openPlain(app, asked);
    assertEquals(response.status, 400);
    assertStringIncludes((await response.json()).error.message, "Mcp-Ping-Interval-Ms");
    assertEquals(app.connections.ledger().opened, 0);
  });
}

Deno.test("a slower ping holds for the stream that asked for it, and for no other", async () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 0 });
  try {
    using app = testApp({
      settings: { MCP_PING_INTERVAL_MS: 100 },
      wheel: { clock: () => Date.now() },
    });
    const slow = new EventReader(await openPlain(app, "1000"));
    const usual = new EventReader(await openPlain(app));
    // Readers that never stop keep the queues empty, so that every beat is a ping.
    const reading = [slow.rest(), usual.rest()];
    const [slowConnection, usualConnection] = [...app.registry.values()];
    await advance(890);
    assertEquals(slowConnection?.pingCount, 0);
    assertEquals(usualConnection?.pingCount, 8);
    await advance(150);
    assertEquals(slowConnection?.pingCount, 1);
    app.stop();
    const [slowEvents = []] = await Promise.all(reading);
    assertEquals(slowEvents.map(({ event }) => event), ["welcome", "ping", "close"]);
  } finally {
    mock.timers.reset();
  }
});

async function advance(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 10) {
    mock.timers.tick(10);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

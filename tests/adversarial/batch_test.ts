/** Only 2025-03-26 and its sessions have batches (2025-06-18, changelog). */
import { assertEquals, assertMatch } from "@std/assert";
import { rpc, testApp, toolCall } from "../helpers/app.ts";
import { Puppet } from "../helpers/puppet.ts";
import { TestSession } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";

const BATCH = [rpc("ping", {}, 1), rpc("ping", {}, 2)];

async function assertNoBatch(answer: Promise<Response>): Promise<void> {
  const response = await answer;
  assertEquals(response.status, 400);
  const { error } = await response.json();
  assertEquals(error.code, -32600);
  assertMatch(
    error.message,
    /batches are (part of protocol version 2025-03-26 only|not supported)/,
  );
}

Deno.test("a session of 2025-03-26 takes a batch, and answers it as one", async () => {
  using app = testApp();
  const session = await TestSession.open(app, { version: "2025-03-26" });
  assertEquals(await (await session.post(BATCH)).json(), [
    { jsonrpc: "2.0", result: {}, id: 1 },
    { jsonrpc: "2.0", result: {}, id: 2 },
  ]);
});

for (const version of ["2024-11-05", "2025-06-18", "2025-11-25"]) {
  Deno.test(`a session of ${version} refuses a batch`, async () => {
    using app = testApp();
    const session = await TestSession.open(app, { version });
    await assertNoBatch(session.post(BATCH));
    await assertNoBatch(session.post([]));
    await assertNoBatch(session.post(BATCH, { "mcp-protocol-version": "2025-03-26" }));
  });
}

Deno.test("a batch without a session is refused, whatever revision it names", async () => {
  using app = testApp();
  await assertNoBatch(app.post("/mcp", BATCH));
  for (const version of ["2025-03-26", "2025-11-25", "2026-07-28"]) {
    await assertNoBatch(app.post("/mcp", BATCH, { "mcp-protocol-version": version }));
  }
  await assertNoBatch(app.post("/mcp/sse", BATCH, { accept: "text/event-stream" }));
});

Deno.test("a batch for an HTTP+SSE or a plain stream is refused", async () => {
  using app = testApp();
  const headers = { accept: "text/event-stream" };
  const sse = new EventReader(await app.request("/mcp", { headers }));
  await assertNoBatch(app.post(`/mcp${(await sse.nextNamed("endpoint")).data}`, BATCH));
  await sse.leave();
  const opened = await app.request("/mcp/sse", { method: "POST", headers });
  const id = opened.headers.get("mcp-connection-id") ?? "";
  await assertNoBatch(app.post("/mcp/sse", BATCH, { "mcp-connection-id": id }));
  await opened.body?.cancel();
});

Deno.test("initialize in a batch is refused, and opens nothing", async () => {
  using app = testApp();
  const session = await TestSession.open(app, { version: "2025-03-26" });
  const response = await session.post([rpc("initialize", { protocolVersion: "2025-03-26" })]);
  assertEquals([response.status, response.headers.get("mcp-session-id")], [400, null]);
  await response.body?.cancel();
});

Deno.test("a batch is refused while the server drains, as a single request is", async () => {
  const puppet = new Puppet();
  using app = testApp({ tools: [puppet.tool] });
  const session = await TestSession.open(app, { version: "2025-03-26" });
  const reader = new EventReader(await session.post(toolCall("puppet", { call: "a" }, "call")));
  const call = await puppet.call("a");
  const drained = app.drain(5_000);
  const response = await session.post(BATCH);
  assertEquals(response.status, 503);
  assertEquals((await response.json()).error.code, -32603);
  call.finish("done");
  await reader.rest();
  assertEquals((await drained).cut, 0);
});

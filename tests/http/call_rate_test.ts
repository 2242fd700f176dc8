/** How fast a client may call tools and ask for completions, in every form that a call has. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { initializeRequest, rpc, type TestApp, testApp, toolCall } from "../helpers/app.ts";
import { TestSession } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";
import { FakeTime } from "../helpers/time.ts";
import { modernPost } from "../spec/support/modern.ts";
import { PipeClient } from "../spec/support/stdio_client.ts";

const ECHO = toolCall("echo", { message: "hi" });
const JSON_ONLY = { accept: "application/json" };
const SLOW = { MCP_CALLS_PER_SECOND: 1, MCP_CALLS_BURST: 2 };

/** Uses up a client's burst of calls. */
async function spend(app: TestApp, peer = { address: "127.0.0.1" }): Promise<void> {
  for (let call = 0; call < SLOW.MCP_CALLS_BURST; call++) {
    assertEquals(await statusOf(app, ECHO, peer), 200);
  }
}

async function statusOf(
  app: TestApp,
  message: unknown,
  peer: { readonly address: string; readonly principal?: string } = { address: "127.0.0.1" },
): Promise<number> {
  const headers = { "content-type": "application/json", ...JSON_ONLY };
  const init = { method: "POST", headers, body: JSON.stringify(message) };
  const response = await app.request("/mcp", init, peer);
  await response.body?.cancel();
  return response.status;
}

/** Checks that a response refuses a call because of its client's rate. */
async function assertTooFast(response: Response, id: unknown = 1): Promise<void> {
  assertEquals([response.status, response.headers.has("retry-after")], [429, true]);
  const { error, id: answered } = await response.json();
  assertEquals([error.code, error.data.limit, answered], [-32603, "call_rate", id]);
  assertStringIncludes(error.message, "MCP_CALLS_PER_SECOND");
}

Deno.test("a client that calls too fast is refused until its bucket fills again, and pings go on", async () => {
  using time = new FakeTime();
  using app = testApp({ settings: SLOW, wheel: { clock: time.clock } });
  const statuses = (message: unknown) => statusOf(app, message);
  assertEquals([await statuses(ECHO), await statuses(ECHO), await statuses(ECHO)], [200, 200, 429]);
  assertEquals(await statuses(rpc("completion/complete")), 429);
  assertEquals(await statuses(rpc("tools/list")), 200);
  await time.advance(1_000);
  assertEquals([await statuses(ECHO), await statuses(ECHO)], [200, 429]);
});

Deno.test("a call that comes too fast gets 429 with its id in every dialect over HTTP", async () => {
  using app = testApp({ settings: SLOW });
  const session = await TestSession.open(app);
  const plain = await app.open();
  await spend(app);
  await assertTooFast(await app.post("/mcp", ECHO, JSON_ONLY));
  await assertTooFast(await modernPost(app, "tools/call", { name: "echo" }, { id: 7 }), 7);
  await assertTooFast(await session.post(ECHO));
  const headers = { accept: "text/event-stream", "content-type": "application/json" };
  await assertTooFast(await app.post("/mcp/sse", ECHO, headers));
  await assertTooFast(await app.post("/mcp/sse", ECHO, { "mcp-connection-id": plain.id }));
  await plain.events.leave();
});

Deno.test("a call that a 2024-11-05 client POSTs too fast gets 429 with its id, and its stream goes on", async () => {
  using time = new FakeTime();
  using app = testApp({ settings: SLOW, wheel: { clock: time.clock } });
  const response = await app.request("/mcp", { headers: { accept: "text/event-stream" } });
  const events = new EventReader(response);
  const endpoint = (await events.next())?.data ?? "";
  const post = (message: unknown) => app.post(`/mcp${endpoint}`, message);
  assertEquals((await post(initializeRequest("2024-11-05", { id: "first" }))).status, 202);
  for (const id of ["a", "b"]) assertEquals((await post({ ...ECHO, id })).status, 202);
  await assertTooFast(await post({ ...ECHO, id: "c" }), "c");
  await assertTooFast(await app.post(`/${endpoint}`, { ...ECHO, id: "d" }), "d");
  assertEquals((await post(rpc("ping", {}, "e"))).status, 202);
  await time.advance(1_000);
  assertEquals((await post({ ...ECHO, id: "f" })).status, 202);
  const answered: unknown[] = [];
  while (answered.length < 5) answered.push((await events.next())?.json.id);
  assertEquals(answered, ["first", "a", "b", "e", "f"]);
  await events.leave();
});

Deno.test("each call of a batch counts, and a batch is let in as a whole or not at all", async () => {
  using time = new FakeTime();
  using app = testApp({ settings: SLOW, wheel: { clock: time.clock } });
  const session = await TestSession.open(app, { version: "2025-03-26" });
  const batch = [1, 2, 3, 4].map((id) => ({ ...ECHO, id }));
  const first = await session.post(batch, JSON_ONLY);
  assertEquals((await first.json()).length, 4);
  await assertTooFast(await session.post([ECHO, rpc("ping", {}, 9)], JSON_ONLY), null);
  // The batch was larger than the burst: two calls are owed, and one more must have come.
  await time.advance(2_000);
  assertEquals(await statusOf(app, ECHO), 429);
  await time.advance(1_000);
  assertEquals(await statusOf(app, ECHO), 200);
});

Deno.test("clients count by principal, else by address, of IPv6 by network", async () => {
  using app = testApp({ settings: SLOW });
  await spend(app, { address: "2001:db8::1" });
  assertEquals(await statusOf(app, ECHO, { address: "2001:db8::2" }), 429);
  assertEquals(await statusOf(app, ECHO, { address: "2001:db8:0:1::1" }), 200);
  assertEquals(await statusOf(app, ECHO, { address: "2001:db8::1", principal: "ann" }), 200);
});

Deno.test("over stdio a call that comes too fast is answered with an error", async () => {
  using app = testApp({ settings: SLOW });
  await using client = new PipeClient(app);
  await client.request(initializeRequest());
  for (const id of [1, 2]) assertEquals("result" in await client.request({ ...ECHO, id }), true);
  const { error } = await client.request({ ...ECHO, id: 3 });
  assertEquals([error.code, error.data.limit], [-32603, "call_rate"]);
  assertEquals((await client.request(rpc("ping", {}, 4))).result, {});
});

Deno.test("a client with many sessions loses its own, not those of others", async () => {
  using app = testApp({ settings: { MCP_MAX_SESSIONS_PER_CLIENT: 2 } });
  const ann = { address: "192.0.2.1" };
  const other = await TestSession.open(app, { peer: { address: "192.0.2.9" } });
  const subscribe = await other.ask(rpc("resources/subscribe", { uri: "test://a" }, 5));
  assertEquals(subscribe.result, {});
  const own: TestSession[] = [];
  for (let count = 0; count < 5; count++) own.push(await TestSession.open(app, { peer: ann }));
  assertEquals(app.activity().sessions, 3);
  // Sessions that come back count as new ones do.
  for (const session of own) assertEquals((await session.ask(rpc("ping", {}, 1))).result, {});
  assertEquals(app.activity().sessions, 3);
});

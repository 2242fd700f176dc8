/** Recently ended connections, and closing one by hand. */
import { shortId } from "../../../lib/base/ids.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { RECENT_MAX, RecentEnds } from "../../../lib/http/metrics/recent.ts";
import { PLAIN_HEADERS, rpc, type TestApp, testApp } from "../../helpers/app.ts";
import { CapturedLog } from "../../helpers/log.ts";
import { FakeTime } from "../../helpers/time.ts";

// deno-lint-ignore no-explicit-any -- a test looks into whatever came
async function view(app: TestApp): Promise<any> {
  return await (await app.operate("/mcp/connections")).json();
}

function disconnect(app: TestApp, query: string): Promise<Response> {
  return app.operate(`/mcp/connections${query}`, { method: "DELETE" });
}

Deno.test("a closed connection is kept with who it was, how old it got and why it ended", async () => {
  using time = new FakeTime();
  using app = testApp({ wheel: { clock: time.clock } });
  const headers = { ...PLAIN_HEADERS, "user-agent": "curl/8" };
  const { id, events } = await app.open(undefined, { headers });
  await time.advance(2_000);
  const [{ sent_bytes: sentBytes }] = (await view(app)).connections;
  await events.leave();
  const { recent_closed: [{ sent_bytes, ...shown }, ...others] } = await view(app);
  assertEquals(shown, {
    at: "2026-01-01T00:00:02.000Z",
    id: shortId(id),
    dialect: "plain",
    client_ip: "127.0.0.1",
    user_agent: "curl/8",
    age_ms: 2_000,
    reason: "client_closed",
  });
  assertEquals([sent_bytes, others], [sentBytes, []]);
});

Deno.test("a refused request is kept with cause and fix, and without its query", async () => {
  using time = new FakeTime();
  using app = testApp({ wheel: { clock: time.clock } });
  const response = await app.request("/mcp?secret=1", {
    method: "POST",
    headers: { "content-type": "application/json", origin: "https://evil.example" },
    body: "{}",
  }, { address: "192.0.2.7" });
  await response.body?.cancel();
  const { recent_refused: [{ message, ...shown }, ...others] } = await view(app);
  assertEquals(shown, {
    at: "2026-01-01T00:00:00.000Z",
    method: "POST",
    path: "/mcp",
    client_ip: "192.0.2.7",
    status: 403,
    kind: "origin_refused",
  });
  assertMatch(message, /https:\/\/evil\.example.*MCP_ALLOWED_ORIGINS/);
  assertEquals([others, response.status], [[], 403]);
});

Deno.test("a handshake in a revision nobody knows is kept, and so is one over a limit", async () => {
  using app = testApp({ settings: { MCP_MAX_CONNECTIONS: 1 } });
  const version = "io.modelcontextprotocol/protocolVersion";
  const params = { _meta: { [version]: "2099-01-01" } };
  const modern = await app.post("/mcp", rpc("ping", params), {
    "mcp-protocol-version": "2099-01-01",
    "mcp-method": "ping",
  });
  await modern.body?.cancel();
  const { events } = await app.open();
  const full = await app.request("/mcp/sse", { method: "POST", headers: PLAIN_HEADERS });
  await full.body?.cancel();
  const { recent_refused } = await view(app);
  assertEquals(
    recent_refused.map(({ kind, status }: Record<string, unknown>) => [kind, status]),
    [["overloaded", 503], ["unsupported_protocol_version", modern.status]],
  );
  await events.leave();
});

Deno.test("the last 100 of each are kept, newest first, and none of their texts grows long", async () => {
  using app = testApp();
  for (let i = 0; i < RECENT_MAX + 5; i++) {
    const path = `/${i}-${"x".repeat(1_000)}`;
    await (await app.request(path, { headers: { "user-agent": "y".repeat(9_000) } })).body
      ?.cancel();
    await (await app.open()).events.leave();
  }
  const { recent_closed, recent_refused } = await view(app);
  assertEquals([recent_closed.length, recent_refused.length], [RECENT_MAX, RECENT_MAX]);
  assertMatch(recent_refused[0].path, /^\/104-x+$/);
  assertMatch(recent_refused.at(-1).path, /^\/5-x+$/);
  assertEquals(recent_refused[0].path.length, 256);
});

Deno.test("`RecentEnds` cuts methods and messages, which clients choose", () => {
  const recent = new RecentEnds();
  const rejection = {
    method: "X".repeat(99),
    path: "/",
    address: "::1",
    message: "m".repeat(9_999),
  };
  recent.requestRejected("invalid_request", rejection);
  const [{ method, message } = { method: "", message: "" }] = recent.refused();
  assertEquals([method.length, message.length], [32, 512]);
});

Deno.test("DELETE /mcp/connections?id=… closes that connection with a goodbye, and no other", async () => {
  using app = testApp();
  const [one, other] = [await app.open(), await app.open()];
  const response = await disconnect(app, `?id=${one.id}`);
  assertEquals([response.status, await response.text()], [204, ""]);
  const goodbye = await one.events.nextNamed("close");
  assertEquals(goodbye.json.data.reason, "disconnected");
  const { open, closed, recent_closed } = await view(app);
  assertEquals([open, closed.disconnected, recent_closed[0].id], [1, 1, shortId(one.id)]);
  assertEquals((await disconnect(app, `?id=${one.id}`)).status, 404);
  await other.events.leave();
});

Deno.test("the ledger and the log show no key to a stream, and what they show ends it", async () => {
  using log = new CapturedLog("debug");
  using app = testApp();
  const [one, other] = [await app.open(), await app.open()];
  await one.events.leave();
  const shown = JSON.stringify([await view(app), log.lines]);
  for (const { id } of [one, other]) {
    assertEquals([shown.includes(id.slice(0, 21)), shown.includes(id.slice(0, 22))], [true, false]);
  }
  const [{ id }] = (await view(app)).connections;
  assertEquals(id, other.id.slice(0, 21));
  const header = { "mcp-connection-id": id };
  const guess = await app.request("/mcp/sse", { method: "DELETE", headers: header });
  assertEquals(guess.status, 404, "it is no key to the stream");
  assertEquals((await disconnect(app, `?id=${id}`)).status, 204);
  assertEquals((await other.events.nextNamed("close")).json.data.reason, "disconnected");
});

Deno.test("DELETE /mcp/connections without an id is refused, and closes nothing", async () => {
  using app = testApp();
  const { events } = await app.open();
  for (const query of ["", "?id="]) {
    const response = await disconnect(app, query);
    assertEquals(response.status, 400);
    assertMatch((await response.json()).error.message, /\?id=/);
  }
  const unknown = await disconnect(app, "?id=mcp_sse_nobody");
  assertEquals(unknown.status, 404);
  assert((await unknown.text()).includes("No open connection has this id"));
  assertEquals(app.ledger().open, 1);
  await events.leave();
});

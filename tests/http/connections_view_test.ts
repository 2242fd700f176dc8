import { shortId } from "../../lib/base/ids.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { CLOSE_REASONS } from "../../lib/stream/close_reason.ts";
import { REFUSALS } from "../../lib/stream/ledger.ts";
import { PLAIN_HEADERS, type TestApp, testApp, toolCall } from "../helpers/app.ts";
import { FakeTime } from "../helpers/time.ts";
import { HeldTool } from "../helpers/tools.ts";

// deno-lint-ignore no-explicit-any -- a test looks into whatever came
async function view(app: TestApp, query = ""): Promise<any> {
  const response = await app.operate(`/mcp/connections${query}`);
  assertEquals([response.status, response.headers.get("cache-control")], [200, "no-store"]);
  return await response.json();
}

Deno.test("the ledger of a server nobody has come to is all zeroes, with every word there", async () => {
  using app = testApp({ heap: () => ({ used: 12_345, limit: 1e9 }) });
  const ledger = await view(app);
  assertEquals(ledger, {
    opened: 0,
    open: 0,
    lingering: 0,
    closed: Object.fromEntries(CLOSE_REASONS.map((reason) => [reason, 0])),
    refused: Object.fromEntries(REFUSALS.map((refusal) => [refusal, 0])),
    queued_bytes: 0,
    heap_used_bytes: 12_345,
    matching: 0,
    connections: [],
    recent_closed: [],
    recent_refused: [],
  });
});

Deno.test("an open connection is shown with what the operator wants to know", async () => {
  using time = new FakeTime();
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool], wheel: { clock: time.clock } });
  const { id, events } = await app.open(toolCall("held"), {
    headers: { ...PLAIN_HEADERS, "user-agent": "curl/8" },
  });
  const ping = events.nextNamed("ping");
  await time.advance(15_000);
  await ping;
  const call = await held.next();
  call.ctx.log.info("x".repeat(500));
  const { connections, queued_bytes, opened, open } = await view(app);
  const [{ queued_bytes: own, sent_bytes, ...shown }] = connections;
  assertEquals([opened, open, connections.length], [1, 1, 1]);
  assertEquals(shown, {
    id: shortId(id),
    dialect: "plain",
    client_ip: "127.0.0.1",
    user_agent: "curl/8",
    age_ms: 15_000,
    ping_count: 1,
    failed_pings: 0,
    requests_in_flight: 1,
  });
  assertEquals(sent_bytes, new TextEncoder().encode(events.text).byteLength);
  assert(own > 500);
  assertEquals(queued_bytes, own);
  await events.leave();
});

Deno.test("the view names a stream by the beginning of its id, which does not give the stream away", async () => {
  using app = testApp();
  const { id, events } = await app.open();
  const { connections } = await view(app);
  assertEquals(connections[0].id, id.slice(0, "mcp_sse_".length + 13));
  assertEquals(id.length, "mcp_sse_".length + 32);
  await events.leave();
});

Deno.test("failed pings and the reason of the end are shown as they happen", async () => {
  using time = new FakeTime();
  using app = testApp({ wheel: { clock: time.clock } });
  const response = await app.request("/mcp/sse", { method: "POST", headers: PLAIN_HEADERS });
  await time.advance(30_000);
  assertEquals((await view(app)).connections[0].failed_pings, 2);
  await time.advance(15_000);
  const { opened, open, closed, connections } = await view(app);
  assertEquals([opened, open, closed.ping_failed, connections], [1, 0, 1, []]);
  await response.body?.cancel().catch(() => {});
});

Deno.test("a user agent is kept to 256 characters", async () => {
  using app = testApp();
  const { events } = await app.open(undefined, {
    headers: { ...PLAIN_HEADERS, "user-agent": "x".repeat(5_000) },
  });
  assertEquals((await view(app)).connections[0].user_agent, "x".repeat(256));
  await events.leave();
});

Deno.test("the list is paged, oldest first, and following next_offset gives every connection once", async () => {
  using app = testApp();
  const clients = await Promise.all(Array.from({ length: 25 }, () => app.open()));
  const seen: string[] = [];
  let query = "?limit=10";
  for (;;) {
    const { connections, next_offset, open } = await view(app, query);
    assertEquals(open, 25);
    seen.push(...connections.map(({ id }: { id: string }) => id));
    if (next_offset === undefined) break;
    query = `?limit=10&offset=${next_offset}`;
  }
  assertEquals(seen, [...app.connections.streams()].map(({ id }) => shortId(id)));
  assertEquals((await view(app, "?offset=1000")).connections, []);
  for (const { events } of clients) await events.leave();
});

Deno.test("a page holds 100 connections unless asked for another number, and 1000 at most", async () => {
  using app = testApp();
  const clients = await Promise.all(Array.from({ length: 101 }, () => app.open()));
  const { connections, next_offset } = await view(app);
  assertEquals([connections.length, next_offset], [100, 100]);
  assertEquals((await view(app, "?limit=1000")).connections.length, 101);
  for (const { events } of clients) await events.leave();
});

for (
  const query of [
    "?limit=0",
    "?limit=-1",
    "?limit=1001",
    "?limit=1.5",
    "?limit=ten",
    "?limit=",
    "?offset=-1",
    "?offset=1e3",
    "?offset=9007199254740993",
    "?offset=0x10",
  ]
) {
  Deno.test(`GET /mcp/connections${query} is refused, naming the parameter`, async () => {
    using app = testApp();
    const response = await app.operate(`/mcp/connections${query}`);
    assertEquals(response.status, 400);
    const { error } = await response.json();
    assertEquals(error.code, -32602);
    assertMatch(error.message, /^"(limit|offset)" must be a whole number/);
  });
}

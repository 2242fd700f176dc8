/** Requests that open and end sessions of the 2025 revisions, tested with room for one session. */
import { assertEquals, assertMatch } from "@std/assert";
import { DIALECTS } from "../../lib/transport/dialects.ts";
import type { SessionTable } from "../../lib/transport/streamable/session_table.ts";
import { rpc, testApp } from "../helpers/app.ts";
import { initialize, TestSession } from "../helpers/session.ts";
import { FakeTime, settled } from "../helpers/time.ts";

/** Openings and ends of sessions that an observer received. */
function watched() {
  const told: string[] = [];
  return {
    told,
    observer: {
      sessionOpened: (how: string) => void told.push(how),
      sessionEnded: ({ end }: { readonly end: string }) => void told.push(end),
    },
  };
}

const ONE = { MCP_MAX_SESSIONS: 1 };

for (
  const params of [
    { protocolVersion: 5, capabilities: {} },
    { capabilities: {} },
    { protocolVersion: null },
  ]
) {
  Deno.test(`an initialize that is refused opens no session and evicts none: ${JSON.stringify(params)}`, async () => {
    const { told, observer } = watched();
    using app = testApp({ settings: ONE, observer });
    const session = await TestSession.open(app);
    const refused = await app.post("/mcp", rpc("initialize", params));
    assertEquals(refused.headers.get("mcp-session-id"), null);
    assertEquals((await refused.json()).error.code, -32602);
    assertEquals(told, ["created"]);
    assertEquals(await session.ask(rpc("ping")), { jsonrpc: "2.0", id: 1, result: {} });
  });
}

Deno.test("DELETE of a session that is not in memory ends it for good, without restoring it or evicting another", async () => {
  const { told, observer } = watched();
  using app = testApp({ settings: ONE, observer });
  const first = await TestSession.open(app);
  const second = await TestSession.open(app);
  assertEquals(told, ["created", "created", "evicted"]);
  assertEquals((await first.delete()).status, 204);
  assertEquals(told, ["created", "created", "evicted"]);
  const again = await first.post(rpc("ping"));
  assertEquals(again.status, 404);
  assertMatch((await again.json()).error.message, /the session has ended/);
  assertEquals((await first.delete()).status, 404);
  assertEquals(await second.ask(rpc("ping")), { jsonrpc: "2.0", id: 1, result: {} });
});

Deno.test("DELETE ends a session for its owner only, in memory or not", async () => {
  const mine = { address: "10.0.0.1", principal: "me" };
  const yours = { address: "10.0.0.1", principal: "you" };
  using app = testApp({ settings: ONE });
  const first = await TestSession.open(app, { peer: mine });
  assertEquals((await first.on(app, { peer: yours }).delete()).status, 404);
  const second = await TestSession.open(app, { peer: mine });
  assertEquals((await first.on(app, { peer: yours }).delete()).status, 404);
  assertEquals((await first.delete()).status, 204);
  assertEquals((await second.delete()).status, 204);
});

Deno.test("initialize with the id of a session that has ended opens a new one", async () => {
  using app = testApp();
  const old = await TestSession.open(app);
  await old.delete();
  const response = await initialize(app, {}, { "mcp-session-id": old.id });
  assertEquals(response.status, 200);
  assertEquals((await response.json()).result.protocolVersion, "2025-11-25");
});

Deno.test("an observer is told how long a session was in memory", async () => {
  using time = new FakeTime();
  const ages: number[] = [];
  using app = testApp({
    wheel: { clock: time.clock },
    observer: { sessionEnded: ({ ageMs }) => void ages.push(ageMs) },
  });
  await time.advance(2_000);
  const session = await TestSession.open(app);
  await time.advance(5_000);
  await session.delete();
  assertEquals(ages, [5_000]);
});

Deno.test("a batch with a request is refused during a drain, as a single request is, and one without is taken", async () => {
  using app = testApp();
  const session = await TestSession.open(app, { version: "2025-03-26" });
  await app.drain(0);
  const refused = await session.post([rpc("ping")]);
  assertEquals([refused.status, (await refused.json()).error.data.limit], [503, "draining"]);
  const taken = await session.post([{ jsonrpc: "2.0", method: "notifications/initialized" }]);
  assertEquals(taken.status, 202);
});

Deno.test("a client that only sends batches has made use of its streams: to lose them is no flap", async () => {
  using app = testApp({ settings: { MCP_MAX_FLAPS: 2 } });
  const session = await TestSession.open(app, { version: "2025-03-26" });
  for (let round = 0; round < 5; round++) {
    const stream = await session.listen();
    assertEquals(stream.status, 200);
    await (await session.post([rpc("ping")])).body?.cancel();
    await stream.body?.cancel();
    await settled();
  }
});

Deno.test("the id of an ended session is refused until 100,000 other sessions have ended", async () => {
  let table: SessionTable | undefined;
  const spy = {
    name: "spy",
    streams: [],
    headers: { request: [], response: [] },
    endpoints: [],
    create: ({ sessions }: { readonly sessions: SessionTable }) => {
      table = sessions;
      return {};
    },
  };
  using app = testApp({ dialects: [spy, ...DIALECTS] });
  const session = await TestSession.open(app);
  await session.delete();
  for (let other = 1; other < 100_000; other++) table!.endByKey(`other ${other}`);
  const refused = await session.post(rpc("ping"));
  assertEquals(refused.status, 404);
  await refused.body?.cancel();
  table!.endByKey("one more");
  assertEquals(await session.ask(rpc("ping")), { jsonrpc: "2.0", id: 1, result: {} });
});

/** Session ids and event ids are the server's own: altered, old or misplaced ones open nothing. */
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { rpc, type TestApp, testApp, toolCall } from "../helpers/app.ts";
import { Puppet } from "../helpers/puppet.ts";
import { initialize, TestSession } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";
import { FakeTime } from "../helpers/time.ts";
import { alterations } from "./alterations.ts";

const KEY = "a key that both servers were given long enough";

/** An event id of a session's own stream. */
async function eventIdOf(session: TestSession): Promise<string> {
  const reader = new EventReader(await session.listen());
  const id = (await reader.next())?.id;
  await reader.leave();
  assert(id !== undefined);
  return id;
}

async function statusOf(response: Response | Promise<Response>): Promise<number> {
  const { status, body } = await response;
  await body?.cancel();
  return status;
}

/** The three ways to use a session id, as statuses. */
async function uses(app: TestApp, id: string): Promise<number[]> {
  const session = new TestSession(app, id);
  const requests = [session.post(rpc("ping")), session.listen(), session.delete()];
  return await Promise.all(requests.map(statusOf));
}

const UNKNOWN = [404, 404, 404];

Deno.test("a session id with any one character altered is unknown", async () => {
  using app = testApp();
  const { id } = await TestSession.open(app);
  for (const altered of alterations(id)) {
    const response = await new TestSession(app, altered).post(rpc("ping"));
    assertEquals(response.status, 404, altered);
    assertMatch((await response.json()).error.message, /^Session not found: it was not issued by/);
  }
});

Deno.test("a session id that was cut short, lengthened or made up is unknown", async () => {
  using app = testApp();
  const { id } = await TestSession.open(app);
  const [iv, tag, content] = [id.slice(0, 16), id.slice(16, 38), id.slice(38)];
  const forged = [
    ...[
      id.slice(0, -1),
      id.slice(1),
      `${id}A`,
      `${id}.`,
      `${id}=`,
      `${id}${tag}`,
      iv,
      tag,
      content,
    ],
    ...[`${iv}${tag}`, `${iv}${content}`, `${iv}${content}${tag}`, id.toUpperCase()],
    `${iv}${"A".repeat(tag.length)}${content}`,
    ...["x", ".", "00000000-0000-4000-8000-000000000000", "A".repeat(8_000)],
  ];
  for (const one of forged) assertEquals(await uses(app, one), UNKNOWN, one);
});

Deno.test("a session id is unknown once its session was deleted, and so are its events", async () => {
  using app = testApp();
  const session = await TestSession.open(app);
  const eventId = await eventIdOf(session);
  assertEquals(await statusOf(session.delete()), 204);
  assertEquals(await uses(app, session.id), UNKNOWN);
  assertEquals(await statusOf(session.listen(eventId)), 404);
});

Deno.test("a session that is in use outlives MCP_SESSION_MAX_MS, and a server that does not have it refuses its id then", async () => {
  using time = new FakeTime();
  const settings = { MCP_SESSION_MAX_MS: 60_000, MCP_SESSION_KEY: KEY };
  using app = testApp({ settings, wheel: { clock: time.clock } });
  const session = await TestSession.open(app);
  await time.leap(59_000);
  assertEquals(await statusOf(session.post(rpc("ping"))), 200);
  await time.leap(2_000);
  assertEquals(await statusOf(session.post(rpc("ping"))), 200);
  using restarted = testApp({ settings, wheel: { clock: time.clock } });
  assertEquals(await uses(restarted, session.id), UNKNOWN);
  const response = await session.on(restarted).post(rpc("ping"));
  assertMatch((await response.json()).error.message, /too old \(MCP_SESSION_MAX_MS\)/);
});

Deno.test("a session id is unknown when its session was idle for MCP_SESSION_IDLE_MS", async () => {
  using time = new FakeTime();
  using app = testApp({ settings: { MCP_SESSION_IDLE_MS: 1_000 }, wheel: { clock: time.clock } });
  const session = await TestSession.open(app);
  await time.advance(1_100, 100);
  assertEquals(await uses(app, session.id), UNKNOWN);
});

Deno.test("an event id with any one character altered is refused", async () => {
  using app = testApp();
  const session = await TestSession.open(app);
  for (const altered of alterations(await eventIdOf(session))) {
    const response = await session.listen(altered);
    assertEquals(response.status, 400, altered);
    assertMatch((await response.json()).error.message, /^Last-Event-ID is not an event of this/);
  }
});

Deno.test("an event id of another session is refused, with either session's id", async () => {
  using app = testApp();
  const [mine, yours] = [await TestSession.open(app), await TestSession.open(app)];
  const [myEvent, yourEvent] = [await eventIdOf(mine), await eventIdOf(yours)];
  assertEquals(await statusOf(mine.listen(yourEvent)), 400);
  assertEquals(await statusOf(yours.listen(myEvent)), 400);
});

Deno.test("an event id of another session's call does not give out its result", async () => {
  const puppet = new Puppet();
  using app = testApp({ tools: [puppet.tool] });
  const [mine, yours] = [await TestSession.open(app), await TestSession.open(app)];
  const reader = new EventReader(await yours.post(toolCall("puppet", { call: "a" })));
  const id = (await reader.next())?.id;
  (await puppet.call("a")).finish("a secret");
  await reader.rest();
  const response = await mine.listen(id);
  assertEquals(response.status, 400);
  assertEquals((await response.text()).includes("a secret"), false);
});

Deno.test("ids and states of one kind are not taken for those of another", async () => {
  using app = testApp({ settings: { MCP_SESSION_KEY: KEY } });
  const session = await TestSession.open(app);
  const eventId = await eventIdOf(session);
  assertEquals(await uses(app, eventId), UNKNOWN);
  assertEquals(await statusOf(session.listen(session.id)), 400);
  assertEquals(await uses(app, `${eventId}.${session.id}`), UNKNOWN);
  assertEquals(await statusOf(session.listen(`g.1..${session.id.slice(-22)}`)), 400);
});

Deno.test("initialize with a session id that is unknown or old opens a new session", async () => {
  using app = testApp();
  const session = await TestSession.open(app);
  const ended = await TestSession.open(app);
  await statusOf(ended.delete());
  const ids = new Set([session.id, ended.id]);
  for (const id of [session.id, ended.id, "made-up", ""]) {
    const response = await initialize(app, {}, { "mcp-session-id": id });
    assertEquals(await statusOf(response), 200);
    const issued = response.headers.get("mcp-session-id") ?? "";
    assertEquals(ids.has(issued), false, "the id is not a fresh one");
    ids.add(issued);
    assertEquals(await statusOf(new TestSession(app, issued).post(rpc("ping"))), 200);
  }
});

Deno.test("no id is ever taken from a client", async () => {
  using app = testApp();
  const chosen = `mcp_sse_${"0".repeat(32)}`;
  const session = await initialize(app, {}, { "mcp-session-id": chosen });
  assertNotEquals(session.headers.get("mcp-session-id"), chosen);
  await session.body?.cancel();

  const plain = { "mcp-connection-id": chosen, accept: "text/event-stream" };
  assertEquals(await statusOf(app.post("/mcp/sse", rpc("ping"), plain)), 404);
  assertEquals(await statusOf(app.post(`/mcp?connection_id=${chosen}`, rpc("ping"))), 404);

  const opened = await app.request(`/mcp?connection_id=${chosen}`, {
    headers: { accept: "text/event-stream", "mcp-connection-id": chosen },
  });
  const reader = new EventReader(opened);
  assertMatch((await reader.next())?.data ?? "", /^\?connection_id=mcp_sse_[0-9a-f]{32}$/);
  assertEquals(app.connections.get(chosen), undefined);
  await reader.leave();
});

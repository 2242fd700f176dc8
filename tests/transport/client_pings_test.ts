/** The protocol's own ping at the heartbeat, in each dialect that lets its client answer. */
import { assert, assertEquals, assertExists } from "@std/assert";
import type { StreamDriver } from "../../lib/stream/stream_driver.ts";
import { initializeRequest, rpc, type TestApp, testApp, toolCall } from "../helpers/app.ts";
import { TestSession } from "../helpers/session.ts";
import { EventReader, type ReadEvent } from "../helpers/sse.ts";
import { FakeTime } from "../helpers/time.ts";
import { HeldTool } from "../helpers/tools.ts";

const INTERVAL = 1_000;
const SETTINGS = { MCP_PING_INTERVAL_MS: INTERVAL };

/** A stream's client that reads on, and answers pings until the test stops it. */
class Answering {
  readonly events: ReadEvent[] = [];
  readonly #answer: (message: unknown) => Promise<void>;
  isAnswering = true;

  constructor(reader: EventReader, answer: (message: unknown) => Promise<void>) {
    this.#answer = answer;
    void this.#follow(reader).catch(() => {});
  }

  get pings(): ReadEvent[] {
    return this.events.filter(({ json }) => json?.method === "ping");
  }

  async #follow(reader: EventReader): Promise<void> {
    for (let event = await reader.next(); event !== undefined; event = await reader.next()) {
      this.events.push(event);
      if (event.json?.method !== "ping" || !this.isAnswering) continue;
      await this.#answer({ jsonrpc: "2.0", id: event.json.id, result: {} });
    }
  }
}

async function openHttpSse(app: TestApp): Promise<{
  reader: EventReader;
  send: (message: unknown) => Promise<void>;
}> {
  const response = await app.request("/mcp", { headers: { accept: "text/event-stream" } });
  const reader = new EventReader(response);
  const { data: endpoint } = await reader.nextNamed("endpoint");
  const send = async (message: unknown) => {
    assertEquals((await app.post(`/mcp${endpoint}`, message)).status, 202);
  };
  return { reader, send };
}

const INITIALIZE = initializeRequest("2024-11-05");

Deno.test("HTTP+SSE: a client that answered and then falls silent is lost, and its call aborted", async () => {
  using time = new FakeTime();
  const held = new HeldTool();
  using app = testApp({
    tools: [held.tool],
    settings: SETTINGS,
    wheel: { clock: time.clock },
  });
  const { reader, send } = await openHttpSse(app);
  await send(INITIALIZE);
  await send(toolCall("held", {}, 2));
  const call = await held.next();
  const client = new Answering(reader, send);
  await time.advance(5 * INTERVAL);
  assertEquals(client.pings.length, 5);
  assertEquals(app.ledger().open, 1);
  client.isAnswering = false;
  await time.advance(3 * INTERVAL);
  assertEquals(app.ledger().open, 1);
  await time.advance(INTERVAL);
  const { open, closed, lingering } = app.ledger();
  assertEquals([open, closed.peer_lost, lingering], [0, 1, 0]);
  assert(call.ctx.signal.aborted);
  call.finish("nobody hears it");
});

Deno.test("HTTP+SSE: nobody is pinged before `initialize`", async () => {
  using time = new FakeTime();
  using app = testApp({ settings: SETTINGS, wheel: { clock: time.clock } });
  const { reader, send } = await openHttpSse(app);
  const client = new Answering(reader, send);
  await time.advance(5 * INTERVAL);
  assertEquals([client.pings.length, app.ledger().open], [0, 1]);
  await send(INITIALIZE);
  await time.advance(INTERVAL);
  assertEquals(client.pings.length, 1);
});

Deno.test("HTTP+SSE: a client that never answers a ping keeps its stream", async () => {
  using time = new FakeTime();
  using app = testApp({ settings: SETTINGS, wheel: { clock: time.clock } });
  const { reader, send } = await openHttpSse(app);
  await send(INITIALIZE);
  const client = new Answering(reader, send);
  client.isAnswering = false;
  await time.advance(10 * INTERVAL);
  assertEquals([client.pings.length, app.ledger().open], [10, 1]);
});

Deno.test("session stream: pings have no event id and are not replayed; silence loses the stream only", async () => {
  using time = new FakeTime();
  using app = testApp({ settings: SETTINGS, wheel: { clock: time.clock } });
  const session = await TestSession.open(app);
  const client = new Answering(
    new EventReader(await session.listen()),
    (message) => session.tell(message),
  );
  await time.advance(3 * INTERVAL);
  assertEquals(client.pings.length, 3);
  assertEquals(client.pings.map(({ id }) => id), [undefined, undefined, undefined]);
  const lastId = client.events[0]?.id;
  assertExists(lastId);
  client.isAnswering = false;
  await time.advance(4 * INTERVAL);
  assertEquals([app.ledger().open, app.ledger().closed.peer_lost], [0, 1]);

  const again = new Answering(
    new EventReader(await session.listen(lastId)),
    (message) => session.tell(message),
  );
  await time.advance(0);
  assertEquals(again.pings, []);
  await time.advance(6 * INTERVAL);
  assertEquals([again.pings.length, app.ledger().open], [6, 1]);
});

Deno.test("session stream: what was asked on a lost stream is not held against the next one", async () => {
  using time = new FakeTime();
  using app = testApp({
    settings: { ...SETTINGS, MCP_MAX_PING_FAILURES: 1 },
    wheel: { clock: time.clock },
  });
  const session = await TestSession.open(app);
  const answer = (message: unknown) => session.tell(message);
  const first = new EventReader(await session.listen());
  const client = new Answering(first, answer);
  await time.advance(INTERVAL);
  client.isAnswering = false;
  await time.advance(INTERVAL);
  assertEquals([client.pings.length, app.ledger().open], [2, 1]);
  const second = new Answering(new EventReader(await session.listen()), answer);
  await time.advance(3 * INTERVAL);
  const { open, closed } = app.ledger();
  assertEquals([second.pings.length, open, closed.superseded, closed.peer_lost], [3, 1, 1, 0]);
});

Deno.test("streams that only carry an answer, listen streams and plain streams ask no ping", async () => {
  using time = new FakeTime();
  using app = testApp({ settings: SETTINGS, wheel: { clock: time.clock } });
  const drivers = driversOf(app);
  const session = await TestSession.open(app);
  const call = toolCall("countdown", { from: 100, interval_ms: 1_000 });
  const listen = rpc("subscriptions/listen", {
    notifications: { toolsListChanged: true },
    _meta: {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
    },
  });
  const responses = [
    await session.post(call),
    await app.post("/mcp", listen, {
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "subscriptions/listen",
    }),
  ];
  assertEquals(responses.map(({ status }) => status), [200, 200]);
  const readers = [
    ...responses.map((response) => new EventReader(response)),
    (await app.open(call)).events,
  ];
  const clients = readers.map((reader) =>
    new Answering(reader, () => Promise.reject(new Error("asked")))
  );
  await time.advance(5 * INTERVAL);
  const states = [...app.connections.streams()].map((one) => [one.dialect, one.failedPings]);
  assertEquals(states, [["streamable", 0], ["listen", 0], ["plain", 0]]);
  assertEquals(clients.map(({ pings }) => pings), [[], [], []]);
  const answers = drivers.map((driver) => [driver.name, driver.pingClient()]);
  assertEquals(answers, [["streamable", "unknown"], ["listen", "unknown"], ["plain", "unknown"]]);
});

/** The drivers of the streams that an app opens from now on. */
function driversOf({ registry }: Pick<TestApp, "registry">): readonly StreamDriver[] {
  const drivers: StreamDriver[] = [];
  const open = registry.open.bind(registry);
  registry.open = (origin, opening) => {
    drivers.push(opening.driver);
    return open(origin, opening);
  };
  return drivers;
}

/** The last thing that the client of each dialect hears of a stream that the server ends by plan. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { initializeRequest, type TestApp, testApp, toolCall } from "../helpers/app.ts";
import { BOTH, TestSession } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";
import { FakeTime } from "../helpers/time.ts";
import { HeldTool } from "../helpers/tools.ts";
import { mirrorHeaders, modernBody, modernPost } from "../spec/support/modern.ts";

const MAX_AGE_MS = 10_000;
const TIMEOUT_MS = 60_000;
const SETTINGS = { MCP_MAX_CONNECTION_MS: MAX_AGE_MS, MCP_REQUEST_TIMEOUT_MS: TIMEOUT_MS };
const SSE_ONLY = { accept: "text/event-stream" };

/** A server that a client of some dialect is to lose. */
interface Scene {
  readonly app: TestApp;
  readonly time: FakeTime;
  readonly held: HeldTool;
}

async function inScene(play: (scene: Scene) => Promise<void>): Promise<void> {
  using time = new FakeTime();
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool], settings: SETTINGS, wheel: { clock: time.clock } });
  await play({ app, time, held });
}

/** How a server ends its streams by plan. */
const ENDINGS: Readonly<Record<string, (scene: Scene) => Promise<unknown>>> = {
  drain: ({ app }) => app.drain(0),
  max_age: ({ time }) => time.advance(MAX_AGE_MS, 500),
};

async function listenToSession(app: TestApp): Promise<EventReader> {
  return new EventReader(await (await TestSession.open(app)).listen());
}

for (const [reason, end] of Object.entries(ENDINGS)) {
  Deno.test(`plain: the goodbye of ${reason} is a close event that names it`, () =>
    inScene(async (scene) => {
      const { events } = await scene.app.open();
      await end(scene);
      const last = (await events.rest()).at(-1);
      assertEquals([last?.event, last?.json.data.reason], ["close", reason]);
    }));

  Deno.test(`listen: the goodbye of ${reason} is the result of the request`, () =>
    inScene(async (scene) => {
      const filter = { notifications: { toolsListChanged: true } };
      const response = await modernPost(scene.app, "subscriptions/listen", filter, { id: "mine" });
      const events = new EventReader(response);
      await end(scene);
      const last = (await events.rest()).at(-1)?.json;
      assertEquals([last.id, typeof last.result], ["mine", "object"]);
    }));

  Deno.test(`session stream: the goodbye of ${reason} is a retry, and its body ends whole`, () =>
    inScene(async (scene) => {
      const events = await listenToSession(scene.app);
      await end(scene);
      await events.rest();
      assertMatch(events.text, /\nretry: \d+\n\n$/);
    }));

  Deno.test(`HTTP+SSE: ${reason} ends the body whole, without an event that clients do not know`, () =>
    inScene(async (scene) => {
      const response = await scene.app.request("/mcp", { headers: SSE_ONLY });
      const events = new EventReader(response);
      await end(scene);
      assertEquals((await events.rest()).map(({ event }) => event), ["endpoint"]);
      assertEquals(scene.app.ledger().closed[reason as "drain"], 1);
    }));
}

Deno.test("retry: streams that end together are asked back spread over 0.5 to 5 s", () =>
  inScene(async ({ app }) => {
    const readers = await Promise.all(Array.from({ length: 150 }, () => listenToSession(app)));
    await app.drain(0);
    const last = await Promise.all(readers.map(async (reader) => {
      await reader.rest();
      return reader.retries.at(-1) ?? NaN;
    }));
    assert(last.every((ms) => ms >= 500 && ms < 5_000), String(last));
    // Each fifth of the window gets its share: 30 expected, 5 is more than five deviations off.
    for (let from = 500; from < 5_000; from += 900) {
      const share = last.filter((ms) => ms >= from && ms < from + 900).length;
      assert(share > 5, `${share} come back ${from} to ${from + 900} ms later`);
    }
  }));

Deno.test("retry: a stream that its client has ended itself is not asked back", () =>
  inScene(async ({ app }) => {
    const session = await TestSession.open(app);
    const events = new EventReader(await session.listen());
    const { retries } = events;
    await events.next();
    const before = retries.length;
    await session.delete();
    await events.rest();
    assertEquals(retries.length, before);
  }));

Deno.test("a call without a session that a drain cuts is answered by an error, not left open", () =>
  inScene(async ({ app, time, held }) => {
    const answering = modernPost(app, "tools/call", { name: "held", arguments: {} }, { id: 7 });
    await held.next();
    await time.advance(1_100);
    const events = new EventReader(await answering);
    const drained = app.drain(1_000);
    await time.advance(1_100);
    assertEquals((await drained).cut, 1);
    const last = (await events.rest()).at(-1)?.json;
    assertEquals([last.id, last.error.code], [7, -32603]);
    assertMatch(last.error.message, /shutting down.*outcome is unknown/);
  }));

/** A call on a stream of each dialect that has one, and its answer. */
const CALLS: Readonly<Record<string, (scene: Scene) => Promise<EventReader>>> = {
  plain: async ({ app }) => (await app.open(toolCall("held"))).events,
  http_sse: async ({ app }) => {
    const events = new EventReader(await app.request("/mcp", { headers: SSE_ONLY }));
    const { data } = await events.nextNamed("endpoint");
    await app.post(
      `/mcp${data}`,
      initializeRequest("2024-11-05"),
    );
    await events.nextNamed("message");
    await app.post(`/mcp${data}`, toolCall("held"));
    return events;
  },
  streamable: async ({ app, time }) => {
    const session = await TestSession.open(app);
    const answering = session.post(toolCall("held"), { accept: BOTH });
    await time.advance(1_100);
    return new EventReader(await answering);
  },
  stateless: async ({ app, time }) => {
    const body = modernBody("tools/call", { name: "held", arguments: {} });
    const answering = app.post("/mcp", body, mirrorHeaders(body));
    await time.advance(1_100);
    return new EventReader(await answering);
  },
};

for (const [dialect, call] of Object.entries(CALLS)) {
  Deno.test(`max_age: a running call of the ${dialect} dialect is never cut before its own time`, () =>
    inScene(async (scene) => {
      const events = await call(scene);
      const running = await scene.held.next();
      // A client that does not read is ended for that.
      const answer = events.rest();
      // Beyond the maximum age, within the time limit of a call.
      await scene.time.advance(TIMEOUT_MS - 5_000, 500);
      assertEquals(scene.app.ledger().closed.max_age, 0);
      assertEquals(running.ctx.signal.aborted, false);
      running.finish("done in time");
      await scene.time.advance(MAX_AGE_MS, 500);
      assertMatch(JSON.stringify(await answer), /done in time/);
    }));
}

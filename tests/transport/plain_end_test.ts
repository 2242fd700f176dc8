/** Every way a plain stream ends: the reason in the goodbye, the ledger and the tool's signal. */
import { assert, assertEquals, assertInstanceOf, assertMatch } from "@std/assert";
import type { Settings } from "../../lib/base/settings.ts";
import { CallAborted } from "../../lib/mod.ts";
import type { CloseReason } from "../../lib/stream/close_reason.ts";
import {
  PLAIN_HEADERS,
  type PlainClient,
  rpc,
  type TestApp,
  testApp,
  toolCall,
} from "../helpers/app.ts";
import { FakeTime, settled } from "../helpers/time.ts";
import { type HeldCall, HeldTool, toolThat } from "../helpers/tools.ts";

/** An app with one plain client whose call is running. */
interface Scene {
  readonly time: FakeTime;
  readonly app: TestApp;
  readonly client: PlainClient;
  readonly call: HeldCall;
  /** Aborts the client's request, like the runtime when the client is gone. */
  readonly leave: () => void;
}

async function inScene(
  settings: Partial<Settings>,
  play: (scene: Scene) => Promise<void>,
): Promise<void> {
  using time = new FakeTime();
  const held = new HeldTool();
  const tools = [held.tool, toolThat(() => "x".repeat(3_000), "long")];
  using app = testApp({ tools, settings, wheel: { clock: time.clock } });
  const request = new AbortController();
  const client = await app.open(toolCall("held", {}, "running"), { signal: request.signal });
  const call = await held.next();
  await play({ time, app, client, call, leave: () => request.abort() });
  const { opened, open, closed, queuedBytes } = app.ledger();
  const sum = Object.values(closed).reduce((total, count) => total + count);
  assertEquals([opened, open, queuedBytes], [sum, 0, 0]);
}

function assertEnded({ app, call }: Scene, reason: CloseReason): void {
  assertEquals(app.ledger().closed[reason], 1);
  assert(call.ctx.signal.aborted);
  assertInstanceOf(call.ctx.signal.reason, CallAborted);
  assertEquals(call.ctx.signal.reason.reason, reason);
}

/** The goodbye that the client reads at the end of its stream. */
async function goodbye({ client }: Scene): Promise<string | undefined> {
  const last = (await client.events.rest()).at(-1);
  return last?.event === "close" ? last.json.data.reason : undefined;
}

Deno.test("client_closed: the reader cancels the stream", () =>
  inScene({}, async (scene) => {
    await scene.client.events.leave();
    assertEnded(scene, "client_closed");
  }));

Deno.test("client_closed: the request's signal aborts", () =>
  inScene({}, async (scene) => {
    scene.leave();
    assertEnded(scene, "client_closed");
    assertEquals(await goodbye(scene), undefined);
  }));

Deno.test("disconnected: the client asks for it", () =>
  inScene({}, async (scene) => {
    const headers = { "mcp-connection-id": scene.client.id };
    await scene.app.request("/mcp/sse", { method: "DELETE", headers });
    assertEnded(scene, "disconnected");
    assertEquals(await goodbye(scene), "disconnected");
  }));

Deno.test("ping_failed: the reader stops, and the three pings after the one it leaves unread fail", () =>
  inScene({}, async (scene) => {
    await scene.time.advance(58_000);
    assertEquals(scene.app.ledger().open, 1);
    await scene.time.advance(2_000);
    assertEnded(scene, "ping_failed");
    await settled();
  }));

Deno.test("queue_full: answers do not fit for a reader that does not read", () =>
  inScene({ MCP_MAX_QUEUED_BYTES: 10_000 }, async (scene) => {
    for (let count = 0; count < 4; count++) {
      await scene.client.send(toolCall("long", {}, `${count}`));
    }
    await scene.time.advance(5_025);
    assertEnded(scene, "queue_full");
    await settled();
  }));

Deno.test("queue_full: the budget of all streams is used up, and this one is the greediest", () =>
  inScene({ MCP_MAX_TOTAL_QUEUED_BYTES: 10_000 }, async (scene) => {
    const other = await scene.app.open();
    scene.call.ctx.log.info("x".repeat(9_000));
    await other.send(toolCall("long", {}, "y"));
    assertEnded(scene, "queue_full");
    assertEquals((await other.events.next())?.json.id, "y");
    await other.events.leave();
  }));

Deno.test("max_age: never during the running call, and soon after it", () =>
  inScene({ MCP_MAX_CONNECTION_MS: 60_000 }, async (scene) => {
    const rest = scene.client.events.rest();
    await scene.time.advance(120_000);
    assertEquals([scene.app.ledger().open, scene.call.ctx.signal.aborted], [1, false]);
    scene.call.finish("done");
    await scene.time.advance(500);
    assertEquals(scene.app.ledger().closed.max_age, 1);
    assertEquals((await rest).slice(-2).map(({ event }) => event), ["response", "close"]);
    assertEquals(scene.call.ctx.signal.aborted, false);
  }));

Deno.test("a call that never ends is answered by its timeout, and then the stream is too old", () =>
  inScene({ MCP_MAX_CONNECTION_MS: 60_000, MCP_REQUEST_TIMEOUT_MS: 90_000 }, async (scene) => {
    const rest = scene.client.events.rest();
    await scene.time.advance(91_000);
    const events = await rest;
    const error = events.find(({ event }) => event === "error");
    assertEquals(error?.json.id, "running");
    assertMatch(error?.json.error.message, /timed out after 90000 ms/);
    assertEquals(events.at(-1)?.json.data.reason, "max_age");
    assertEquals(scene.call.ctx.signal.reason.reason, "timeout");
  }));

Deno.test("an answer whose time comes in one turn with the end of its stream goes out before it", () =>
  inScene({ MCP_MAX_CONNECTION_MS: 60_000, MCP_REQUEST_TIMEOUT_MS: 90_000 }, async (scene) => {
    const rest = scene.client.events.rest();
    await scene.time.advance(70_000);
    // A process that was stopped finds both due at once.
    await scene.time.leap(30_000);
    await scene.time.advance(1_000);
    const last = (await rest).slice(-2).map(({ event, json }) => [event, json.data?.reason]);
    assertEquals(last, [["error", undefined], ["close", "max_age"]]);
  }));

Deno.test("drain: an idle stream ends at once, a busy one with its call", () =>
  inScene({}, async (scene) => {
    const idle = await scene.app.open();
    const draining = scene.app.drain(5_000);
    assertEquals((await idle.events.rest()).at(-1)?.json.data.reason, "drain");
    await scene.time.advance(1_000);
    assertEquals([scene.app.ledger().open, scene.call.ctx.signal.aborted], [1, false]);
    scene.call.finish("in time");
    await settled();
    const events = await scene.client.events.rest();
    assertEquals(events.map(({ event }) => event), ["response", "close"]);
    assertEquals(events[1]?.json.data.reason, "drain");
    assertEquals(await draining, { drained: 2, cut: 0, unanswered: 0 });
    assertEquals(scene.call.ctx.signal.aborted, false);
  }));

Deno.test("drain: a call that outlasts the budget is cut", () =>
  inScene({}, async (scene) => {
    const draining = scene.app.drain(5_000);
    await scene.time.advance(4_900);
    assertEquals(scene.call.ctx.signal.aborted, false);
    await scene.time.advance(100);
    assertEquals(await draining, { drained: 0, cut: 1, unanswered: 0 });
    assertEnded(scene, "drain");
    assertEquals(await goodbye(scene), "drain");
  }));

Deno.test("drain: new streams and further requests are refused with 503, notifications are taken", () =>
  inScene({}, async (scene) => {
    const draining = scene.app.drain(5_000);
    const opening = await scene.app.post("/mcp/sse", rpc("ping"), PLAIN_HEADERS);
    assertEquals(opening.status, 503);
    assertEquals((await opening.json()).error.code, -32603);
    const empty = await scene.app.request("/mcp/sse", { method: "POST", headers: PLAIN_HEADERS });
    assertEquals(empty.status, 503);
    assertMatch(empty.headers.get("retry-after") ?? "", /^\d+$/);
    await empty.body?.cancel();
    const headers = { "mcp-connection-id": scene.client.id };
    const further = await scene.app.post("/mcp/sse", rpc("ping", {}, 7), headers);
    assertEquals([further.status, (await further.json()).id], [503, 7]);
    assertEquals((await scene.app.request("/readyz")).status, 503);
    const cancel = {
      jsonrpc: "2.0",
      method: "notifications/cancelled",
      params: { requestId: "running" },
    };
    assertEquals((await scene.app.post("/mcp/sse", cancel, headers)).status, 202);
    assertEquals(scene.call.ctx.signal.reason.reason, "cancelled");
    assertEquals(await goodbye(scene), "drain");
    assertEquals((await draining).cut, 0);
  }));

Deno.test("a late answer of a tool whose client is gone goes nowhere and throws nothing", () =>
  inScene({}, async (scene) => {
    scene.leave();
    scene.call.ctx.progress(1);
    scene.call.ctx.log.error("late");
    scene.call.fail(new Error("late"));
    await settled();
    assertEnded(scene, "client_closed");
  }));

Deno.test("a client that is gone before its stream opens has no tool run for it", async () => {
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool] });
  const client = new AbortController();
  const request = new Request("http://localhost/mcp/sse", {
    method: "POST",
    headers: PLAIN_HEADERS,
    body: JSON.stringify(toolCall("held")),
    signal: client.signal,
  });
  const answering = app.fetch(request);
  client.abort();
  const response = await answering;
  await response.body?.cancel();
  assertEquals([app.ledger().open, held.calls.length], [0, 0]);
});

Deno.test("a tool that fills its reader's queue before it first waits is aborted like any other", async () => {
  let reason: unknown;
  const held = new HeldTool();
  const { tool } = held;
  using app = testApp({
    tools: [{
      ...tool,
      name: "loud",
      call: (args, ctx) => {
        ctx.log.error("x".repeat(20_000));
        ctx.signal.addEventListener("abort", () => void (reason = ctx.signal.reason));
        if (ctx.signal.aborted) reason = ctx.signal.reason;
        return tool.call(args, ctx);
      },
    }],
    settings: { MCP_MAX_TOTAL_QUEUED_BYTES: 10_000 },
  });
  const response = await app.post("/mcp/sse", toolCall("loud"), PLAIN_HEADERS);
  assertEquals([app.ledger().open, app.ledger().closed.queue_full], [0, 1]);
  await settled();
  assertInstanceOf(reason, CallAborted);
  assertEquals(reason.reason, "queue_full");
  await response.body?.cancel().catch(() => {});
});

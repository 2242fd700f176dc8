/** A running call: its time, its cancellation, its place among others, its messages. */
import { assert, assertEquals, assertInstanceOf, assertMatch } from "@std/assert";
import { CallAborted } from "../../lib/mod.ts";
import { type PlainClient, rpc, testApp, toolCall } from "../helpers/app.ts";
import { CapturedLog } from "../helpers/log.ts";
import { FakeTime, settled } from "../helpers/time.ts";
import { HeldTool, toolThat } from "../helpers/tools.ts";

const ACCEPT_JSON = { accept: "application/json" };

function cancel(requestId: unknown, reason?: unknown) {
  const params = { requestId, ...(reason !== undefined && { reason }) };
  return { jsonrpc: "2.0", method: "notifications/cancelled", params };
}

/** The names of the events up to and with the response to a last ping. */
async function eventsUpToPing({ events, send }: PlainClient): Promise<string[]> {
  await send(rpc("ping", {}, "last"));
  const names: string[] = [];
  for (let event = await events.next(); event !== undefined; event = await events.next()) {
    names.push(`${event.event} ${event.json.id ?? event.json.method}`);
    if (event.json.id === "last") break;
  }
  return names;
}

Deno.test("a call that takes too long is answered -32603, and its signal says timeout", async () => {
  using log = new CapturedLog("info");
  using time = new FakeTime();
  const held = new HeldTool();
  const settings = { MCP_REQUEST_TIMEOUT_MS: 60_000, MCP_PING_INTERVAL_MS: 1_000_000 };
  using app = testApp({ tools: [held.tool], settings, wheel: { clock: time.clock } });
  const client = await app.open(toolCall("held", {}, 1));
  const call = await held.next();
  await time.advance(59_900);
  assertEquals(call.ctx.signal.aborted, false);
  await time.advance(200);
  assertInstanceOf(call.ctx.signal.reason, CallAborted);
  assertEquals(call.ctx.signal.reason.reason, "timeout");
  const { json } = await client.events.nextNamed("error");
  assertEquals([json.id, json.error.code], [1, -32603]);
  assertMatch(json.error.message, /60000 ms \(MCP_REQUEST_TIMEOUT_MS\)/);
  assertEquals(log.of("Request timed out").map(({ fields }) => fields), [
    { method: "tools/call", timeout_ms: 60_000 },
  ]);
  // Its messages from now on are dropped.
  call.ctx.progress(1);
  call.ctx.log.info("late");
  call.finish("late");
  await settled();
  assertEquals(await eventsUpToPing(client), ["response last"]);
  assertEquals(app.connections.streams().next().value?.unanswered, 0);
  await client.events.leave();
});

Deno.test("a call without a session times out as well", async () => {
  using time = new FakeTime();
  const held = new HeldTool();
  const settings = { MCP_REQUEST_TIMEOUT_MS: 10_000 };
  using app = testApp({ tools: [held.tool], settings, wheel: { clock: time.clock } });
  const answering = app.post("/mcp", toolCall("held", {}, 0), ACCEPT_JSON);
  const call = await held.next();
  await time.advance(10_100);
  const { id, error } = await (await answering).json();
  assertEquals([id, error.code, call.ctx.signal.reason.reason], [0, -32603, "timeout"]);
  assertEquals(app.wheel.size, 0);
});

Deno.test("a call that ends in time leaves no timer", async () => {
  using time = new FakeTime();
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool], wheel: { clock: time.clock } });
  const answering = app.post("/mcp", toolCall("held"), ACCEPT_JSON);
  (await held.next()).finish("done");
  await (await answering).json();
  // The look-out for slow bodies is over with its next look.
  await time.advance(2_000);
  assertEquals(app.wheel.size, 0);
});

Deno.test("notifications/cancelled aborts the call with the client's reason, and it is not answered", async () => {
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool] });
  const client = await app.open(toolCall("held", {}, 7));
  const call = await held.next();
  await client.send(cancel(7, "user pressed stop"));
  assertInstanceOf(call.ctx.signal.reason, CallAborted);
  assertEquals(call.ctx.signal.reason.reason, "cancelled");
  assertMatch(call.ctx.signal.reason.message, /user pressed stop/);
  call.fail(call.ctx.signal.reason);
  await settled();
  assertEquals(await eventsUpToPing(client), ["response last"]);
  await client.events.leave();
});

Deno.test("a cancellation of what does not run, or that says no id, is ignored", async () => {
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool] });
  const client = await app.open(toolCall("held", {}, 7));
  const call = await held.next();
  for (const id of [8, "7", null, undefined, {}, [7], true]) await client.send(cancel(id));
  await client.send({ jsonrpc: "2.0", method: "notifications/cancelled" });
  await client.send({ jsonrpc: "2.0", method: "notifications/unknown", params: {} });
  assertEquals(call.ctx.signal.aborted, false);
  call.finish("done");
  assertEquals((await client.events.nextNamed("response")).json.id, 7);
  await client.send(cancel(7));
  assertEquals(await eventsUpToPing(client), ["response last"]);
  assertEquals(call.ctx.signal.aborted, false);
  await client.events.leave();
});

Deno.test("nobody cancels another client's call", async () => {
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool] });
  const mine = await app.open(toolCall("held", {}, 1));
  const call = await held.next();
  const other = await app.open();
  await other.send(cancel(1));
  assertEquals(call.ctx.signal.aborted, false);
  await mine.events.leave();
  await other.events.leave();
});

Deno.test("an id that is still in flight is refused, and the first call goes on", async () => {
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool] });
  const client = await app.open(toolCall("held", {}, "x"));
  const first = await held.next();
  await client.send(toolCall("held", {}, "x"));
  const { json } = await client.events.nextNamed("error");
  assertEquals([json.id, json.error.code], ["x", -32600]);
  assertMatch(json.error.message, /"x" is still running/);
  assertEquals([held.calls.length, first.ctx.signal.aborted], [1, false]);
  // The refused one has not taken the first one's place.
  await client.send(cancel("x"));
  assertEquals(first.ctx.signal.aborted, true);
  await client.send(toolCall("held", {}, "x"));
  (await held.next()).finish("again");
  assertEquals((await client.events.nextNamed("response")).json.id, "x");
  await client.events.leave();
});

Deno.test('1 and "1" are two ids', async () => {
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool] });
  const client = await app.open(toolCall("held", {}, 1));
  await client.send(toolCall("held", {}, "1"));
  const [number, text] = [await held.next(), await held.next()];
  text.finish("text");
  assertEquals((await client.events.nextNamed("response")).json.id, "1");
  number.finish("number");
  assertEquals((await client.events.nextNamed("response")).json.id, 1);
  await client.events.leave();
});

Deno.test("more requests in flight than the setting allows are refused, until one ends", async () => {
  const held = new HeldTool();
  const settings = { MCP_MAX_REQUESTS_PER_CONNECTION: 2 };
  using app = testApp({ tools: [held.tool], settings });
  const client = await app.open(toolCall("held", {}, 1));
  await client.send(toolCall("held", {}, 2));
  await client.send(rpc("ping", {}, 3));
  const { json } = await client.events.nextNamed("error");
  assertEquals([json.id, json.error.code], [3, -32603]);
  assertMatch(json.error.message, /MCP_MAX_REQUESTS_PER_CONNECTION/);
  (await held.next()).finish("done");
  await client.events.nextNamed("response");
  await client.send(rpc("ping", {}, 4));
  assertEquals((await client.events.nextNamed("response")).json.id, 4);
  await client.events.leave();
});

Deno.test("a signal that is first looked at after the abort is aborted already", async () => {
  let late: AbortSignal | undefined;
  const gate = Promise.withResolvers<void>();
  using app = testApp({
    tools: [toolThat(async (ctx) => {
      await gate.promise;
      late = ctx.signal;
      return "done";
    })],
  });
  const client = await app.open(toolCall("subject", {}, 1));
  await client.send(cancel(1));
  gate.resolve();
  await settled();
  assertEquals(late?.reason.reason, "cancelled");
  await client.events.leave();
});

Deno.test("an abort listener that throws stops neither the answer to others nor the cleanup", async () => {
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool] });
  const client = await app.open(toolCall("held", {}, 1));
  await client.send(toolCall("held", {}, 2));
  const [first, second] = [await held.next(), await held.next()];
  const errors: unknown[] = [];
  const onError = (event: ErrorEvent) => {
    event.preventDefault();
    errors.push(event.error);
  };
  globalThis.addEventListener("error", onError);
  first.ctx.signal.addEventListener("abort", () => {
    throw new Error("broken listener");
  });
  void second.ctx.signal;
  await client.events.leave();
  await settled();
  globalThis.removeEventListener("error", onError);
  assertEquals(errors.length, 1);
  assert(first.ctx.signal.aborted && second.ctx.signal.aborted);
  assertEquals([app.ledger().open, app.ledger().closed.client_closed], [0, 1]);
});

Deno.test("the client of a call without a session that leaves aborts the call", async () => {
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool] });
  const client = new AbortController();
  const answering = app.request("/mcp", {
    method: "POST",
    headers: { "content-type": "application/json", ...ACCEPT_JSON },
    body: JSON.stringify(toolCall("held")),
    signal: client.signal,
  });
  const call = await held.next();
  const { signal } = call.ctx;
  client.abort();
  assertEquals(signal.reason.reason, "client_closed");
  const response = await answering;
  assertEquals([response.status, await response.text()], [499, ""]);
});

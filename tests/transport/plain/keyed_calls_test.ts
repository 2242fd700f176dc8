/** Clients of the plain dialect that POST the same call again, with an Idempotency-Key. */
import { assertEquals, assertMatch } from "@std/assert";
import { defineTool } from "../../../lib/registry/tool.ts";
import { MemoryEventStore } from "../../../lib/store/memory_event_store.ts";
import { PLAIN_HEADERS, rpc, testApp, toolCall } from "../../helpers/app.ts";
import { HELD, heldText, postKeyed } from "../../helpers/keyed_calls.ts";
import { CapturedLog } from "../../helpers/log.ts";
import { FakeTime, settled } from "../../helpers/time.ts";
import { HeldTool } from "../../helpers/tools.ts";

function start(options: Parameters<typeof testApp>[0] = {}) {
  const held = new HeldTool();
  const app = testApp({ tools: [held.tool], ...options });
  return { held, app, [Symbol.dispose]: () => app.stop() };
}

Deno.test("a call that is POSTed again while it runs is not run again, and both streams get its response", async () => {
  using set = start();
  const { app, held } = set;
  const first = await postKeyed(app);
  const call = await held.next();
  const second = await postKeyed(app);
  call.finish("done");
  assertEquals([await heldText(first), await heldText(second)], ["done", "done"]);
  assertEquals(held.calls.length, 1);
});

Deno.test("a call goes on when its stream is lost, tells its progress on the next one, and is answered there", async () => {
  using set = start();
  const { app, held } = set;
  const params = { name: "held", arguments: {}, _meta: { progressToken: "p" } };
  const body = rpc("tools/call", params, 7);
  const first = await postKeyed(app, { body });
  const call = await held.next();
  const { signal } = call.ctx;
  await first.leave();
  await settled();
  assertEquals(signal.aborted, false);
  const second = await postKeyed(app, { body });
  call.ctx.progress(1);
  call.finish("done");
  assertEquals((await second.nextNamed("message")).json.params.progress, 1);
  assertEquals(await heldText(second), "done");
  assertEquals(held.calls.length, 1);
  await second.leave();
});

Deno.test("a call that has ended meanwhile is answered from what was kept", async () => {
  using set = start();
  const { app, held } = set;
  const first = await postKeyed(app);
  const call = await held.next();
  await first.leave();
  call.finish("done");
  await settled();
  for (let round = 0; round < 3; round++) {
    const again = await postKeyed(app);
    assertEquals(await heldText(again), "done");
    await again.leave();
  }
  assertEquals(held.calls.length, 1);
});

Deno.test("another key, and a POST without one, run the call", async () => {
  using set = start();
  const { app, held } = set;
  const streams = [await postKeyed(app, { key: "one" }), await postKeyed(app, { key: "two" })];
  streams.push((await app.open(HELD)).events, (await app.open(HELD)).events);
  await settled();
  assertEquals(held.calls.length, 4);
  for (const stream of streams) await stream.leave();
});

Deno.test("without a key the end of the stream aborts the call, as ever", async () => {
  using set = start();
  const { app, held } = set;
  const { events } = await app.open(HELD);
  const { ctx } = await held.next();
  const { signal } = ctx;
  await events.leave();
  await settled();
  assertEquals(signal.reason.reason, "client_closed");
});

Deno.test("a key that comes with another request is an error that says so", async () => {
  using set = start();
  const { app, held } = set;
  const first = await postKeyed(app);
  const other = await postKeyed(app, { body: toolCall("held", { other: 1 }, 8) });
  const { json } = await other.nextNamed("error");
  assertEquals([json.id, json.error.code], [8, -32600]);
  assertMatch(json.error.message, /Idempotency-Key was sent with another request already/);
  assertEquals(held.calls.length, 1);
  await first.leave();
  await other.leave();
});

for (const key of ["", "x".repeat(201)]) {
  Deno.test(`a key of ${key.length} characters is refused, and nothing runs`, async () => {
    using set = start();
    const { app, held } = set;
    const headers = { ...PLAIN_HEADERS, "idempotency-key": key };
    const response = await app.post("/mcp/sse", HELD, headers);
    assertEquals(response.status, 400);
    assertMatch((await response.json()).error.message, /1 to 200 characters/);
    assertEquals([held.calls.length, app.ledger().opened], [0, 0]);
  });
}

Deno.test("a client with many keys pushes out its own, and the remembered answers of no other", async () => {
  let principal = "ada";
  const counted = defineTool({ name: "counted", description: "", run: () => `run ${++runs}` });
  let runs = 0;
  const settings = { MCP_REPLAY_TOTAL_BYTES: 20_000 };
  using app = testApp({ tools: [counted], authenticate: () => ({ principal }), settings });
  const body = toolCall("counted", {}, 7);
  const ask = async (key: string) => {
    const events = await postKeyed(app, { key, body });
    const text = await heldText(events);
    await events.leave();
    return text;
  };
  assertEquals(await ask("mine"), "run 1");
  principal = "eve";
  for (let n = 0; n < 150; n++) await ask(`key ${n}`);
  principal = "ada";
  assertEquals(await ask("mine"), "run 1", "it was not run again");
});

Deno.test("keys of different principals are different keys", async () => {
  let principal = "ada";
  using set = start({ authenticate: () => ({ principal }) });
  const { app, held } = set;
  const mine = await postKeyed(app);
  (await held.next()).finish("secret");
  assertEquals(await heldText(mine), "secret");
  principal = "eve";
  const yours = await postKeyed(app);
  (await held.next()).finish("other");
  assertEquals(await heldText(yours), "other");
  await mine.leave();
  await yours.leave();
});

Deno.test("a call that failed as a request, or was cut by a drain, may be run again with its key", async () => {
  using time = new FakeTime();
  using set = start({ settings: { MCP_REQUEST_TIMEOUT_MS: 1_000 }, wheel: { clock: time.clock } });
  const { app, held } = set;
  const first = await postKeyed(app);
  await held.next();
  await time.advance(1_100);
  assertMatch((await first.nextNamed("error")).json.error.message, /timed out/);
  const second = await postKeyed(app);
  (await held.next()).finish("done");
  assertEquals(await heldText(second), "done");
  await first.leave();
  await second.leave();
});

Deno.test("a tool that fails has been run: its error is the response of every POST", async () => {
  using set = start();
  const { app, held } = set;
  const first = await postKeyed(app);
  (await held.next()).fail(new Error("No luck"));
  assertEquals(await heldText(first), "No luck");
  const second = await postKeyed(app);
  assertEquals(await heldText(second), "No luck");
  assertEquals(held.calls.length, 1);
  await first.leave();
  await second.leave();
});

Deno.test("a response that is gone is an error, and the call is not run again unasked", async () => {
  using time = new FakeTime();
  using set = start({ settings: { MCP_REPLAY_MS: 1_000 }, wheel: { clock: time.clock } });
  const { app, held } = set;
  const first = await postKeyed(app);
  (await held.next()).finish("done");
  await heldText(first);
  await time.advance(2_000);
  const second = await postKeyed(app);
  const { json } = await second.nextNamed("error");
  assertMatch(json.error.message, /the response is gone; send a new key to run the request/);
  assertEquals(held.calls.length, 1);
  await first.leave();
  await second.leave();
});

Deno.test("with a store that outlives the process a key is known after a restart", async () => {
  const limits = { maxEvents: 10, maxStreamBytes: 1e5, maxTotalBytes: 1e6, maxAgeMs: 1e6 };
  const store = new MemoryEventStore(limits, () => 0);
  {
    using set = start({ store });
    const first = await postKeyed(set.app);
    (await set.held.next()).finish("done");
    await heldText(first);
  }
  using set = start({ store });
  const again = await postKeyed(set.app);
  assertEquals(await heldText(again), "done");
  assertEquals(set.held.calls.length, 0);
  await again.leave();
});

Deno.test("browsers may send the header, and nothing is logged of a key", async () => {
  using log = new CapturedLog();
  using set = start({ settings: { MCP_LOG_LEVEL: "debug" } });
  const { app, held } = set;
  const preflight = await app.request("/mcp/sse", {
    method: "OPTIONS",
    headers: { origin: "http://localhost", "access-control-request-method": "POST" },
  });
  assertMatch(preflight.headers.get("access-control-allow-headers") ?? "", /\bIdempotency-Key\b/);
  const events = await postKeyed(app, { key: "very-secret-key" });
  (await held.next()).finish("done");
  await heldText(events);
  await events.leave();
  assertEquals(log.lines.filter((line) => JSON.stringify(line).includes("very-secret")), []);
});

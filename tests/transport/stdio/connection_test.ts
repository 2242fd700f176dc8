/** One client at the other end of a pipe: its messages, and the end of its connection. */
import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { initializeRequest, rpc, testApp, toolCall } from "../../helpers/app.ts";
import { CapturedLog } from "../../helpers/log.ts";
import { TestPipe } from "../../helpers/pipe.ts";
import { FakeTime, settled } from "../../helpers/time.ts";
import { HeldTool, toolThat } from "../../helpers/tools.ts";
import { modernBody } from "../../spec/support/modern.ts";

const INITIALIZE = initializeRequest("2025-11-25", { id: 0 });

/** An app with a held tool, and a pipe to it. */
function start({ settings = {}, isSlow = false } = {}) {
  const held = new HeldTool();
  const app = testApp({ tools: [held.tool], settings });
  const pipe = new TestPipe({ isSlow });
  const served = app.speak(pipe);
  return { app, held, pipe, served };
}

const isChange = ({ method }: { method?: string }) => method === "notifications/tools/list_changed";
const CUT =
  "Server is shutting down and this request did not end in time. Its outcome is unknown: it may " +
  "have run. Find out whether it ran before you call it a second time: its tool is neither " +
  "readOnlyHint nor idempotentHint";

for (const version of ["2024-11-05", "2025-06-18", "2025-11-25"]) {
  Deno.test(`a batch is refused in ${version} by the same words over stdio and HTTP`, async () => {
    const { app, pipe, served } = start();
    await pipe.say(initializeRequest(version));
    await pipe.say([rpc("ping")]);
    const overHttp = await (await app.post("/mcp", [rpc("ping")])).json();
    assertEquals(pipe.lines[1], overHttp);
    assertMatch(
      pipe.lines[1].error.message,
      /batches are part of protocol version 2025-03-26 only/,
    );
    await pipe.close();
    await served;
    app.stop();
  });
}

Deno.test("a batch before initialize is refused over stdio, as over HTTP", async () => {
  const { app, pipe, served } = start();
  await pipe.say([rpc("ping")]);
  assertMatch(pipe.lines[0].error.message, /batches are part of/);
  await pipe.close();
  await served;
  app.stop();
});

for (
  const [what, batch, message] of [
    [
      "with initialize in it",
      [initializeRequest("2025-03-26"), rpc("ping")],
      /initialize must not be in a/,
    ],
    ["that is empty", [], /empty batch/],
  ] as const
) {
  Deno.test(`a batch ${what} is refused over stdio, as over HTTP`, async () => {
    const { app, pipe, served } = start();
    await pipe.say(initializeRequest("2025-03-26"));
    await pipe.say(batch);
    assertEquals(pipe.lines.length, 2);
    assertEquals([pipe.lines[1].id, pipe.lines[1].error.code], [null, -32600]);
    assertMatch(pipe.lines[1].error.message, message);
    await pipe.close();
    await served;
    app.stop();
  });
}

Deno.test("a line over MCP_MAX_BODY_BYTES is refused, and the lines around it are answered", async () => {
  const { app, pipe, served } = start({ settings: { MCP_MAX_BODY_BYTES: 1_024 } });
  const long = JSON.stringify(rpc("ping", { text: "é".repeat(600) }, 2));
  const [before, after] = [1, 3].map((id) => JSON.stringify(rpc("ping", {}, id)));
  // In one chunk, and then in many.
  await pipe.sayText(`${before}\n${long}\n${after}\n`);
  for (const text of long.match(/.{1,100}/gs) ?? []) await pipe.sayText(text);
  await pipe.sayText(`\n${after}\n`);
  const refusal = {
    code: -32600,
    message: "The line is longer than 1024 bytes (MCP_MAX_BODY_BYTES)",
  };
  assertEquals(pipe.lines.map(({ id, error }) => error ?? id), [1, refusal, 3, refusal, 3]);
  await pipe.close();
  await served;
  app.stop();
});

Deno.test("a line of exactly MCP_MAX_BODY_BYTES is answered, in whatever pieces it comes", async () => {
  const { app, pipe, served } = start({ settings: { MCP_MAX_BODY_BYTES: 1_024 } });
  const line = JSON.stringify(rpc("ping", {}, 1)).padEnd(1_024, " ");
  await pipe.sayText(line.slice(0, 700));
  await pipe.sayText(`${line.slice(700)}\n`);
  await pipe.sayText(`${line}\n`);
  // The last line may end with the input.
  await pipe.sayText(JSON.stringify(rpc("ping", {}, 2)));
  await pipe.close();
  await served;
  assertEquals(pipe.lines.map(({ id, result }) => [id, result]), [[1, {}], [1, {}], [2, {}]]);
  app.stop();
});

for (
  const notification of [
    { jsonrpc: "2.0", method: "notifications/initialized", params: 5 },
    { jsonrpc: "2.0", method: "notifications/no_such_thing" },
    { jsonrpc: "2.0", method: "tools/call", params: { name: "held" } },
    { jsonrpc: "1.0", method: "notifications/initialized" },
    { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: {} } },
  ]
) {
  Deno.test(`no answer goes to a notification: ${JSON.stringify(notification)}`, async () => {
    const { app, pipe, served } = start();
    await pipe.say(INITIALIZE);
    await pipe.say(notification);
    await pipe.close();
    await served;
    assertEquals(pipe.lines.length, 1);
    app.stop();
  });
}

Deno.test("a call that runs when the input ends is answered", async () => {
  const { app, held, pipe, served } = start();
  await pipe.say(INITIALIZE);
  await pipe.say(toolCall("held", {}, 1));
  const call = await held.next();
  await pipe.close();
  await settled();
  call.finish("done");
  await served;
  assertEquals(pipe.lines.at(-1).id, 1);
  assertEquals(pipe.lines.at(-1).result.content[0].text, "done");
  app.stop();
});

for (const isModern of [false, true]) {
  const era = isModern ? "2026-07-28" : "2025-11-25";

  Deno.test(`a call of ${era} that outlasts MCP_DRAIN_MS after the end of the input is answered with an error`, async () => {
    using time = new FakeTime();
    const { app, held, pipe, served } = start({ settings: { MCP_DRAIN_MS: 2_000 } });
    const params = { name: "held", arguments: {} };
    if (!isModern) await pipe.say(INITIALIZE);
    await pipe.say(
      isModern ? modernBody("tools/call", params, { id: 1 }) : toolCall("held", {}, 1),
    );
    const { ctx } = await held.next();
    const { signal } = ctx;
    await pipe.close();
    await time.advance(1_900);
    assertEquals(signal.aborted, false);
    await time.advance(100);
    await served;
    const { id, error } = pipe.lines.at(-1);
    assertEquals([id, error], [1, {
      code: -32603,
      message: CUT,
      data: { outcome: "unknown", is_repeatable: false },
    }]);
    assertEquals(signal.reason.reason, "drain");
    app.stop();
  });
}

Deno.test("a connection without running calls ends at once with its input", async () => {
  using _time = new FakeTime();
  const { app, pipe, served } = start();
  await pipe.say(INITIALIZE);
  await pipe.close();
  // Time stands still, so any wait would last for ever.
  await served;
  app.stop();
});

Deno.test("a half line is not taken when a signal ends the connection", async () => {
  const { app, pipe, served } = start();
  await pipe.sayText('{"jsonrpc":"2.0",');
  pipe.abort();
  await served;
  assertEquals(pipe.lines, []);
  app.stop();
});

Deno.test("a reader that takes nothing stops the input: its calls do not run ahead of it", async () => {
  const settings = { MCP_MAX_QUEUED_BYTES: 1_024, MCP_MAX_REQUESTS_PER_CONNECTION: 100 };
  let ran = 0;
  const big = toolThat(() => `${++ran}${"x".repeat(400)}`, "big");
  const app = testApp({ tools: [big], settings });
  const pipe = new TestPipe({ isSlow: true });
  const served = app.speak(pipe);
  for (let id = 1; id < 50; id++) await pipe.say(toolCall("big", {}, id));
  // Only what fits in the queue was answered; the rest has not been read.
  assertLess(ran, 10);
  await pipe.readOn();
  await pipe.close();
  await served;
  assertEquals([pipe.lines.length, ran], [49, 49]);
  app.stop();
});

Deno.test("a subscription that its client cancels is told of no more changes", async () => {
  const { app, pipe, served } = start();
  const notifications = { toolsListChanged: true };
  await pipe.say(modernBody("subscriptions/listen", { notifications }, { id: 7 }));
  app.catalog.tools.add(toolThat(() => "", "one"));
  await settled();
  assertEquals(pipe.lines.filter(isChange).length, 1);
  await pipe.say({
    jsonrpc: "2.0",
    method: "notifications/cancelled",
    params: { requestId: 7 },
  });
  app.catalog.tools.add(toolThat(() => "", "two"));
  await settled();
  assertEquals(pipe.lines.filter(isChange).length, 1);
  await pipe.close();
  await served;
  // The client may use its id again, and gets no notice of the end.
  assertEquals(pipe.lines.filter(({ id }) => id === 7), []);
  app.stop();
});

Deno.test("a subscription without the client's capabilities, or with an unknown log level, is refused", async () => {
  const { app, pipe, served } = start();
  const listen = modernBody("subscriptions/listen", {
    notifications: { toolsListChanged: true },
  }, { id: 7 });
  const { _meta, ...params } = listen.params;
  for (
    const [key, value, says] of [
      ["clientCapabilities", undefined, /clientCapabilities\\?"\] must be an object/],
      ["logLevel", "loud", /logLevel\\?"\] must be one of debug, info/],
    ] as const
  ) {
    const meta = { ..._meta, [`io.modelcontextprotocol/${key}`]: value };
    await pipe.say({ ...listen, params: { ...params, _meta: meta } });
    const { id, error } = pipe.lines.at(-1)!;
    assertEquals([id, error.code], [7, -32602]);
    assertMatch(error.message, says);
  }
  app.catalog.tools.add(toolThat(() => "", "one"));
  await settled();
  assertEquals(pipe.lines.filter(isChange), []);
  await pipe.close();
  await served;
  app.stop();
});

Deno.test("a connection that has ended is told of no more changes", async () => {
  const { app, pipe, served } = start();
  await pipe.say(INITIALIZE);
  const notifications = { toolsListChanged: true };
  await pipe.say(modernBody("subscriptions/listen", { notifications }, { id: 7 }));
  await pipe.close();
  await served;
  const before = pipe.lines.length;
  app.catalog.tools.add(toolThat(() => "", "late"));
  await settled();
  assertEquals(pipe.lines.length, before);
  app.stop();
});

Deno.test("a pipe whose reader is gone is served no more: nothing runs for it, and it ends", async () => {
  const { app, held, pipe, served } = start();
  await pipe.say(INITIALIZE);
  pipe.breakOff();
  await pipe.say(rpc("ping", {}, 1));
  await pipe.say(toolCall("held", {}, 2));
  await pipe.say(toolCall("held", {}, 3));
  await served;
  assertEquals(held.calls.length, 0);
  assertEquals(pipe.lines.length, 1);
  app.stop();
});

Deno.test("a call that runs when the reader of its pipe goes is told so", async () => {
  const { app, held, pipe, served } = start();
  await pipe.say(INITIALIZE);
  await pipe.say(toolCall("held", {}, 1));
  const { ctx: { signal }, finish } = await held.next();
  pipe.breakOff();
  await pipe.say(rpc("ping", {}, 2));
  await served;
  assertEquals([signal.aborted, signal.reason?.message], [
    true,
    "Connection closed: client_closed",
  ]);
  finish("too late");
  app.stop();
});

Deno.test("a connection whose reader goes while its output is full ends without another line", async () => {
  const settings = { MCP_MAX_QUEUED_BYTES: 1_024 };
  const { app, pipe, served } = start({ settings, isSlow: true });
  for (let id = 1; id < 3; id++) await pipe.say(rpc("ping", {}, `${id}${"x".repeat(500)}`));
  pipe.breakOff();
  await served;
  assertEquals(pipe.lines.length, 1);
  app.stop();
});

Deno.test("after a slow phase a change is told at once, and once", async () => {
  const { app, pipe, served } = start({
    settings: { MCP_MAX_QUEUED_BYTES: 4_096 },
    isSlow: true,
  });
  await pipe.say(INITIALIZE);
  for (let id = 1; id < 20; id++) await pipe.say(rpc("ping", { text: "x".repeat(100) }, id));
  app.catalog.tools.add(toolThat(() => "", "slow"));
  await settled();
  await pipe.readOn();
  const before = pipe.lines.length;
  assertEquals(pipe.lines.filter(isChange).length, 1);
  app.catalog.tools.add(toolThat(() => "", "fast"));
  await settled();
  assertEquals(pipe.lines.slice(before).filter(isChange).length, 1);
  assert(isChange(pipe.lines.at(-1)));
  await pipe.close();
  await served;
  app.stop();
});

Deno.test("a connection ends once its reader has taken the last answer, also one that was cut", async () => {
  using time = new FakeTime();
  const { app, held, pipe, served } = start({
    settings: { MCP_DRAIN_MS: 1_000 },
    isSlow: true,
  });
  await pipe.say(toolCall("held", {}, 1));
  await held.next();
  let isServed = false;
  void served.then(() => isServed = true);
  await pipe.close();
  await time.advance(1_100);
  assertEquals([pipe.lines.at(-1)?.id, isServed], [1, false]);
  await pipe.readOn();
  await served;
  app.stop();
});

Deno.test("a request of a revision that nobody speaks is refused, with those that are spoken", async () => {
  const { app, pipe, served } = start();
  const key = "io.modelcontextprotocol/protocolVersion";
  await pipe.say(modernBody("ping", {}, { id: 5, meta: { [key]: "2031-01-01" } }));
  const { id, error } = pipe.lines[0];
  assertEquals([id, error.code, error.data.requested], [5, -32022, "2031-01-01"]);
  await pipe.close();
  await served;
  app.stop();
});

Deno.test("an input that fails ends the connection, and the log says why", async () => {
  using log = new CapturedLog();
  using app = testApp();
  const input = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new Error("Input broke")),
  });
  await app.speak({ input, write: () => Promise.resolve() });
  assertEquals(log.of("Input failed")[0]?.fields.error, "Input broke");
});

Deno.test("an output that fails is told at debug, once", async () => {
  using log = new CapturedLog("debug");
  const { app, pipe, served } = start();
  pipe.breakOff();
  await pipe.say(rpc("ping", {}, 1));
  await pipe.say(rpc("ping", {}, 2));
  await served;
  assertEquals(log.of("Output closed").map(({ fields }) => fields.error), ["Broken pipe"]);
  app.stop();
});

for (const isModern of [false, true]) {
  Deno.test(`progress that was deferred is dropped with its call: ${isModern ? "2026-07-28" : "2025-11-25"}`, async () => {
    const { app, held, pipe, served } = start({
      settings: { MCP_MAX_QUEUED_BYTES: 4_096 },
      isSlow: true,
    });
    const params = { name: "held", arguments: {} };
    const meta = { progressToken: "p" };
    await pipe.say(
      isModern
        ? modernBody("tools/call", params, { id: 1, meta })
        : rpc("tools/call", { ...params, _meta: meta }, 1),
    );
    const call = await held.next();
    for (let number = 1; number <= 200; number++) call.ctx.progress(number);
    call.finish("done");
    await settled();
    await pipe.readOn();
    const answerAt = pipe.lines.findIndex(({ id }) => id === 1);
    assertEquals(pipe.lines.slice(answerAt + 1).filter(({ params }) => params?.progress), []);
    assertLess(pipe.lines.length, 200);
    await pipe.close();
    await served;
    app.stop();
  });
}

/** The plain dialect, byte for byte: through the app, in fake time. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { PLAIN_HEADERS, rpc, testApp, toolCall } from "../../helpers/app.ts";
import { EventReader } from "../../helpers/sse.ts";
import { FakeTime, settled, START } from "../../helpers/time.ts";
import { HeldTool, toolThat } from "../../helpers/tools.ts";

const START_S = START / 1000;

/** The first event of a stream. */
function welcomeOf(id: string): string {
  return 'event: welcome\ndata: {"jsonrpc":"2.0","result":{"status":"connected",' +
    `"connection_id":"${id}"},"id":"welcome"}\n\n`;
}

Deno.test("POST /mcp/sse opens a stream with the headers that keep proxies from holding it", async () => {
  using app = testApp();
  const { response, id, events } = await app.open();
  assertEquals(response.status, 200);
  assertEquals(Object.fromEntries(response.headers), {
    "content-type": "text/event-stream",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
    "mcp-connection-id": id,
    "mcp-ping-interval-ms": "15000",
  });
  await events.leave();
});

Deno.test("streams that were opened 10 s apart tell their own time with the same ping", async () => {
  using time = new FakeTime();
  using app = testApp({ wheel: { clock: time.clock } });
  const pings: { timestamp: number; ping_count: number; uptime: number }[] = [];
  for (let stream = 0; stream < 2; stream++) {
    const { events } = await app.open();
    const first = events.nextNamed("ping").then((event) => void pings.push(event?.json.data));
    await time.advance(10_000, 100);
    if (stream === 1) await time.advance(10_000, 100);
    if (stream === 1) await first;
  }
  const [early, late] = pings;
  assert(early !== undefined && late !== undefined);
  assertEquals([early.ping_count, late.ping_count, late.uptime], [1, 1, early.uptime]);
  assertEquals(late.timestamp - early.timestamp, 10);
});

Deno.test("the welcome event goes out at once, byte for byte", async () => {
  using app = testApp();
  const { id, events } = await app.open();
  assertMatch(id, /^mcp_sse_[0-9a-f]{32}$/);
  assertEquals(events.text, welcomeOf(id));
  await events.leave();
});

Deno.test("the response to the first request follows the welcome, byte for byte", async () => {
  using app = testApp();
  const { id, events } = await app.open(rpc("ping", {}, "request-123"));
  await events.nextNamed("response");
  assertEquals(
    events.text,
    welcomeOf(id) + 'event: response\ndata: {"jsonrpc":"2.0","result":{},"id":"request-123"}\n\n',
  );
  await events.leave();
});

Deno.test("an error to the first request comes on the stream, byte for byte", async () => {
  using app = testApp();
  const { id, events, response } = await app.open(rpc("tools/call", {}, "request-123"));
  assertEquals(response.status, 200);
  await events.nextNamed("error");
  assertEquals(
    events.text,
    welcomeOf(id) + 'event: error\ndata: {"jsonrpc":"2.0","error":{"code":-32602,' +
      '"message":"Invalid params: \\"name\\" must be a string"},"id":"request-123"}\n\n',
  );
  await events.leave();
});

Deno.test("pings come every 15 s, numbered from 1, with timestamp and uptime in whole seconds", async () => {
  using time = new FakeTime();
  using app = testApp({ wheel: { clock: time.clock } });
  const { events } = await app.open();
  for (let count = 1; count <= 4; count++) {
    const { length } = events.text;
    const ping = events.nextNamed("ping");
    await time.advance(15_000);
    const { timestamp, uptime } = (await ping).json.data;
    assertEquals(
      events.text.slice(length),
      `event: ping\ndata: {"event":"ping","data":{"timestamp":${timestamp},` +
        `"ping_count":${count},"uptime":${uptime}}}\n\n`,
    );
    // The first of them comes up to a tenth early, the others keep its place.
    assert(Number.isInteger(uptime) && uptime <= 15 * count && uptime >= 15 * count - 2);
    assertEquals(timestamp - START_S, uptime);
  }
  await events.leave();
});

Deno.test("the close event is the last, byte for byte, and names the reason", async () => {
  using time = new FakeTime();
  using app = testApp({ wheel: { clock: time.clock } });
  const { events, id } = await app.open();
  const ping = events.nextNamed("ping");
  await time.advance(15_000);
  await ping;
  const { length } = events.text;
  const closing = await app.request("/mcp/sse", {
    method: "DELETE",
    headers: { "mcp-connection-id": id },
  });
  assertEquals([closing.status, await closing.text()], [204, ""]);
  assertEquals((await events.rest()).map(({ event }) => event), ["close"]);
  assertEquals(
    events.text.slice(length),
    'event: close\ndata: {"event":"close","data":{"reason":"disconnected",' +
      `"connection_id":"${id}","ping_count":1,"uptime":15}}\n\n`,
  );
  assertEquals(app.ledger().closed.disconnected, 1);
});

Deno.test("an empty body just opens a stream, whatever its Content-Type", async () => {
  using app = testApp();
  const accept = { accept: "text/event-stream" };
  for (
    const [body, headers] of [
      [null, accept],
      [null, PLAIN_HEADERS],
      ["", PLAIN_HEADERS],
      // Headers of `curl -d ""` and of a browser's fetch with an empty text.
      ["", { ...accept, "content-length": "0", "content-type": "text/plain;charset=UTF-8" }],
    ] as const
  ) {
    const response = await app.request("/mcp/sse", { method: "POST", headers, body });
    assertEquals(response.status, 200);
    const events = new EventReader(response);
    assertEquals((await events.next())?.event, "welcome");
    await events.leave();
  }
  assertEquals(app.ledger().closed.client_closed, 4);
});

Deno.test("a notification as first body opens a stream that says nothing about it", async () => {
  using time = new FakeTime();
  using app = testApp({ wheel: { clock: time.clock } });
  const { events } = await app.open({ jsonrpc: "2.0", method: "notifications/initialized" });
  const ping = events.nextNamed("ping");
  await time.advance(15_000);
  await ping;
  assertEquals(events.text.match(/^event: .*$/gm), ["event: welcome", "event: ping"]);
  await events.leave();
});

Deno.test("Accept is read as a list, in any case, doubled as n8n sends it, with parameters", async () => {
  using app = testApp();
  for (
    const accept of [
      "text/event-stream, text/event-stream",
      "Text/Event-Stream",
      "text/event-stream;q=0.9, text/plain",
    ]
  ) {
    const response = await app.request("/mcp/sse", { method: "POST", headers: { accept } });
    assertEquals(response.headers.get("content-type"), "text/event-stream", accept);
    await response.body?.cancel();
  }
});

Deno.test("a further request with Mcp-Connection-Id is taken with 202, its response comes on the stream", async () => {
  using app = testApp();
  const { events, id } = await app.open();
  const taken = await app.post("/mcp/sse", rpc("ping", {}, 2), { "mcp-connection-id": id });
  assertEquals([taken.status, await taken.text()], [202, ""]);
  const response = await events.nextNamed("response");
  assertEquals(response.json, { jsonrpc: "2.0", result: {}, id: 2 });
  await events.leave();
});

Deno.test("ids come back as they were sent: text, numbers, 0 and the empty text", async () => {
  using app = testApp();
  const { events, send } = await app.open();
  for (const id of ["a", "", "0", 0, -1, 1.5, 2 ** 53 - 1]) {
    await send(rpc("ping", {}, id));
    assertEquals((await events.nextNamed("response")).json.id, id);
  }
  await events.leave();
});

Deno.test("several requests in flight on one stream are answered as each ends", async () => {
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool] });
  const { events, send } = await app.open(toolCall("held", {}, "first"));
  await send(toolCall("held", {}, "second"));
  await send(toolCall("held", {}, 0));
  const [first, second, third] = [await held.next(), await held.next(), await held.next()];
  third.finish("c");
  first.finish("a");
  second.finish("b");
  const answers = [await events.next(), await events.next(), await events.next()];
  assertEquals(answers.map((answer) => [answer?.json.id, answer?.json.result.content[0].text]), [
    [0, "c"],
    ["first", "a"],
    ["second", "b"],
  ]);
  await events.leave();
});

Deno.test("progress and log messages of a running request come as `message` events before its response", async () => {
  using app = testApp({
    tools: [toolThat(({ progress, log }) => {
      progress(1, 2, "half");
      log.warning({ disk: "full" }, "store");
      return "done";
    })],
  });
  const call = toolCall("subject", {}, 5);
  Object.assign(call.params as object, { _meta: { progressToken: "t" } });
  const { events } = await app.open(call);
  assertEquals(
    [await events.next(), await events.next()].map((each) => [each?.event, each?.json]),
    [
      ["message", {
        jsonrpc: "2.0",
        method: "notifications/progress",
        params: { progressToken: "t", progress: 1, total: 2, message: "half" },
      }],
      ["message", {
        jsonrpc: "2.0",
        method: "notifications/message",
        params: { level: "warning", logger: "store", data: { disk: "full" } },
      }],
    ],
  );
  assertEquals((await events.next())?.event, "response");
  await events.leave();
});

Deno.test("a stream closed by DELETE is gone: DELETE again and further requests get 404", async () => {
  using app = testApp();
  const { events, id } = await app.open();
  const headers = { "mcp-connection-id": id };
  await app.request("/mcp/sse", { method: "DELETE", headers });
  for (
    const response of [
      await app.request("/mcp/sse", { method: "DELETE", headers }),
      await app.post("/mcp/sse", rpc("ping"), headers),
    ]
  ) {
    assertEquals(response.status, 404);
    const { error } = await response.json();
    assertEquals(error.code, -32600);
    assertMatch(error.message, /Mcp-Connection-Id/);
  }
  await events.rest();
});

Deno.test("ids that the server did not make name no stream", async () => {
  using app = testApp();
  const { events } = await app.open();
  for (const id of ["", "mcp_sse_", `mcp_sse_${"0".repeat(32)}`, "__proto__", "constructor", "*"]) {
    const response = await app.post("/mcp/sse", rpc("ping"), { "mcp-connection-id": id });
    assertEquals(response.status, 404, id);
    await response.body?.cancel();
  }
  assertEquals(app.ledger().opened, 1);
  await events.leave();
});

Deno.test("the connection's id is the context's, in the tool that runs for it", async () => {
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool] });
  const { id, events } = await app.open(toolCall("held"));
  const { ctx, finish } = await held.next();
  assertEquals(ctx.connectionId, id);
  assertEquals(ctx.caller.address, "127.0.0.1");
  finish("");
  await events.leave();
});

Deno.test("two clients with the same request ids never see each other's answers", async () => {
  using app = testApp();
  const clients = await Promise.all(Array.from({ length: 20 }, () => app.open()));
  await Promise.all(
    clients.flatMap(({ send }, client) =>
      [1, "1", 2].map((id) => send(toolCall("echo", { message: `${client}/${id}` }, id)))
    ),
  );
  for (const [client, { events }] of clients.entries()) {
    for (const id of [1, "1", 2]) {
      const { json } = await events.nextNamed("response");
      assertEquals([json.id, json.result.content[0].text], [id, `${client}/${id}`]);
    }
    await events.leave();
  }
});

Deno.test("what a reader leaves behind is nothing: no stream, no call, no timer", async () => {
  using time = new FakeTime();
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool], wheel: { clock: time.clock } });
  const { events } = await app.open(toolCall("held"));
  const { ctx, finish } = await held.next();
  await events.leave();
  assertEquals(ctx.signal.reason.reason, "client_closed");
  const { opened, open, queuedBytes, closed } = app.ledger();
  assertEquals([opened, open, queuedBytes, closed.client_closed], [1, 0, 0, 1]);
  // The look-out for slow bodies is over with its next look.
  await time.advance(2_000);
  assertEquals(app.wheel.size, 0);
  finish("too late");
  await settled();
});

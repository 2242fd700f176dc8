import { assertEquals, assertMatch } from "@std/assert";
import { initializeRequest, rpc, type TestApp, testApp, toolCall } from "../helpers/app.ts";
import { CapturedLog } from "../helpers/log.ts";
import { HeldTool } from "../helpers/tools.ts";
import { mirrorHeaders, modernBody } from "../spec/support/modern.ts";
import { scrape } from "../helpers/metrics.ts";
import { BOTH, TestSession } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";
import { FakeTime, settled } from "../helpers/time.ts";

const JSON_ONLY = { accept: "application/json" };
/** The error that answers a call that a drain cuts. */
const CUT = {
  code: -32603,
  message:
    "Server is shutting down and this request did not end in time. Its outcome is unknown: it may " +
    "have run. Find out whether it ran before you call it a second time: its tool is neither " +
    "readOnlyHint nor idempotentHint",
  data: { outcome: "unknown", is_repeatable: false },
};

Deno.test("drain() waits for calls without a stream, and ends as soon as they are answered", async () => {
  using time = new FakeTime();
  using app = testApp({ wheel: { clock: time.clock } });
  const answer = app.post("/mcp", toolCall("countdown", { from: 3, interval_ms: 100 }), JSON_ONLY);
  await time.advance(100);
  const drained = app.drain(5_000);
  await time.advance(200);
  assertEquals(await drained, { drained: 0, cut: 0, unanswered: 0 });
  assertEquals(time.now, 300);
  const { result } = await (await answer).json();
  assertEquals(result.content[0].text, "Counted down from 3");
});

Deno.test("drain() counts calls without a stream that outlast its budget, and answers each with an error", async () => {
  using time = new FakeTime();
  using app = testApp({ wheel: { clock: time.clock } });
  const answer = app.post("/mcp", toolCall("countdown", { from: 9, interval_ms: 100 }), JSON_ONLY);
  await time.advance(100);
  const drained = app.drain(500);
  await time.advance(500);
  assertEquals(await drained, { drained: 0, cut: 0, unanswered: 1 });
  // Its tool only reads.
  const { error } = await (await answer).json();
  assertEquals([error.code, error.data], [CUT.code, { outcome: "unknown", is_repeatable: true }]);
  assertMatch(error.message, /shutting down .* Running it twice does no harm: send it again$/);
});

Deno.test("drain() waits for no request that is refused", async () => {
  using app = testApp();
  const drained = app.drain(5_000);
  const answer = await app.post("/mcp", toolCall("countdown", { from: 100 }), JSON_ONLY);
  assertEquals(answer.status, 503);
  assertEquals(await drained, { drained: 0, cut: 0, unanswered: 0 });
});

Deno.test("whatever is refused during a drain is told when to come back, counted and logged", async () => {
  using log = new CapturedLog();
  using app = testApp();
  await app.drain(0);
  const asked = [
    ...[rpc("ping"), initializeRequest()].map((
      body,
    ) => app.post("/mcp", body, JSON_ONLY)),
    app.request("/mcp/sse", { headers: { accept: "text/event-stream" } }),
  ];
  for (const response of await Promise.all(asked)) {
    const { error } = await response.json();
    assertEquals([response.status, error.data.limit], [503, "draining"]);
    assertEquals(response.headers.get("retry-after"), String(error.data.retry_after));
  }
  assertEquals((await scrape(app)).value("lifeline_refused_total", { limit: "draining" }), 3);
  assertEquals(log.of("Refused")[0]?.fields.limit, "draining");
});

/** One way to call the tool `held` with id 7, and the message that answers the call. */
type Ask = (app: TestApp) => Promise<Record<string, unknown>>;

/** The last message of an event stream that answers a call. */
async function lastMessage(response: Response): Promise<Record<string, unknown>> {
  const events = await new EventReader(response).rest();
  return events.findLast(({ json }) => json?.id === 7)?.json;
}

async function answerIn(response: Response): Promise<Record<string, unknown>> {
  const isStream = response.headers.get("content-type") === "text/event-stream";
  return isStream ? await lastMessage(response) : await response.json();
}

const HELD = toolCall("held", {}, 7);
const STREAM_ONLY = { accept: "text/event-stream" };

/** Every way to be told what becomes of a call over HTTP. */
const ASKS: Readonly<Record<string, Ask>> = {
  "the plain dialect": async (app) => {
    const { events } = await app.open(HELD);
    return (await events.rest()).find(({ event }) => event === "error")?.json;
  },
  "2024-11-05": async (app) => {
    const headers = { accept: "text/event-stream" };
    const events = new EventReader(await app.request("/mcp", { headers }));
    const endpoint = (await events.nextNamed("endpoint")).data;
    await app.post(endpoint, HELD);
    return (await events.nextNamed("message")).json;
  },
  "2025 sessions, as an event stream": async (app) =>
    await answerIn(await (await TestSession.open(app)).post(HELD)),
  "2025 sessions, as JSON": async (app) =>
    await answerIn(await (await TestSession.open(app)).post(HELD, JSON_ONLY)),
  "a batch of 2025-03-26": async (app) => {
    const session = await TestSession.open(app, { version: "2025-03-26" });
    const [answer] = await (await session.post([HELD], JSON_ONLY)).json();
    return answer;
  },
  "calls without a session, as JSON": async (app) =>
    await answerIn(await app.post("/mcp", HELD, JSON_ONLY)),
  "calls without a session, as an event stream": async (app) =>
    await answerIn(await app.post("/mcp", HELD, STREAM_ONLY)),
  "2026-07-28, as JSON": async (app) => await answerIn(await modernCall(app, BOTH)),
  "2026-07-28, as an event stream": async (app) =>
    await answerIn(await modernCall(app, STREAM_ONLY.accept)),
};

function modernCall(app: TestApp, accept: string): Promise<Response> {
  const body = modernBody("tools/call", { name: "held", arguments: {} }, { id: 7 });
  return app.post("/mcp", body, { ...mirrorHeaders(body), accept });
}

for (const [name, ask] of Object.entries(ASKS)) {
  Deno.test(`a call that a drain cuts is answered with an error before its stream ends: ${name}`, async () => {
    const held = new HeldTool();
    using app = testApp({ tools: [held.tool] });
    const answer = ask(app);
    const { ctx } = await held.next();
    const { signal } = ctx;
    await settled();
    const { drained, cut, unanswered } = await app.drain(0);
    assertEquals([drained, cut + unanswered > 0], [0, true]);
    const { id, error } = await answer;
    assertEquals([id, error], [7, CUT]);
    assertEquals(signal.reason.reason, "drain");
    assertEquals(app.ledger().open, 0);
  });
}

Deno.test("a call whose time for a stream comes during a drain is answered as JSON, and no limit is blamed", async () => {
  using time = new FakeTime();
  using log = new CapturedLog();
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool], wheel: { clock: time.clock } });
  const answer = app.post("/mcp", HELD, { accept: BOTH });
  const call = await held.next();
  const drained = app.drain(5_000);
  await time.advance(2_000);
  call.finish("done");
  assertEquals((await (await answer).json()).result.content[0].text, "done");
  assertEquals(await drained, { drained: 0, cut: 0, unanswered: 0 });
  assertEquals(log.of("Refused"), []);
});

Deno.test("two drains in a row wait for the same call", async () => {
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool] });
  const answer = app.post("/mcp", HELD, JSON_ONLY);
  const call = await held.next();
  const drains = [app.drain(60_000), app.drain(60_000)];
  let ended = 0;
  for (const drain of drains) void drain.then(() => ended++);
  await settled();
  assertEquals(ended, 0);
  call.finish("done");
  await Promise.all(drains);
  assertEquals((await answer).status, 200);
});

for (
  const { accept, type } of [
    { accept: "*/*", type: "application/json" },
    { accept: undefined, type: "application/json" },
    { accept: "application/json, */*;q=0.1", type: "application/json" },
    { accept: BOTH, type: "text/event-stream" },
    { accept: "text/*", type: "text/event-stream" },
    { accept: "*/*, text/event-stream", type: "text/event-stream" },
  ]
) {
  Deno.test(`a call that takes over a second is answered as ${type} where Accept is ${accept}`, async () => {
    using time = new FakeTime();
    const held = new HeldTool();
    using app = testApp({ tools: [held.tool], wheel: { clock: time.clock } });
    const answer = app.post("/mcp", HELD, accept === undefined ? {} : { accept });
    const call = await held.next();
    await time.advance(1_500);
    call.finish("done");
    const response = await answer;
    assertEquals(response.headers.get("content-type"), type);
    assertEquals((await answerIn(response)).id, 7);
    const session = await TestSession.open(app);
    const inSession = session.post({ ...HELD, id: 7 }, { accept: accept ?? "*/*" });
    (await held.next()).finish("done");
    assertEquals((await inSession).headers.get("content-type"), type);
    await (await inSession).body?.cancel();
  });
}

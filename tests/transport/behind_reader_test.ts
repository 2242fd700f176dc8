/** The messages that a reader gets in each dialect after it fell behind. */
import { assert, assertEquals, assertGreater, assertLess, assertMatch } from "@std/assert";
import type { ToolContext } from "../../lib/mod.ts";
import { initializeRequest, rpc, type TestApp, testApp, toolCall } from "../helpers/app.ts";
import { CapturedLog } from "../helpers/log.ts";
import { scrape } from "../helpers/metrics.ts";
import { TestSession } from "../helpers/session.ts";
import { EventReader, type ReadEvent } from "../helpers/sse.ts";
import { FakeTime, settled } from "../helpers/time.ts";
import { HeldTool, toolThat } from "../helpers/tools.ts";
import { modernPost } from "../spec/support/modern.ts";

const SETTINGS = { MCP_MAX_QUEUED_BYTES: 8_192, MCP_MAX_TOTAL_QUEUED_BYTES: 1_000_000 };
const SUPERSEDED = "lifeline_notifications_superseded_total";
const LOST = "lifeline_results_lost_total";
const CHANGES = 200;
const INITIALIZE = initializeRequest("2024-11-05");

/** Opens a stream that hears of changed tools, in each dialect that has one. */
const LISTENERS: Record<string, (app: TestApp) => Promise<EventReader>> = {
  plain: async (app) => (await app.open()).events,
  http_sse: async (app) => {
    const response = await app.request("/mcp", { headers: { accept: "text/event-stream" } });
    const reader = new EventReader(response);
    const endpoint = `/mcp${(await reader.next())?.data}`;
    await app.post(endpoint, INITIALIZE);
    await reader.next();
    return reader;
  },
  streamable: async (app) => new EventReader(await (await TestSession.open(app)).listen()),
  listen: async (app) => {
    const notifications = { toolsListChanged: true };
    return new EventReader(await modernPost(app, "subscriptions/listen", { notifications }));
  },
};

/** Changes the list of tools so often, and has each change told before the next. */
async function changeTools(app: TestApp, times: number): Promise<void> {
  for (let count = 0; count < times; count++) {
    if (!app.catalog.tools.remove("extra")) app.catalog.tools.add(toolThat(() => "", "extra"));
    await settled();
  }
}

const isChange = (event: ReadEvent | undefined) =>
  event?.json?.method === "notifications/tools/list_changed";

for (const [dialect, open] of Object.entries(LISTENERS)) {
  Deno.test(`${dialect}: list_changed coalesces for a reader that is behind, and its last one comes`, async () => {
    using app = testApp({ settings: SETTINGS });
    const reader = await open(app);
    await changeTools(app, CHANGES);
    assertEquals(app.ledger().open, 1);
    const figures = await scrape(app);
    const superseded = figures.value(SUPERSEDED, { kind: "list_changed" });
    assertGreater(superseded, 0);
    assertLess(figures.value("lifeline_queued_bytes"), SETTINGS.MCP_MAX_QUEUED_BYTES);
    for (let left = CHANGES - superseded; left > 0;) if (isChange(await reader.next())) left--;
    // It has caught up, so the next one comes at once.
    const next = reader.next();
    await changeTools(app, 1);
    assert(isChange(await next));
    assertEquals((await scrape(app)).value(SUPERSEDED), superseded);
    await reader.leave();
  });
}

const SAID = 300;

/** A tool that sends many messages, and answers when the test orders it. */
function talkative() {
  const held = new HeldTool();
  const talk = ({ progress, log }: ToolContext) => {
    for (let number = 1; number <= SAID; number++) {
      progress(number, SAID);
      log.info(number);
    }
  };
  return { held, talk };
}

const CALL_PARAMS = { name: "held", arguments: {}, _meta: { progressToken: "p" } };

/** Calls the tool; resolves with the reader of the stream that will carry the answer. */
const CALLERS: Record<string, (app: TestApp) => Promise<EventReader>> = {
  plain: async (app) => (await app.open(rpc("tools/call", CALL_PARAMS))).events,
  http_sse: async (app) => {
    const response = await app.request("/mcp", { headers: { accept: "text/event-stream" } });
    const reader = new EventReader(response);
    await app.post(`/mcp${(await reader.next())?.data}`, rpc("tools/call", CALL_PARAMS));
    return reader;
  },
  streamable: async (app) => {
    const session = await TestSession.open(app);
    return new EventReader(await session.post(rpc("tools/call", CALL_PARAMS)));
  },
  stateless: async (app) => {
    const meta = { progressToken: "p", "io.modelcontextprotocol/logLevel": "info" };
    const headers = { accept: "text/event-stream" };
    return new EventReader(await modernPost(app, "tools/call", CALL_PARAMS, { meta, headers }));
  },
};

for (const [dialect, call] of Object.entries(CALLERS)) {
  Deno.test(`${dialect}: of progress a reader that is behind gets the newest, of log messages the last ones`, async () => {
    const { held, talk } = talkative();
    using app = testApp({ settings: SETTINGS, tools: [held.tool] });
    const reader = await call(app);
    const running = await held.next();
    talk(running.ctx);
    const told: ReadEvent[] = [];
    const isLast = (event: ReadEvent) => event.json?.params?.data === SAID;
    while (told.length === 0 || !isLast(told.at(-1)!)) told.push((await reader.next())!);
    const progress = told.flatMap(({ json }) => json?.params?.progress ?? []);
    assertEquals(progress, progress.toSorted((a, b) => a - b));
    assertEquals(progress.at(-1), SAID);
    const logs = told.flatMap(({ json }) => json?.params?.data ?? []);
    const note = String(logs.find((data) => typeof data === "string"));
    assertMatch(note, /^\d+ log messages? (was|were) dropped because the client reads too slowly$/);
    const leftOut = Number.parseInt(note);
    assertEquals(logs.length - 1 + leftOut, SAID);
    const figures = await scrape(app);
    assertEquals(figures.value(SUPERSEDED, { kind: "log" }), leftOut);
    assertEquals(figures.value(SUPERSEDED, { kind: "progress" }), SAID - progress.length);
    await reader.leave();
  });

  Deno.test(`${dialect}: no progress comes after the answer of its call, and nothing where that is the end`, async () => {
    const { held, talk } = talkative();
    using app = testApp({ settings: SETTINGS, tools: [held.tool] });
    const reader = await call(app);
    const running = await held.next();
    talk(running.ctx);
    running.finish("done");
    await settled();
    // Ends the long-lived streams too, so that reading has an end.
    for (const connection of app.registry.values()) connection.close("max_age");
    const told = await reader.rest();
    const answerAt = told.findIndex(({ json }) => json?.result?.content?.[0].text === "done");
    assertGreater(answerAt, 0);
    const progressAt = told.findLastIndex(({ json }) => json?.params?.progress !== undefined);
    assertLess(progressAt, answerAt);
    assertLess(told[progressAt]?.json.params.progress, SAID);
    const lastLogAt = told.findIndex(({ json }) => json?.params?.data === SAID);
    assertGreater(lastLogAt, 0);
    // If the answer ends the stream, nothing may follow it.
    if (["streamable", "stateless"].includes(dialect)) assertEquals(answerAt, told.length - 1);
  });
}

for (const [dialect, call] of Object.entries(CALLERS)) {
  const isKept = dialect === "streamable";
  Deno.test(`${dialect}: an answer that its reader never takes is ${isKept ? "kept" : "lost, and that is said"}`, async () => {
    using time = new FakeTime();
    using log = new CapturedLog("warning");
    const held = new HeldTool();
    using app = testApp({
      settings: { MCP_MAX_QUEUED_BYTES: 1_024 },
      tools: [held.tool],
      wheel: { clock: time.clock },
    });
    const reader = await call(app);
    const running = await held.next();
    await time.advance(1_100);
    running.finish("x".repeat(2_000));
    await time.advance(5_025);
    // A stream that only carried the answer has ended with it; its last bytes wait no longer.
    const reason = ["plain", "http_sse"].includes(dialect) ? "queue_full" : "completed";
    assertEquals(app.ledger().closed[reason], 1);
    const lost = isKept ? 0 : 1;
    const figures = await scrape(app);
    assertEquals(figures.value(LOST, { dialect }), lost);
    assertEquals(figures.value(LOST), lost);
    assertEquals(log.of("Results lost").map(({ fields }) => fields.results), isKept ? [] : [1]);
    await reader.leave().catch(() => {});
  });
}

Deno.test("plain: answers end the stream where they do not fit, notifications never", async () => {
  using app = testApp({ settings: SETTINGS, tools: [toolThat(() => "y".repeat(1_000), "answer")] });
  const client = await app.open();
  await changeTools(app, CHANGES);
  assertEquals(app.ledger().open, 1);
  let answers = 0;
  const headers = { "mcp-connection-id": client.id };
  while ((await app.post("/mcp/sse", toolCall("answer"), headers)).status === 202) answers++;
  assertEquals(app.ledger().closed.queue_full, 1);
  assertEquals((await scrape(app)).value(LOST, { dialect: "plain" }), answers);
});

/** Results up to the limit reach a reader that reads; unread results are dropped. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Settings } from "../../lib/base/settings.ts";
import type { ToolContext } from "../../lib/mod.ts";
import { initializeRequest, type TestApp, testApp, toolCall } from "../helpers/app.ts";
import { CapturedLog } from "../helpers/log.ts";
import { initialize, TestSession } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";
import { FakeTime, settled } from "../helpers/time.ts";
import { toolThat } from "../helpers/tools.ts";
import { modernPost } from "../spec/support/modern.ts";

const SIZE = 2_000_000;
const STREAM = { accept: "text/event-stream" };
const JSON_ONLY = { accept: "application/json" };

/** Tools that answer with a big text: at once, later, and later after they have said something. */
const TOOLS = [
  toolThat(() => "x".repeat(SIZE), "quick"),
  toolThat(async () => {
    await settled();
    return "x".repeat(SIZE);
  }, "slow"),
  toolThat(async ({ log }: ToolContext) => {
    log.warning("first");
    await settled();
    log.warning("second");
    return "x".repeat(SIZE);
  }, "talkative"),
];

// deno-lint-ignore no-explicit-any -- a test looks into whatever came
type Answered = any;

async function lastOf(response: Response): Promise<Answered> {
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream");
  if (!isStream) return await response.json();
  return (await new EventReader(response).rest()).at(-1)?.json;
}

/** Calls a tool in each dialect and form of answer. */
const DIALECTS: Record<string, (app: TestApp, tool: string) => Promise<Answered>> = {
  "without a session, as JSON": async (app, tool) =>
    await lastOf(await app.post("/mcp", toolCall(tool), JSON_ONLY)),
  "without a session, as a stream": async (app, tool) =>
    await lastOf(await app.post("/mcp", toolCall(tool), STREAM)),
  "2026-07-28": async (app, tool) => {
    const params = { name: tool, arguments: {} };
    return await lastOf(await modernPost(app, "tools/call", params, { headers: STREAM }));
  },
  "2025-11-25": async (app, tool) => {
    const session = await TestSession.open(app);
    return await lastOf(await session.post(toolCall(tool)));
  },
  "2025-11-25, as a stream": async (app, tool) => {
    const session = await TestSession.open(app);
    return await lastOf(await session.post(toolCall(tool), STREAM));
  },
  "2025-03-26, in a batch": async (app, tool) => {
    const session = await TestSession.open(app, { version: "2025-03-26" });
    const response = await session.post([toolCall(tool)]);
    const answer = await lastOf(response);
    return Array.isArray(answer) ? answer[0] : answer;
  },
  "2024-11-05": async (app, tool) => {
    const reader = new EventReader(await app.request("/mcp", { headers: STREAM }));
    const { data } = await reader.nextNamed("endpoint");
    await app.post(`/mcp${data}`, initializeRequest("2024-11-05"));
    await reader.nextNamed("message");
    await app.post(`/mcp${data}`, toolCall(tool));
    for (let event = await reader.next(); event !== undefined; event = await reader.next()) {
      if (event.json?.id === 1) {
        await reader.leave();
        return event.json;
      }
    }
  },
  plain: async (app, tool) => {
    const { events } = await app.open(toolCall(tool));
    const answer = await events.nextNamed("response");
    await events.leave();
    return answer.json;
  },
};

for (const [dialect, call] of Object.entries(DIALECTS)) {
  for (const tool of ["quick", "slow", "talkative"]) {
    Deno.test(`${dialect}: a ${tool} tool's big result reaches a reader that reads`, async () => {
      using app = testApp({ tools: TOOLS });
      const { result } = await call(app, tool);
      assertEquals(result.content[0].text.length, SIZE);
      await settled();
      const { closed, queuedBytes } = app.ledger();
      assertEquals([closed.queue_full, queuedBytes], [0, 0]);
    });
  }
}

/** An app with a limit of results. */
function limited(settings: Partial<Settings> = {}): TestApp {
  return testApp({ tools: TOOLS, settings: { MCP_MAX_RESULT_BYTES: 100_000, ...settings } });
}

for (const [dialect, call] of Object.entries(DIALECTS)) {
  Deno.test(`${dialect}: a result over the limit is an error that names the limit`, async () => {
    for (const tool of ["quick", "slow", "talkative"]) {
      using app = limited();
      const reader = dialect === "plain" ? await plainError(app, tool) : await call(app, tool);
      assertEquals([reader.error.code, reader.id], [-32603, 1]);
      assertMatch(reader.error.message, /100000 bytes that MCP_MAX_RESULT_BYTES allows/);
    }
  });
}

/** The plain dialect names its events after their contents. */
async function plainError(app: TestApp, tool: string): Promise<Answered> {
  const { events } = await app.open(toolCall(tool));
  const { json } = await events.nextNamed("error");
  await events.leave();
  return json;
}

Deno.test("a result of as many bytes as the limit says passes, one more does not", async () => {
  const sizeOf = (text: string) => JSON.stringify({ content: [{ type: "text", text }] }).length;
  for (const [letter, bytes] of [["x", 1], ["é", 2], ["€", 3]] as const) {
    const max = 90_000 + sizeOf("");
    for (const over of [0, 1]) {
      const text = letter.repeat(90_000 / bytes) + "y".repeat(over);
      using app = testApp({
        tools: [toolThat(() => text, "sized")],
        settings: { MCP_MAX_RESULT_BYTES: max },
      });
      const answer = await (await app.post("/mcp", toolCall("sized"), JSON_ONLY)).json();
      assertEquals("error" in answer, over === 1, `${letter} ${over}`);
    }
  }
});

Deno.test("the answers to a batch share the limit of one result", async () => {
  using app = testApp({
    tools: [toolThat(() => "x".repeat(60_000), "sixty")],
    settings: { MCP_MAX_RESULT_BYTES: 100_000 },
  });
  const session = await TestSession.open(app, { version: "2025-03-26" });
  const calls = [1, 2, 3].map((id) => toolCall("sixty", {}, id));
  const answers = await (await session.post(calls, JSON_ONLY)).json();
  assertEquals(answers.map((answer: Answered) => "result" in answer), [true, false, false]);
  assertMatch(answers[2].error.message, /MCP_MAX_RESULT_BYTES/);
});

for (const headers of [JSON_ONLY, STREAM]) {
  Deno.test(`a big answer as ${headers.accept} counts while it waits, and goes with a reader that takes nothing`, async () => {
    using time = new FakeTime();
    using log = new CapturedLog("warning");
    using app = testApp({ tools: TOOLS, wheel: { clock: time.clock } });
    const response = await app.post("/mcp", toolCall("quick"), headers);
    const { queuedBytes } = app.ledger();
    assert(queuedBytes > SIZE, `${queuedBytes} wait`);
    await time.advance(5_025);
    assertEquals(app.ledger().queuedBytes, 0);
    assertEquals(log.of("Results lost").length, 1);
    await response.body?.cancel().catch(() => {});
  });
}

Deno.test("big answers that nobody reads stay within the budget of all readers", async () => {
  using log = new CapturedLog("warning");
  using app = testApp({ tools: TOOLS, settings: { MCP_MAX_TOTAL_QUEUED_BYTES: 3 * SIZE } });
  for (let count = 0; count < 6; count++) {
    void await app.post("/mcp", toolCall("quick"), JSON_ONLY);
    assert(app.ledger().queuedBytes <= 3 * SIZE);
  }
  assert(log.of("Results lost").length >= 4);
});

Deno.test("a client that leaves a big answer takes its bytes along", async () => {
  using app = testApp({ tools: TOOLS });
  const response = await app.post("/mcp", toolCall("quick"), JSON_ONLY);
  await response.body?.cancel();
  assertEquals(app.ledger().queuedBytes, 0);
});

Deno.test("`initialize` is answered as ever", async () => {
  using app = limited();
  assertEquals((await initialize(app)).status, 200);
});

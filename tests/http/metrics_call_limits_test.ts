/** Each limit of requests, bodies, sessions and replay: what client, log and metrics see. */
import { assertEquals } from "@std/assert";
import { rpc, testApp, toolCall } from "../helpers/app.ts";
import { scrape } from "../helpers/metrics.ts";
import { EventReader } from "../helpers/sse.ts";
import { FakeTime } from "../helpers/time.ts";
import { HeldTool } from "../helpers/tools.ts";
import {
  called,
  INITIALIZE,
  initialize,
  initialized,
  JSON_ONLY,
  rejected,
  testLimits,
  toolCalled,
} from "./limits.ts";

const HELD = new HeldTool();

/** What a limit's approach leaves for going beyond it. */
let sessionId = "";

testLimits([
  {
    name: "MCP_INITIALIZES_PER_SECOND",
    options: { settings: { MCP_INITIALIZES_BURST: 1, MCP_INITIALIZES_PER_SECOND: 1 } },
    approach: async (app) => void await initialize(app),
    exceed: (app) => app.post("/mcp", INITIALIZE),
    status: 429,
    retryAfter: true,
    moves: rejected("initialize_rate", "too_many_requests"),
  },
  {
    name: "MCP_MAX_REQUESTS_PER_CONNECTION",
    options: { tools: [HELD.tool], settings: { MCP_MAX_REQUESTS_PER_CONNECTION: 1 } },
    approach: async (app) => {
      const id = await initialize(app);
      void app.post("/mcp", toolCall("held"), { ...JSON_ONLY, "mcp-session-id": id })
        .then((response) => response.body?.cancel());
      await HELD.next();
      sessionId = id;
    },
    exceed: (app) =>
      app.post("/mcp", rpc("ping", {}, 2), { ...JSON_ONLY, "mcp-session-id": sessionId }),
    status: 200,
    moves: {
      'lifeline_refused_total{limit="max_requests"}': 1,
      ...called("ping", "too_many_requests"),
    },
  },
  {
    name: "MCP_MAX_BODY_BYTES",
    options: { settings: { MCP_MAX_BODY_BYTES: 1_024 } },
    exceed: (app) => app.post("/mcp", rpc("ping", { filler: "x".repeat(1_024) })),
    status: 413,
    moves: { 'lifeline_rejections_total{kind="body_too_large"}': 1 },
  },
  {
    name: "MCP_BODY_TIMEOUT_MS",
    options: { settings: { MCP_BODY_TIMEOUT_MS: 1_000 } },
    exceed: async (app, time) => {
      const answer = app.request("/mcp", {
        method: "POST",
        headers: { "content-type": "application/json" },
        // A body that never comes.
        body: new ReadableStream<Uint8Array>(),
      });
      await time.advance(2_000);
      return await answer;
    },
    status: 408,
    moves: { 'lifeline_rejections_total{kind="body_timeout"}': 1 },
  },
  {
    name: "MCP_REQUEST_TIMEOUT_MS",
    options: { tools: [HELD.tool], settings: { MCP_REQUEST_TIMEOUT_MS: 500 } },
    exceed: async (app, time) => {
      const answer = app.post("/mcp", toolCall("held"), JSON_ONLY);
      await HELD.next();
      await time.advance(600);
      return await answer;
    },
    status: 200,
    moves: toolCalled("held", "timeout"),
  },
  {
    name: "MCP_SESSION_IDLE_MS",
    options: { settings: { MCP_SESSION_IDLE_MS: 60_000 } },
    approach: async (app) => void await initialize(app),
    exceed: (_app, time) => time.advance(61_000, 1_000),
    moves: {
      'lifeline_sessions_ended_total{end="idle"}': 1,
      "lifeline_session_age_seconds_count": 1,
    },
  },
  {
    name: "MCP_SESSION_MAX_MS",
    options: { settings: { MCP_SESSION_MAX_MS: 60_000 } },
    approach: async (app) => void (sessionId = await initialize(app)),
    exceed: async (app, time) => {
      await time.advance(61_000, 1_000);
      return await app.post("/mcp", rpc("ping"), { "mcp-session-id": sessionId });
    },
    status: 404,
    moves: { 'lifeline_rejections_total{kind="session_not_found"}': 1 },
  },
  {
    name: "MCP_MAX_SESSIONS",
    options: { settings: { MCP_MAX_SESSIONS: 1 } },
    approach: async (app) => void await initialize(app),
    exceed: (app) => app.post("/mcp", INITIALIZE),
    status: 200,
    moves: {
      'lifeline_sessions_ended_total{end="evicted"}': 1,
      "lifeline_session_age_seconds_count": 1,
      ...initialized,
    },
  },
]);

Deno.test("MCP_REPLAY_EVENTS: events dropped, a gap, and events sent again are seen", async () => {
  using time = new FakeTime();
  const settings = { MCP_REPLAY_EVENTS: 3 };
  using app = testApp({ tools: [HELD.tool], settings, wheel: { clock: time.clock } });
  const session = { "mcp-session-id": await initialize(app) };
  const accept = "application/json, text/event-stream";
  const answering = app.post("/mcp", toolCall("held"), { ...session, accept });
  const call = await HELD.next();
  await time.advance(1_100);
  for (let line = 1; line <= 5; line++) call.ctx.log.info(line);
  call.finish("done");
  const events = await new EventReader(await answering).rest();
  const ids = events.map(({ id }) => id ?? "");
  const before = await scrape(app);
  assertEquals(before.value("lifeline_replay_dropped_events_total"), ids.length - 3);
  assertEquals(before.value("lifeline_replay_streams"), 1);
  const resume = async (lastEventId = "") => {
    const headers = { ...session, accept: "text/event-stream", "last-event-id": lastEventId };
    await (await app.request("/mcp", { headers })).text();
  };
  await resume(ids.at(-3));
  await resume(ids[0]);
  const after = await scrape(app);
  assertEquals(after.value("lifeline_replayed_events_total"), 2);
  assertEquals(after.value("lifeline_replay_gaps_total"), 1);
});

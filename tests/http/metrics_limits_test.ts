/** Each limit, reached: what the client sees, and which metric moves. */
import { assertEquals } from "@std/assert";
import type { AppOptions } from "../../lib/mod.ts";
import { PLAIN_HEADERS, rpc, type TestApp, testApp, toolCall } from "../helpers/app.ts";
import { CapturedLog } from "../helpers/log.ts";
import { moved, scrape } from "../helpers/metrics.ts";
import { EventReader } from "../helpers/sse.ts";
import { FakeTime } from "../helpers/time.ts";
import { HeldTool, toolThat } from "../helpers/tools.ts";

/** One limit and how to reach it. */
interface Reached {
  readonly name: string;
  readonly options?: AppOptions;
  /** Goes up to the limit. */
  readonly approach?: (app: TestApp, time: FakeTime) => Promise<void>;
  /** Goes beyond it; the answer to that, where there is one. */
  readonly exceed: (app: TestApp, time: FakeTime) => Promise<Response | void>;
  readonly status?: number;
  readonly retryAfter?: boolean;
  /** All counters that move. */
  readonly moves: Readonly<Record<string, number>>;
}

const JSON_ONLY = { accept: "application/json" };
const INITIALIZE = rpc("initialize", { protocolVersion: "2025-11-25", capabilities: {} });

/** Opens a plain stream that nobody reads. */
function open(app: TestApp): Promise<Response> {
  return app.request("/mcp/sse", { method: "POST", headers: PLAIN_HEADERS });
}

async function initialize(app: TestApp): Promise<string> {
  return (await app.post("/mcp", INITIALIZE)).headers.get("mcp-session-id") ?? "";
}

/** A tool that says more than its reader takes. */
const loud = toolThat((ctx) => {
  for (let index = 0; index < 40; index++) ctx.log.info("x".repeat(100));
  return "said";
}, "loud");

function rejected(limit: string, kind: string): Record<string, number> {
  return {
    [`lifeline_refused_total{limit="${limit}"}`]: 1,
    [`lifeline_rejections_total{kind="${kind}"}`]: 1,
  };
}

function closed(reason: string, count = 1): Record<string, number> {
  return {
    [`lifeline_connections_closed_total{dialect="plain",reason="${reason}"}`]: count,
    'lifeline_connection_age_seconds_count{dialect="plain"}': count,
  };
}

const initialized = {
  'lifeline_sessions_opened_total{how="created"}': 1,
  'lifeline_requests_total{method="initialize",outcome="ok"}': 1,
  'lifeline_request_duration_seconds_count{method="initialize"}': 1,
};

function called(method: string, outcome: string): Record<string, number> {
  return {
    [`lifeline_requests_total{method="${method}",outcome="${outcome}"}`]: 1,
    [`lifeline_request_duration_seconds_count{method="${method}"}`]: 1,
  };
}

function toolCalled(tool: string, outcome: string): Record<string, number> {
  return {
    ...called("tools/call", outcome),
    [`lifeline_tool_calls_total{tool="${tool}",outcome="${outcome}"}`]: 1,
    [`lifeline_tool_duration_seconds_count{tool="${tool}"}`]: 1,
  };
}

const HELD = new HeldTool();

/** What a limit's approach leaves for going beyond it. */
let sessionId = "";
let streamId = "";

const LIMITS: readonly Reached[] = [
  {
    name: "MCP_MAX_CONNECTIONS",
    options: { settings: { MCP_MAX_CONNECTIONS: 1 } },
    approach: async (app) => void await open(app),
    exceed: open,
    status: 503,
    retryAfter: true,
    moves: rejected("max_connections", "overloaded"),
  },
  {
    name: "MCP_MAX_CONNECTIONS_PER_CLIENT",
    options: { settings: { MCP_MAX_CONNECTIONS_PER_CLIENT: 1 } },
    approach: async (app) => void await open(app),
    exceed: open,
    status: 429,
    retryAfter: true,
    moves: rejected("max_per_client", "too_many_requests"),
  },
  {
    name: "MCP_STREAM_OPENS_PER_SECOND",
    options: { settings: { MCP_STREAM_OPENS_BURST: 1, MCP_STREAM_OPENS_PER_SECOND: 1 } },
    approach: async (app) => void await open(app),
    exceed: open,
    status: 429,
    retryAfter: true,
    moves: rejected("open_rate", "too_many_requests"),
  },
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
    name: "MCP_MAX_FLAPS",
    options: { settings: { MCP_MAX_FLAPS: 1 } },
    approach: async (app) => {
      for (let flap = 0; flap < 2; flap++) await (await open(app)).body?.cancel();
    },
    exceed: open,
    status: 429,
    retryAfter: true,
    moves: rejected("flapping", "too_many_requests"),
  },
  {
    name: "MCP_MAX_HEAP_PERCENT",
    options: { heap: () => ({ used: 90, limit: 100 }) },
    exceed: open,
    status: 503,
    retryAfter: true,
    moves: rejected("heap", "overloaded"),
  },
  {
    name: "a stopping server",
    approach: async (app) => void await app.drain(0),
    exceed: open,
    status: 503,
    retryAfter: true,
    moves: rejected("draining", "draining"),
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
    name: "MCP_MAX_QUEUED_BYTES",
    options: { tools: [loud], settings: { MCP_MAX_QUEUED_BYTES: 1_024 } },
    approach: async (app) => void (streamId = (await app.open()).id),
    exceed: (app) => app.post("/mcp/sse", toolCall("loud"), { "mcp-connection-id": streamId }),
    status: 202,
    moves: { ...closed("queue_full"), ...toolCalled("loud", "ok") },
  },
  {
    name: "MCP_MAX_TOTAL_QUEUED_BYTES",
    options: { tools: [loud], settings: { MCP_MAX_TOTAL_QUEUED_BYTES: 1_024 } },
    approach: async (app) => void (streamId = (await app.open()).id),
    exceed: (app) => app.post("/mcp/sse", toolCall("loud"), { "mcp-connection-id": streamId }),
    status: 202,
    moves: { ...closed("queue_full"), ...toolCalled("loud", "ok") },
  },
  {
    name: "MCP_MAX_PING_FAILURES",
    approach: async (app) => void await open(app),
    exceed: (_app, time) => time.advance(50_000, 1_000),
    moves: { "lifeline_ping_failures_total": 3, ...closed("ping_failed") },
  },
  {
    name: "MCP_MAX_CONNECTION_MS",
    options: { settings: { MCP_MAX_CONNECTION_MS: 5_000 } },
    approach: async (app) => void await open(app),
    exceed: (_app, time) => time.advance(6_000),
    moves: closed("max_age"),
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
  {
    name: "MCP_DRAIN_MS",
    options: { tools: [HELD.tool] },
    approach: async (app) => {
      await app.request("/mcp/sse", {
        method: "POST",
        headers: PLAIN_HEADERS,
        body: JSON.stringify(toolCall("held")),
      });
      await HELD.next();
    },
    exceed: async (app, time) => {
      const drained = app.drain(1_000);
      await time.advance(1_100);
      await drained;
    },
    moves: { ...closed("drain"), ...toolCalled("held", "aborted") },
  },
];

/** What the log says of refusals and of streams that the server ended. */
function said(log: CapturedLog): string[] {
  const refusals = log.of("Refused").map(({ level, fields }) => `${level} ${fields.limit}`);
  const closes = log.of("Connection forcefully closed")
    .map(({ level, fields }) => `${level} ${fields.reason}`);
  return [...refusals, ...closes.filter((line) => line !== "INFO client_closed")];
}

/** The same, as the metrics that move have it. */
function saidFor(moves: Readonly<Record<string, number>>): string[] {
  return Object.keys(moves).flatMap((metric) => {
    const [, limit] = /^lifeline_refused_total\{limit="(.*)"\}$/.exec(metric) ?? [];
    const [, reason] = /^lifeline_connections_closed_total\{.*reason="(.*)"\}$/.exec(metric) ?? [];
    // One call too many of a session is told to its client, whose own fault it is.
    if (limit !== undefined && limit !== "max_requests") return [`WARNING ${limit}`];
    return reason === undefined ? [] : [`INFO ${reason}`];
  });
}

for (const { name, options, approach, exceed, status, retryAfter, moves } of LIMITS) {
  Deno.test(`${name}: whoever goes beyond it is seen in the metrics`, async () => {
    using time = new FakeTime();
    using log = new CapturedLog("info");
    using app = testApp({ ...options, wheel: { clock: time.clock } });
    await approach?.(app, time);
    const before = await scrape(app);
    const response = await exceed(app, time) ?? undefined;
    assertEquals(response?.status, status);
    assertEquals(response?.headers.has("retry-after") ?? false, retryAfter ?? false);
    await response?.body?.cancel();
    assertEquals(moved(before, await scrape(app)), moves);
    assertEquals(said(log), saidFor(moves));
    // Calls that were left to run end now, for the next limit.
    for (const call of HELD.calls) call.finish("done");
  });
}

Deno.test("MCP_MAX_TOTAL_QUEUED_BYTES used up: a new stream is refused, and seen", async () => {
  using time = new FakeTime();
  const settings = { MCP_MAX_TOTAL_QUEUED_BYTES: 1_024 };
  using app = testApp({ settings, wheel: { clock: time.clock } });
  await open(app);
  const connection = app.connections.connections().next().value;
  connection?.send(new Uint8Array(1_024 - connection.queuedBytes));
  const before = await scrape(app);
  assertEquals(before.value("lifeline_queued_bytes"), 1_024);
  const response = await open(app);
  assertEquals(response.status, 503);
  await response.body?.cancel();
  assertEquals(moved(before, await scrape(app)), rejected("queue_budget", "overloaded"));
});

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

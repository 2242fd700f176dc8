/** Each limit of streams, reached: what client, log and metrics see. */
import { assertEquals } from "@std/assert";
import { PLAIN_HEADERS, testApp, toolCall } from "../helpers/app.ts";
import { moved, scrape } from "../helpers/metrics.ts";
import { FakeTime } from "../helpers/time.ts";
import { HeldTool, toolThat } from "../helpers/tools.ts";
import { closed, open, rejected, testLimits, toolCalled } from "./limits.ts";

const HELD = new HeldTool();

/** A tool whose answer is more than its reader takes. */
const loud = toolThat(() => "x".repeat(4_000), "loud");
const LOST = { 'lifeline_results_lost_total{dialect="plain"}': 1 };

/** What a limit's approach leaves for going beyond it. */
let streamId = "";

testLimits([
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
    name: "MCP_MAX_QUEUED_BYTES",
    options: { tools: [loud], settings: { MCP_MAX_QUEUED_BYTES: 1_024 } },
    approach: async (app) => void (streamId = (await app.open()).id),
    exceed: (app) => app.post("/mcp/sse", toolCall("loud"), { "mcp-connection-id": streamId }),
    status: 202,
    moves: { ...closed("queue_full"), ...LOST, ...toolCalled("loud", "ok") },
  },
  {
    name: "MCP_MAX_TOTAL_QUEUED_BYTES",
    options: { tools: [loud], settings: { MCP_MAX_TOTAL_QUEUED_BYTES: 1_024 } },
    approach: async (app) => void (streamId = (await app.open()).id),
    exceed: (app) => app.post("/mcp/sse", toolCall("loud"), { "mcp-connection-id": streamId }),
    status: 202,
    moves: { ...closed("queue_full"), ...LOST, ...toolCalled("loud", "ok") },
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
]);

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

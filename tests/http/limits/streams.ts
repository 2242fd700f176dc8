/** Each limit of streams, and how it is reached. */
import { PLAIN_HEADERS, rpc, toolCall } from "../../helpers/app.ts";
import { HeldTool, toolThat } from "../../helpers/tools.ts";
import {
  closed,
  leaveOpen,
  open,
  type Reached,
  refused,
  refusedLog,
  rejected,
  type Scene,
  toolCalled,
} from "./reached.ts";

const HELD = new HeldTool();

/** A tool whose answer is longer than its reader accepts. */
const loud = toolThat(() => "x".repeat(4_000), "loud");
const LOST = { 'lifeline_results_lost_total{dialect="plain"}': 1 };

const callLoud = ({ app, id }: Scene) =>
  app.post("/mcp/sse", toolCall("loud"), { "mcp-connection-id": id });

/** Fills the outbox of the stream that was left open up to its last byte. */
function fill({ app, id }: Scene, bytes: number): void {
  const connection = app.registry.get(id);
  connection?.sendRaw(new Uint8Array(bytes - connection.queuedBytes));
}

export const STREAM_LIMITS: readonly Reached[] = [
  {
    name: "MCP_MAX_CONNECTIONS",
    options: { settings: { MCP_MAX_CONNECTIONS: 1 } },
    approach: leaveOpen,
    exceed: open,
    status: 503,
    retryAfter: true,
    logs: refusedLog("max_connections", "overloaded"),
    moves: refused("max_connections", "overloaded"),
  },
  {
    name: "MCP_MAX_CONNECTIONS_PER_CLIENT",
    options: { settings: { MCP_MAX_CONNECTIONS_PER_CLIENT: 1 } },
    approach: leaveOpen,
    exceed: open,
    status: 429,
    retryAfter: true,
    logs: refusedLog("max_per_client", "too_many_requests"),
    moves: refused("max_per_client", "too_many_requests"),
  },
  {
    name: "MCP_STREAM_OPENS_PER_SECOND",
    also: ["MCP_STREAM_OPENS_BURST"],
    options: { settings: { MCP_STREAM_OPENS_BURST: 1, MCP_STREAM_OPENS_PER_SECOND: 1 } },
    approach: leaveOpen,
    exceed: open,
    status: 429,
    retryAfter: true,
    logs: refusedLog("open_rate", "too_many_requests"),
    moves: refused("open_rate", "too_many_requests"),
  },
  {
    name: "MCP_MAX_FLAPS",
    options: { settings: { MCP_MAX_FLAPS: 1 } },
    approach: async (scene) => await (await open(scene)).body?.cancel(),
    exceed: open,
    status: 429,
    retryAfter: true,
    logs: refusedLog("flapping", "too_many_requests"),
    moves: refused("flapping", "too_many_requests"),
  },
  {
    name: "MCP_MAX_HEAP_PERCENT",
    options: { heap: () => ({ used: 90, limit: 100 }) },
    exceed: open,
    status: 503,
    retryAfter: true,
    logs: refusedLog("heap", "overloaded"),
    moves: refused("heap", "overloaded"),
  },
  {
    name: "MCP_MAX_RESIDENT_PERCENT",
    options: {
      resident: () => ({ used: 2_000, limit: Infinity }),
      settings: { MCP_MEMORY_BYTES: 2_048 },
    },
    exceed: open,
    status: 503,
    retryAfter: true,
    logs: refusedLog("resident", "overloaded"),
    moves: refused("resident", "overloaded"),
  },
  {
    name: "a stopping server, asked for a stream",
    approach: async ({ app }) => void await app.drain(0),
    exceed: open,
    status: 503,
    retryAfter: true,
    says: /shutting down/,
    logs: refusedLog("draining", "draining"),
    moves: refused("draining", "draining"),
  },
  {
    name: "a stopping server, asked anything else",
    approach: async ({ app }) => void await app.drain(0),
    exceed: ({ app }) => app.post("/mcp", rpc("tools/list", {}, 7)),
    status: 503,
    retryAfter: true,
    says: /shutting down.*"id":7/,
    logs: refusedLog("draining", "draining"),
    moves: refused("draining", "draining"),
  },
  {
    name: "MCP_MAX_RESULT_BYTES",
    options: { tools: [loud], settings: { MCP_MAX_RESULT_BYTES: 1_024 } },
    exceed: ({ app }) => app.post("/mcp", toolCall("loud")),
    status: 200,
    logs: ["WARNING Result too large 1024"],
    moves: toolCalled("loud", "ok"),
  },
  {
    name: "MCP_MAX_QUEUED_BYTES",
    options: {
      tools: [loud],
      settings: { MCP_MAX_QUEUED_BYTES: 1_024, MCP_MAX_TOTAL_QUEUED_BYTES: 16_000 },
    },
    // An answer may be more than that; the next one comes to a reader that is behind already.
    approach: async (scene) => {
      await leaveOpen(scene);
      await callLoud(scene);
    },
    exceed: callLoud,
    status: 202,
    ends: "cut",
    logs: ["INFO Connection forcefully closed queue_full"],
    moves: {
      ...closed("queue_full"),
      'lifeline_results_lost_total{dialect="plain"}': 2,
      ...toolCalled("loud", "ok"),
    },
  },
  {
    name: "MCP_MAX_TOTAL_QUEUED_BYTES",
    options: { tools: [loud], settings: { MCP_MAX_TOTAL_QUEUED_BYTES: 1_024 } },
    approach: leaveOpen,
    exceed: callLoud,
    status: 202,
    ends: "cut",
    logs: ["INFO Connection forcefully closed queue_full"],
    moves: { ...closed("queue_full"), ...LOST, ...toolCalled("loud", "ok") },
  },
  {
    name: "MCP_MAX_TOTAL_QUEUED_BYTES used up, for a new stream",
    options: { settings: { MCP_MAX_TOTAL_QUEUED_BYTES: 1_024 } },
    approach: async (scene) => {
      await leaveOpen(scene);
      fill(scene, 1_024);
    },
    exceed: open,
    status: 503,
    retryAfter: true,
    says: /MCP_MAX_TOTAL_QUEUED_BYTES/,
    logs: refusedLog("queue_budget", "overloaded"),
    moves: refused("queue_budget", "overloaded"),
  },
  {
    name: "MCP_MAX_PING_FAILURES",
    approach: leaveOpen,
    // The first ping goes out, and is not read.
    exceed: ({ time }) => time.advance(62_000, 1_000),
    ends: "cut",
    logs: [
      "WARNING Ping failed 1",
      "WARNING Ping failed 2",
      "WARNING Ping failed 3",
      "INFO Connection forcefully closed ping_failed",
    ],
    moves: {
      "lifeline_pings_sent_total": 1,
      "lifeline_ping_lateness_seconds_count": 1,
      "lifeline_ping_failures_total": 3,
      ...closed("ping_failed"),
    },
  },
  {
    name: "MCP_MAX_CONNECTION_MS",
    options: { settings: { MCP_MAX_CONNECTION_MS: 5_000 } },
    approach: leaveOpen,
    exceed: ({ time }) => time.advance(6_000),
    ends: "max_age",
    logs: ["INFO Connection forcefully closed max_age"],
    moves: closed("max_age"),
  },
  {
    name: "MCP_DRAIN_MS",
    options: { tools: [HELD.tool] },
    approach: async (scene) => {
      await leaveOpen(scene, toolCall("held"));
      await HELD.next();
    },
    exceed: async ({ app, time }) => {
      const drained = app.drain(1_000);
      await time.advance(1_100);
      await drained;
    },
    ends: "drain",
    logs: ["INFO Connection forcefully closed drain"],
    moves: { ...closed("drain"), ...toolCalled("held", "aborted") },
  },
  {
    name: "the ping interval that a client may ask for",
    exceed: ({ app }) =>
      app.request("/mcp/sse", {
        method: "POST",
        headers: { ...PLAIN_HEADERS, "mcp-ping-interval-ms": "-1" },
      }),
    status: 400,
    says: /Mcp-Ping-Interval-Ms/i,
    logs: ["INFO Request refused invalid_request"],
    moves: rejected("invalid_request"),
  },
];

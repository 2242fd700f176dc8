/** Each limit of requests, bodies and sessions, and how it is reached. */
import { rpc, toolCall } from "../../helpers/app.ts";
import { HeldTool } from "../../helpers/tools.ts";
import {
  called,
  INITIALIZE,
  initialize,
  initialized,
  JSON_ONLY,
  type Reached,
  refused,
  refusedLog,
  rejected,
  type Scene,
  toolCalled,
} from "./reached.ts";

const HELD = new HeldTool();

const pingSession = ({ app, id }: Scene) =>
  app.post("/mcp", rpc("ping", {}, 2), { ...JSON_ONLY, "mcp-session-id": id });

/** A text that makes a body large. */
const LONG = "x".repeat(20_000);
const LARGE_PING = rpc("ping", { other: LONG }, 2);

/** Leaves a call with a large body running. */
async function holdLargeCall({ app }: Scene): Promise<void> {
  void app.post("/mcp", toolCall("held", { other: LONG }), JSON_ONLY)
    .then((response) => response.body?.cancel());
  await HELD.next();
}

/** A limit of sessions: a session over it takes the place of the one unused for longest. */
function evicting(name: "MCP_MAX_SESSIONS" | "MCP_MAX_SESSIONS_PER_CLIENT"): Reached {
  return {
    name,
    options: { settings: { [name]: 1 } },
    approach: initialize,
    exceed: ({ app }) => app.post("/mcp", INITIALIZE),
    status: 200,
    says: /protocolVersion/,
    logs: ["INFO Session ended evicted"],
    moves: {
      'lifeline_sessions_ended_total{end="evicted"}': 1,
      "lifeline_session_age_seconds_count": 1,
      ...initialized,
    },
  };
}

export const CALL_LIMITS: readonly Reached[] = [
  {
    name: "MCP_INITIALIZES_PER_SECOND",
    also: ["MCP_INITIALIZES_BURST"],
    options: { settings: { MCP_INITIALIZES_BURST: 1, MCP_INITIALIZES_PER_SECOND: 1 } },
    approach: initialize,
    exceed: ({ app }) => app.post("/mcp", INITIALIZE),
    status: 429,
    retryAfter: true,
    logs: refusedLog("initialize_rate", "too_many_requests"),
    moves: refused("initialize_rate", "too_many_requests"),
  },
  {
    name: "MCP_CALLS_PER_SECOND",
    also: ["MCP_CALLS_BURST"],
    options: { settings: { MCP_CALLS_BURST: 1, MCP_CALLS_PER_SECOND: 1 } },
    approach: async ({ app }) => {
      await (await app.post("/mcp", toolCall("echo", { message: "hi" }), JSON_ONLY)).body?.cancel();
    },
    exceed: ({ app }) => app.post("/mcp", toolCall("echo", { message: "hi" }), JSON_ONLY),
    status: 429,
    retryAfter: true,
    logs: refusedLog("call_rate", "too_many_requests"),
    moves: refused("call_rate", "too_many_requests"),
  },
  evicting("MCP_MAX_SESSIONS_PER_CLIENT"),
  {
    name: "MCP_MAX_REQUESTS_PER_CONNECTION",
    options: { tools: [HELD.tool], settings: { MCP_MAX_REQUESTS_PER_CONNECTION: 1 } },
    approach: async (scene) => {
      await initialize(scene);
      void scene.app.post("/mcp", toolCall("held"), { ...JSON_ONLY, "mcp-session-id": scene.id })
        .then((response) => response.body?.cancel());
      await HELD.next();
    },
    exceed: pingSession,
    status: 200,
    logs: ["WARNING Refused max_requests"],
    moves: {
      'lifeline_refused_total{limit="max_requests"}': 1,
      ...called("ping", "too_many_requests"),
    },
  },
  {
    name: "MCP_MAX_AUTH_FAILURES",
    options: {
      auth: { verify: () => undefined },
      settings: { MCP_MAX_AUTH_FAILURES: 1, MCP_ADMIN_TOKEN: "the-token-of-the-operator" },
    },
    approach: async ({ app }) => {
      const response = await app.post("/mcp", rpc("ping"), { authorization: "Bearer bad" });
      await response.body?.cancel();
    },
    exceed: ({ app }) => app.post("/mcp", rpc("ping"), { authorization: "Bearer worse" }),
    status: 429,
    retryAfter: true,
    logs: ["WARNING Credential refused too_many", "DEBUG Request refused too_many_requests"],
    moves: {
      'lifeline_credentials_refused_total{reason="too_many"}': 1,
      ...rejected("too_many_requests"),
    },
  },
  {
    name: "MCP_MAX_BODY_VALUES",
    options: { settings: { MCP_MAX_BODY_VALUES: 1_000 } },
    exceed: ({ app }) => app.post("/mcp", rpc("ping", { list: Array(20_000).fill(0) }), JSON_ONLY),
    status: 413,
    logs: ["INFO Request refused body_too_large"],
    moves: rejected("body_too_large"),
  },
  {
    name: "MCP_MAX_BODY_BYTES_PER_CLIENT",
    options: { tools: [HELD.tool], settings: { MCP_MAX_BODY_BYTES_PER_CLIENT: 30_000 } },
    approach: holdLargeCall,
    exceed: ({ app }) => app.post("/mcp", LARGE_PING, JSON_ONLY),
    status: 429,
    retryAfter: true,
    logs: refusedLog("body_bytes_per_client", "too_many_requests"),
    moves: refused("body_bytes_per_client", "too_many_requests"),
  },
  {
    name: "MCP_MAX_TOTAL_BODY_BYTES",
    options: { tools: [HELD.tool], settings: { MCP_MAX_TOTAL_BODY_BYTES: 30_000 } },
    approach: holdLargeCall,
    exceed: ({ app }) => app.post("/mcp", LARGE_PING, JSON_ONLY),
    status: 503,
    retryAfter: true,
    logs: refusedLog("body_bytes", "overloaded"),
    moves: refused("body_bytes", "overloaded"),
  },
  {
    name: "MCP_MAX_BODY_BYTES",
    options: { settings: { MCP_MAX_BODY_BYTES: 1_024 } },
    exceed: ({ app }) => app.post("/mcp", rpc("ping", { filler: "x".repeat(1_024) })),
    status: 413,
    logs: ["INFO Request refused body_too_large"],
    moves: rejected("body_too_large"),
  },
  {
    name: "MCP_BODY_TIMEOUT_MS",
    options: { settings: { MCP_BODY_TIMEOUT_MS: 1_000 } },
    exceed: async ({ app, time }) => {
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
    logs: ["INFO Request refused body_timeout"],
    moves: rejected("body_timeout"),
  },
  {
    name: "MCP_REQUEST_TIMEOUT_MS",
    options: { tools: [HELD.tool], settings: { MCP_REQUEST_TIMEOUT_MS: 500 } },
    exceed: async ({ app, time }) => {
      const answer = app.post("/mcp", toolCall("held"), JSON_ONLY);
      await HELD.next();
      await time.advance(600);
      return await answer;
    },
    status: 200,
    logs: ["WARNING Request timed out 500"],
    moves: toolCalled("held", "timeout"),
  },
  {
    name: "MCP_SESSION_IDLE_MS",
    options: { settings: { MCP_SESSION_IDLE_MS: 60_000 } },
    approach: initialize,
    exceed: async (scene) => {
      await scene.time.advance(61_000, 1_000);
      return await pingSession(scene);
    },
    status: 404,
    says: /the session has ended; send initialize/,
    logs: ["DEBUG Session ended idle", "INFO Request refused session_not_found"],
    moves: {
      'lifeline_sessions_ended_total{end="idle"}': 1,
      "lifeline_session_age_seconds_count": 1,
      ...rejected("session_not_found"),
    },
  },
  {
    name: "MCP_SESSION_MAX_MS",
    options: { settings: { MCP_SESSION_MAX_MS: 60_000, MCP_MAX_SESSIONS: 1 } },
    // The first session is evicted by the second.
    approach: async (scene) => {
      await initialize(scene);
      await (await scene.app.post("/mcp", INITIALIZE)).body?.cancel();
    },
    exceed: async (scene) => {
      await scene.time.advance(61_000, 1_000);
      return await pingSession(scene);
    },
    status: 404,
    logs: ["INFO Request refused session_not_found"],
    moves: rejected("session_not_found"),
  },
  evicting("MCP_MAX_SESSIONS"),
];

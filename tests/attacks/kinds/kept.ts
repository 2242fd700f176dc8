/**
 * Texts that the server keeps for longer than their request, each as large as a body may be, sent
 * repeatedly.
 *
 * @module
 */
import { rpc, toolCall } from "../../helpers/app.ts";
import { type Attack, bytesOf, type Force } from "../attack.ts";
import {
  bigText,
  call,
  initialize,
  inSession,
  openSession,
  post,
  STREAM_ONLY,
} from "../requests.ts";

/** Sends messages into one session after another: a new one when the last is refused. */
function intoSession(make: (n: number) => unknown, more: Record<string, string> = {}) {
  return async (force: Force): Promise<void> => {
    const id = force.notes[0] ?? await openSession(force);
    if (id === undefined) return;
    force.notes[0] = id;
    const { head } = await force.send(post(JSON.stringify(make(force.sent)), {
      headers: { ...inSession(id), ...more },
    }));
    if (head?.status !== 200 && head?.status !== 202) force.notes.length = 0;
  };
}

/** A running call whose socket stays open, so that the call stays too. */
const running =
  (make: (n: number) => unknown, headers: Record<string, string> = {}) =>
  async (force: Force): Promise<void> => {
    const socket = await force.sendRaw(
      new TextEncoder().encode(rawPost(JSON.stringify(make(force.sent)), headers)),
    );
    await socket?.flushed();
  };

function rawPost(body: string, headers: Record<string, string>): string {
  const lines = Object.entries({
    "content-type": "application/json",
    accept: "application/json",
    "Content-Length": String(body.length),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}`);
  return `POST /mcp HTTP/1.1\r\nHost: localhost\r\n${lines.join("\r\n")}\r\n\r\n${body}`;
}

const LONG_CALL = { from: 100_000, interval_ms: 1_000 };

export const KEPT: readonly Attack[] = [
  {
    name: "kept: subscriptions to URIs of 4 MB",
    lanes: 2,
    strike: intoSession((n) => rpc("resources/subscribe", { uri: bigText(`test://${n}/`) })),
  },
  {
    name: "kept: client names of 4 MB",
    lanes: 2,
    strike: async (force) => {
      await force.send(post(initialize("2025-11-25", bigText(`${force.sent}`))));
    },
  },
  {
    name: "kept: capabilities of 4 MB",
    lanes: 2,
    strike: async (force) => {
      await force.send(post(JSON.stringify(rpc("initialize", {
        protocolVersion: "2025-11-25",
        capabilities: { experimental: { text: { of: bigText(`${force.sent}`) } } },
        clientInfo: { name: "attacker", version: "1" },
      }))));
    },
  },
  {
    name: "kept: running calls with 4 MB beside their arguments",
    lanes: 2,
    strike: running((n) => ({
      ...toolCall("countdown", LONG_CALL),
      params: { name: "countdown", arguments: LONG_CALL, other: bigText(`${n}`) },
    })),
  },
  {
    name: "kept: running calls with progress tokens of 4 MB",
    lanes: 2,
    strike: running((n) =>
      rpc("tools/call", {
        name: "countdown",
        arguments: LONG_CALL,
        _meta: { progressToken: bigText(`${n}`) },
      })
    ),
  },
  {
    name: "kept: running calls with ids of 4 MB",
    lanes: 2,
    strike: running((n) => toolCall("countdown", LONG_CALL, bigText(`${n}`))),
  },
  {
    name: "kept: calls in sessions that run on after their client has left",
    lanes: 8,
    strike: async (force) => {
      const sessions = force.notes;
      const id = sessions[force.sent % 100] ?? await openSession(force) ?? sessions[0];
      if (id === undefined) return;
      if (!sessions.includes(id)) sessions.push(id);
      const socket = await force.connect();
      force.sent++;
      socket?.write(bytesOf(post(call("countdown", LONG_CALL), { headers: inSession(id) })));
      await socket?.flushed();
      socket?.close();
    },
  },
  {
    name: "kept: log levels and cancellations of 4 MB",
    lanes: 2,
    strike: intoSession((n) =>
      n % 2 === 0 ? rpc("logging/setLevel", { level: bigText(`${n}`) }) : {
        jsonrpc: "2.0",
        method: "notifications/cancelled",
        params: { requestId: bigText(`${n}`), reason: "x" },
      }
    ),
  },
  {
    name: "kept: plain streams opened by requests of 4 MB",
    lanes: 4,
    strike: async (force) => {
      const socket = await force.sendRaw(
        rawPost(
          JSON.stringify(rpc("ping", { other: bigText(`${force.sent}`) })),
          STREAM_ONLY,
        ).replace("/mcp", "/mcp/sse"),
      );
      await socket?.flushed();
    },
  },
  {
    name: "kept: listening streams opened by requests of 4 MB",
    lanes: 4,
    strike: running((n) =>
      rpc("subscriptions/listen", {
        notifications: { toolsListChanged: true, resourceSubscriptions: [bigText(`test://${n}`)] },
        _meta: {
          "io.modelcontextprotocol/protocolVersion": "2026-07-28",
          "io.modelcontextprotocol/clientInfo": { name: "attacker", version: "1" },
          "io.modelcontextprotocol/clientCapabilities": {},
        },
      }), {
      accept: "application/json, text/event-stream",
      "MCP-Protocol-Version": "2026-07-28",
      "Mcp-Method": "subscriptions/listen",
    }),
  },
  {
    name: "kept: streams of clients with names of 60 KB",
    lanes: 8,
    strike: async (force) => {
      await force.sendRawInTurn(
        `GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nUser-Agent: ${
          force.sent + "u".repeat(60_000)
        }\r\n\r\n`,
      );
    },
  },
];

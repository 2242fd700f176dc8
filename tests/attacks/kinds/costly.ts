/**
 * Requests that take long to answer.
 *
 * @module
 */
import { rpc, toolCall } from "../../helpers/app.ts";
import { type Attack, bytesOf, type Force, json, type Sent } from "../attack.ts";
import { BIG, inSession, openSession, pause, post } from "../requests.ts";

/** Headers of a call of 2026-07-28. */
export const MODERN = {
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": "tools/call",
  "mcp-name": "count_members",
};
/** The `_meta` of every request of 2026-07-28. */
export const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "attacker", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** Members in random order, so that sorting them is expensive. */
export function unsortedMembers(count = 340_000): Record<string, number> {
  const members: Record<string, number> = {};
  for (let n = 0; n < count; n++) members[`m${(n * 7_919) % 1_000_003}`] = 1;
  return members;
}

const members = (more: Record<string, unknown>) =>
  json(rpc("tools/call", {
    name: "count_members",
    arguments: unsortedMembers(),
    ...more,
    _meta: META,
  }));

/** Many of one text, within brackets. */
const nested = (count: number, open: string, close: string, inner: string) =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"count_members","arguments":{"a":${
    open.repeat(count)
  }${inner}${close.repeat(count)}}}}`;

const send = (request: Sent) => async (force: Force): Promise<void> => {
  await force.send(request);
};

const wrongItems = json(toolCall("sum", { values: Array(1_390_000).fill("") }));
const wideArrays = `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":[${
  "[],".repeat((BIG - 200) / 3)
}[]]}}`;
const batchOfPings = json(Array.from({ length: 65_000 }, (_, n) => rpc("ping", {}, n)));
const batchOfUnknown = json(Array.from({ length: 65_000 }, (_, n) => rpc("no/such", {}, n)));

/** Requests on one socket. */
const HEADS = 100;
/** Nearly as many headers, and as long ones, as Deno's parser takes. */
const LONG_HEAD = bytesOf({
  path: "/healthz",
  headers: Object.fromEntries(Array.from({ length: 90 }, (_, n) => [`x-${n}`, "x".repeat(600)])),
});

export const COSTLY: readonly Attack[] = [
  {
    name: "costly: 340,000 arguments and a state that nobody signed",
    lanes: 2,
    strike: send(post(members({ requestState: "forged" }), { headers: MODERN })),
  },
  {
    name: "costly: 340,000 arguments and answers to no question",
    lanes: 2,
    strike: send(post(members({ inputResponses: {} }), { headers: MODERN })),
  },
  {
    name: "costly: 340,000 answers to no question",
    lanes: 2,
    strike: send(post(
      json(rpc("tools/call", {
        name: "count_members",
        arguments: {},
        inputResponses: unsortedMembers(),
        _meta: META,
      })),
      { headers: MODERN },
    )),
  },
  { name: "costly: 1,390,000 wrong items", lanes: 2, strike: send(post(wrongItems)) },
  {
    name: "costly: batches of 65,000 pings",
    lanes: 2,
    strike: async (force) => {
      const id = force.notes[0] ??= await openSession(force, "2025-03-26") ?? "";
      await force.send(post(batchOfPings, { headers: inSession(id, "2025-03-26") }));
    },
  },
  {
    name: "costly: batches of 65,000 unknown methods",
    lanes: 2,
    strike: async (force) => {
      const id = force.notes[0] ??= await openSession(force, "2025-03-26") ?? "";
      await force.send(post(batchOfUnknown, { headers: inSession(id, "2025-03-26") }));
    },
  },
  {
    name: "costly: Accept of 60 KB",
    lanes: 4,
    strike: send(post(JSON.stringify(toolCall("echo", { message: "x" })), {
      headers: { accept: `${"a/b;q=0.1,".repeat(6_000)}application/json` },
    })),
  },
  {
    name: "costly: heads of 60 KB, many on each socket",
    lanes: 8,
    strike: async (force) => {
      const socket = await force.connect();
      if (socket === undefined) return pause(50);
      for (let count = 0; count < HEADS && !force.isOver; count++) {
        force.sent++;
        socket.write(LONG_HEAD);
        await socket.flushed();
      }
      socket.close();
    },
  },
  { name: "costly: 4 MB of empty arrays", lanes: 2, strike: send(post(wideArrays)) },
  {
    name: "costly: 500,000 arrays within each other",
    lanes: 2,
    strike: send(post(nested(500_000, "[", "]", ""))),
  },
  {
    name: "costly: 500,000 objects within each other",
    lanes: 2,
    strike: send(post(nested(500_000, '{"a":', "}", "1"))),
  },
  {
    name: "costly: session ids of 60 KB",
    lanes: 4,
    strike: send(post(JSON.stringify(rpc("ping", {})), {
      headers: { ...inSession("x".repeat(60_000)) },
    })),
  },
];

/**
 * Answers that the client does not read.
 *
 * @module
 */
import { rpc, toolCall } from "../../helpers/app.ts";
import { type Attack, ATTACKER, bytesOf, crowdAddress, type Force, json } from "../attack.ts";
import { bigText, inSession, openSession, pause, post, STREAM_ONLY } from "../requests.ts";

const OLD = "2025-03-26";
const ECHO = json(toolCall("echo", { message: bigText() }));
/** As many requests as fit into a body. */
const BATCH = json(Array.from({ length: 65_000 }, (_, n) => rpc("tools/list", {}, n)));
const READS: Record<string, unknown>[] = Array.from(
  { length: 1_000 },
  (_, n) => toolCall("echo", { message: "x".repeat(1_000) }, n),
);
const SMALL_BATCH = json(READS);

/** Sends and reads nothing; more slowly once many wait. */
const unread = (body: Uint8Array, from: (n: number) => string) => async (force: Force) => {
  await force.sendUnread(post(body, { from: from(force.sent) }));
  await pause(force.heldCount < 100 ? 5 : 50);
};

const unreadInSession = (body: Uint8Array) => async (force: Force): Promise<void> => {
  const id = force.notes[0] ??= await openSession(force, OLD) ?? "";
  await force.sendUnread(post(body, { headers: inSession(id, OLD) }));
  await pause(50);
};

const oneAddress = () => ATTACKER;

/** A little below the size from which an answer counts among those that wait for their readers. */
const SHORT = "x".repeat(15_000);
/** Requests on one socket; their answers fill the buffers of the kernel, and more. */
const PIPELINED = 50;

/** Sends one request many times on a socket, as separate packets, and reads nothing. */
const unreadOneByOne = (request: Uint8Array) => async (force: Force): Promise<void> => {
  const socket = await force.connect();
  if (socket === undefined) return pause(50);
  socket.stall();
  for (let count = 0; count < PIPELINED; count++) {
    force.sent++;
    socket.write(request);
  }
  force.hold(socket);
  await pause(20);
};

export const UNREAD: readonly Attack[] = [
  { name: "unread: echoes of 4 MB", lanes: 4, strike: unread(ECHO, oneAddress) },
  { name: "unread: echoes of 4 MB, of a crowd", lanes: 4, strike: unread(ECHO, crowdAddress) },
  { name: "unread: batches of 65,000 requests", lanes: 2, strike: unreadInSession(BATCH) },
  { name: "unread: batches of 1,000 echoes", lanes: 4, strike: unreadInSession(SMALL_BATCH) },
  {
    name: "unread: batches without a session",
    lanes: 2,
    strike: unread(BATCH, crowdAddress),
  },
  {
    name: "unread: streams with answers of 4 MB",
    lanes: 4,
    strike: async (force) => {
      await force.sendUnread({
        method: "POST",
        path: "/mcp/sse",
        headers: STREAM_ONLY,
        body: ECHO,
        from: crowdAddress(force.sent),
      });
      await pause(force.heldCount < 100 ? 5 : 50);
    },
  },
  {
    name: "unread: pages, many requests on each socket",
    lanes: 8,
    strike: unreadOneByOne(bytesOf({ path: "/sse-test.html" })),
  },
  {
    name: "unread: refusals, many requests on each socket",
    lanes: 8,
    strike: unreadOneByOne(bytesOf({ path: "/no/such/path" })),
  },
  {
    name: "unread: answers of 15 KB, many requests on each socket",
    lanes: 8,
    strike: unreadOneByOne(bytesOf(post(json(toolCall("echo", { message: SHORT }))))),
  },
  {
    name: "unread: lists of tools, many requests on each socket",
    lanes: 8,
    strike: unreadOneByOne(bytesOf(post(json(rpc("tools/list"))))),
  },
];

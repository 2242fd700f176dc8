/**
 * Readers that stop reading. Nothing throws then: about 4 MB vanish into kernel buffers before
 * the server can see it, so each scenario fills those first.
 *
 * @module
 */
import { shortId } from "../../../lib/base/ids.ts";
import { assertEquals } from "@std/assert";
import { rpc, toolCall } from "../../helpers/app.ts";
import { assertWithin } from "../../helpers/in_time.ts";
import { Client } from "../clients.ts";
import { assertClean, eventually, NOTHING, type Scenario, Stage } from "../scenario.ts";
import { listenerUnderTest, type ServerProcess } from "../server.ts";
import { serverSockets } from "../sockets.ts";

const BLOCK = "x".repeat(256 * 1024);
const PING_MS = 200;
const DRAIN_MS = 1_000;
/** Time that the server adds to its drain, for the sockets and to end the process (ms). */
const EXIT_MS = 1_500;

/** Makes a stalled stream produce until bytes wait in the server itself, or it is closed. */
async function fill(server: ServerProcess, id: string): Promise<number> {
  for (let posted = 0;; posted++) {
    if (await queuedBytes(server, id) !== 0) return posted * BLOCK.length;
    await server.post(id, toolCall("echo", { message: BLOCK }, `fill-${posted}`));
  }
}

/** Makes a stalled stream produce until it is closed; returns how many messages were taken. */
async function postUntilClosed(server: ServerProcess, id: string): Promise<number> {
  for (let posted = 0;; posted++) {
    const { status } = await server.post(id, toolCall("echo", { message: BLOCK }, `n-${posted}`));
    if (status === 404) return posted;
    assertEquals(status, 202);
  }
}

/** Undefined once the stream is closed. */
async function queuedBytes(server: ServerProcess, id: string): Promise<number | undefined> {
  const { connections } = await server.ledger();
  return connections.find((connection) => connection.id === shortId(id))?.queued_bytes;
}

/** Several countdowns with progress: data that is small and steady. */
async function startCountdowns(server: ServerProcess, id: string): Promise<void> {
  for (let n = 1; n <= 3; n++) {
    const params = { name: "countdown", arguments: { from: 100_000, interval_ms: 20 } };
    await server.post(id, rpc("tools/call", { ...params, _meta: { progressToken: n } }, n));
  }
}

/**
 * With its reader still stalled, the server must hold nothing of the stream; with `Deno.serve` its
 * socket, which Deno holds, and which counts towards the limits.
 */
async function assertOnlySocketLeft(stage: Stage): Promise<string> {
  const { server } = stage;
  const held = listenerUnderTest() === "node" ? 0 : 1;
  await eventually(async () => {
    const { open, lingering, queued_bytes } = await server.ledger();
    assertEquals({ open, lingering, queued_bytes }, { open: 0, lingering: held, queued_bytes: 0 });
    assertEquals(await stage.held(), { ...NOTHING, connections: held });
  });
  return await eventually(async () => {
    const sockets = await serverSockets(server.port);
    if (sockets === undefined) return "";
    // The kernel continues to send its buffered bytes, also for a closed socket.
    assertEquals(sockets.states, [held === 1 ? "ESTABLISHED" : "FIN_WAIT1"]);
    return `, its socket held with ${sockets.unsentBytes} B unsent until the reader went`;
  });
}

const pingFailed: Scenario = {
  name: "reader stops, small steady data",
  run: async (abort) => {
    await using stage = await Stage.set(abort, { MCP_PING_INTERVAL_MS: PING_MS });
    const { server } = stage;
    await using client = await Client.open("raw", { port: server.port });
    const id = client.ids[0]!;
    await startCountdowns(server, id);
    await client.misbehave("stall");
    // Kernel buffers can still grow a little, so the filling goes on to the end.
    let bytes = 0;
    while (server.closedAt().length === 0) bytes += await fill(server, id);
    assertEquals(server.logged("Ping failed").at(-1)?.consecutive_failures, 3);
    assertEquals(server.logged("Max consecutive failures reached, closing connection").length, 1);
    const held = await assertOnlySocketLeft(stage);
    await client.misbehave("leave");
    await assertClean(stage, { ping_failed: 1 });
    return `ping_failed after ${mebibytes(bytes)} and 3 failed pings${held}`;
  },
};

const queueFull: Scenario = {
  name: "reader stops, large messages",
  run: async (abort) => {
    await using stage = await Stage.set(abort);
    const { server } = stage;
    await using client = await Client.open("raw", { port: server.port });
    const id = client.ids[0]!;
    await startCountdowns(server, id);
    await client.misbehave("stall");
    const posted = await postUntilClosed(server, id);
    const held = await assertOnlySocketLeft(stage);
    await client.misbehave("leave");
    await assertClean(stage, { queue_full: 1 });
    return `queue_full after ${mebibytes(posted * BLOCK.length)}${held}`;
  },
};

const drain: Scenario = {
  name: "reader stopped when the server is stopped (SIGTERM)",
  run: async (abort) => {
    await using stage = await Stage.set(abort, { MCP_DRAIN_MS: DRAIN_MS });
    const { server } = stage;
    await using client = await Client.open("raw", { port: server.port });
    const id = client.ids[0]!;
    await startCountdowns(server, id);
    await client.misbehave("stall");
    await fill(server, id);
    const at = server.kill("SIGTERM");
    const exit = await server.exit;
    assertEquals(exit.code, 0);
    assertEquals(server.logged("Stopped").map(({ cut }) => cut), [1]);
    assertWithin(DRAIN_MS + EXIT_MS, exit.at - at, "the exit");
    return `exit 0 after ${exit.at - at} ms of a ${DRAIN_MS} ms budget, 1 stream cut`;
  },
};

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

export const STALLED: readonly Scenario[] = [pingFailed, queueFull, drain];

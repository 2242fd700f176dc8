/**
 * A server that is stopped while clients are connected.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { ignoreRejection } from "../../../lib/base/promises.ts";
import { toolCall } from "../../helpers/app.ts";
import { assertWithin } from "../../helpers/in_time.ts";
import { Client } from "../clients.ts";
import { eventually, type Scenario, Stage } from "../scenario.ts";
import type { ServerProcess } from "../server.ts";
import { serverSockets } from "../sockets.ts";

const STREAMS = 100;
const DRAIN_MS = 3_000;
const ENDLESS = toolCall("countdown", { from: 100_000, interval_ms: 20 });
/** A call that runs when the server is stopped, and ends within the drain budget. */
const SHORT = { from: 20, interval_ms: 100 };
/** A process without running calls must end so soon (ms). */
const PROMPT_MS = 1_000;

/** The last log line must be the count of streams; then the process and its sockets are gone. */
async function assertStopped(
  server: ServerProcess,
  counts: { readonly drained: number; readonly cut: number; readonly unanswered: number },
): Promise<void> {
  const { code, signal } = await server.exit;
  assertEquals({ code, signal }, { code: 0, signal: null });
  const { message, drained, cut, unanswered } = server.lines.at(-1)?.json ?? {};
  assertEquals({ message, drained, cut, unanswered }, { message: "Stopped", ...counts });
  const closed = server.logged("Connection forcefully closed");
  assertEquals(closed.length, counts.drained + counts.cut);
  assert(closed.every(({ reason }) => reason === "drain"));
  assertEquals(server.faults(), [], "errors in the server's log");
  await eventually(async () => {
    assertEquals((await serverSockets(server.port))?.states ?? [], [], "sockets are left");
  });
}

function stop(name: string, count: number): Scenario {
  return {
    name,
    run: async (abort) => {
      await using stage = await Stage.set(abort);
      const { server } = stage;
      await using client = await Client.open("fetch", { port: server.port, count });
      const at = server.kill("SIGTERM");
      const closes = await client.events("close", count);
      assertEquals(new Set(closes.map(({ json }) => json.reason)), new Set(["drain"]));
      const ends = await client.events("ended", count);
      assertEquals(new Set(ends.map(({ json }) => json.how)), new Set(["complete"]));
      await assertStopped(server, { drained: count, cut: 0, unanswered: 0 });
      const took = (await server.exit).at - at;
      assertWithin(PROMPT_MS, took, "the exit");
      const last = Math.max(...closes.map(({ json }) => json.at)) - at;
      return `${count} × drain, last goodbye after ${last} ms, exit 0 after ${took} ms`;
    },
  };
}

const runningCalls: Scenario = {
  name: "server stopped (SIGTERM) with running calls",
  run: async (abort) => {
    await using stage = await Stage.set(abort, { MCP_DRAIN_MS: DRAIN_MS });
    const { server } = stage;
    const { port } = server;
    await using long = await Client.open("fetch", { port, message: ENDLESS });
    await using short = await Client.open("fetch", { port, message: toolCall("countdown", SHORT) });
    const call = ignoreRejection(server.call("countdown", SHORT));
    await eventually(async () => assertEquals((await stage.held()).running_requests, 3));
    const at = server.kill("SIGTERM");
    const [answered] = await short.events("response");
    const [closed] = await short.events("close");
    const [cut] = await long.events("close");
    assertEquals([closed?.json.reason, cut?.json.reason], ["drain", "drain"]);
    const { content } = await call;
    assertEquals(content[0].text, "Counted down from 20");
    await assertStopped(server, { drained: 1, cut: 1, unanswered: 0 });
    return `answered after ${answered?.json.at - at} ms, another cut after ${
      cut?.json.at - at
    } ms of a ${DRAIN_MS} ms budget, a call without a stream answered`;
  },
};

const callWithoutStream: Scenario = {
  name: "server stopped (SIGTERM) with a running call without a stream",
  run: async (abort) => {
    await using stage = await Stage.set(abort, { MCP_DRAIN_MS: DRAIN_MS });
    const { server } = stage;
    const call = ignoreRejection(server.call("countdown", SHORT));
    await eventually(async () => assertEquals((await stage.held()).running_requests, 1));
    const at = server.kill("SIGTERM");
    const { content } = await call;
    const answeredAt = Date.now();
    assertEquals(content[0].text, "Counted down from 20");
    await assertStopped(server, { drained: 0, cut: 0, unanswered: 0 });
    const took = (await server.exit).at - at;
    return `answered after ${answeredAt - at} ms, exit 0 after ${took} ms`;
  },
};

export const STOPPING: readonly Scenario[] = [
  stop("normal end: server stopped (SIGTERM) with a client", 1),
  stop(`server stopped (SIGTERM) with ${STREAMS} open streams`, STREAMS),
  runningCalls,
  callWithoutStream,
];

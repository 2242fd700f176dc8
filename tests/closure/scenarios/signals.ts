/**
 * Signals that come at a bad moment: twice, during the start, during a storm.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { SseStream, type StreamEnd } from "../../faults/sse_stream.ts";
import { toolCall } from "../../helpers/app.ts";
import { assertWithin } from "../../helpers/in_time.ts";
import { Client } from "../clients.ts";
import { eventually, type Scenario, Stage } from "../scenario.ts";
import { ServerProcess } from "../server.ts";
import { serverSockets } from "../sockets.ts";

const ENDLESS = toolCall("countdown", { from: 100_000, interval_ms: 20 });
/** A process without running calls must end so soon (ms). */
const PROMPT_MS = 1_000;
/** Moments of a start at which a signal is sent: from the first instruction to serving (ms). */
const MOMENTS = [0, 20, 50, 100, 150, 200, 250, 300, 350, 400, 500, 700];
const NEVER_LOADS = new URL("../tools_that_never_load.ts", import.meta.url).pathname;
/** Clients of the storm that open one stream after another. */
const STORMERS = 50;
/** Streams opened before the signal comes. */
const STORM = 2_000;
/** Each stormer keeps so many of its streams, and leaves the others at once. */
const KEPT = 10;
const STORM_DRAIN_MS = 1_500;

const secondSignal: Scenario = {
  name: "second signal while calls run",
  run: async (abort) => {
    await using stage = await Stage.set(abort, { MCP_DRAIN_MS: 60_000 });
    const { server } = stage;
    await using _client = await Client.open("fetch", { port: server.port, message: ENDLESS });
    server.kill("SIGTERM");
    await server.line("start of the drain", ({ json }) => json.message === "Stopping");
    const at = server.kill("SIGTERM");
    const exit = await server.exit;
    assertEquals(exit.code, 143);
    assertWithin(PROMPT_MS, exit.at - at, "the exit");
    return `exit 143 after ${exit.at - at} ms of a 60000 ms budget`;
  },
};

/** Ends a server a while after it was started; returns how it ended. */
async function interrupt(abort: Parameters<Scenario["run"]>[0], afterMs: number): Promise<number> {
  await using server = ServerProcess.spawn({ abort });
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  const at = server.kill("SIGTERM");
  const exit = await server.exit;
  assertWithin(PROMPT_MS, exit.at - at, `the exit of a start interrupted after ${afterMs} ms`);
  assertEquals(server.faults(), []);
  // Before its code runs, the default action of the signal ends a process.
  assertEquals(exit.code, exit.signal === null ? 0 : 143, `after ${afterMs} ms`);
  return exit.code;
}

const duringStart: Scenario = {
  name: "signal during the start, at any moment of it",
  run: async (abort) => {
    const codes: number[] = [];
    for (const moment of MOMENTS) codes.push(await interrupt(abort, moment));
    return `exit codes ${codes.join(" ")} after ${MOMENTS.join(" ")} ms`;
  },
};

const whileLoading: Scenario = {
  name: "signal while a module of tools never finishes loading",
  run: async (abort) => {
    await using server = ServerProcess.spawn({ abort, settings: { MCP_TOOLS: NEVER_LOADS } });
    await server.line("start of the load", ({ text }) => text === "waiting for a database");
    const at = server.kill("SIGTERM");
    const exit = await server.exit;
    assertEquals(exit.code, 0);
    assertEquals(server.logged("Stopped before it served").map(({ signal }) => signal), [
      "SIGTERM",
    ]);
    assertWithin(PROMPT_MS, exit.at - at, "the exit");
    return `exit 0 after ${exit.at - at} ms`;
  },
};

/** The outcome of a storm for its clients. */
interface Storm {
  opened: number;
  refused: number;
  /** Could not connect, or were cut before an answer. */
  unanswered: number;
  readonly ends: Promise<StreamEnd>[];
}

/** Opens streams one after the other, until the server no longer answers. */
async function rage(server: ServerProcess, storm: Storm): Promise<void> {
  for (let mine = 0;; mine++) {
    let stream: SseStream;
    try {
      stream = await SseStream.open(server);
    } catch {
      storm.unanswered++;
      return;
    }
    const { status, headers } = await stream.head;
    if (status === 200) {
      storm.opened++;
      if (mine < KEPT) storm.ends.push(stream.ended);
      else stream.socket.close();
    } else {
      assertEquals(status, 503);
      assert(headers.has("retry-after"), "no Retry-After");
      storm.refused++;
      stream.socket.close();
    }
  }
}

const duringStorm: Scenario = {
  name: `signal during a storm: ${STORMERS} clients open streams without a pause`,
  run: async (abort) => {
    await using stage = await Stage.set(abort, {
      MCP_DRAIN_MS: STORM_DRAIN_MS,
      MCP_STREAM_OPENS_BURST: 1_000_000,
      MCP_MAX_FLAPS: 1_000_000,
    });
    const { server } = stage;
    // Its call holds up the end, so that the storm meets a server that takes nothing any more.
    await using _busy = await Client.open("fetch", { port: server.port, message: ENDLESS });
    const storm: Storm = { opened: 0, refused: 0, unanswered: 0, ends: [] };
    const startedAt = Date.now();
    const raging = Promise.all(Array.from({ length: STORMERS }, () => rage(server, storm)));
    await eventually(() => Promise.resolve(assert(storm.opened >= STORM)), 60_000);
    const at = server.kill("SIGTERM");
    const rate = Math.round(storm.opened / (at - startedAt) * 1000);
    const exit = await server.exit;
    await raging;
    assert(storm.refused > 0, "nobody was refused");
    assertEquals({ code: exit.code, signal: exit.signal }, { code: 0, signal: null });
    assertWithin(STORM_DRAIN_MS + PROMPT_MS, exit.at - at, "the exit");
    assertEquals(server.lines.at(-1)?.json.message, "Stopped");
    assertEquals(server.faults(), [], "errors in the server's log");
    const opened = server.logged("SSE Connection establishing").length;
    assertEquals(server.closedAt().length, opened, "every stream that was opened was closed");
    const ends = await Promise.all(storm.ends);
    assertEquals(new Set(ends), new Set<StreamEnd>(["complete"]), "kept streams end whole");
    // The clients close their ends in their own time.
    await eventually(async () => {
      assertEquals((await serverSockets(server.port))?.states ?? [], [], "sockets are left");
    });
    return `${rate} opens a second, ${storm.opened} opened, ${storm.refused} refused with ` +
      `Retry-After, ${storm.ends.length} kept and all ended whole, exit 0 after ${exit.at - at} ms`;
  },
};

export const SIGNALS: readonly Scenario[] = [secondSignal, duringStart, whileLoading, duringStorm];

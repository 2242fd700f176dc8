/**
 * Clients that go without a word. Each must hold with and without `no-legacy-abort`.
 *
 * @module
 */
import { shortId } from "../../../lib/base/ids.ts";
import { assert, assertEquals } from "@std/assert";
import type { StreamEnd } from "../../faults/sse_stream.ts";
import { toolCall } from "../../helpers/app.ts";
import { assertWithin } from "../../helpers/in_time.ts";
import { Client, type ClientKind } from "../clients.ts";
import { assertClean, type Scenario, spread, Stage } from "../scenario.ts";
import type { ServerProcess } from "../server.ts";

const ENDLESS = toolCall("countdown", { from: 100_000, interval_ms: 20 });
/** Steady work that 500 clients can ask for at once. */
const CALM = toolCall("countdown", { from: 100_000, interval_ms: 1_000 });
/** Says nothing for a long time, so that only the abort can stop it. */
const SILENT = toolCall("countdown", { from: 100_000, interval_ms: 60_000 });
/** How often a single departure is repeated. */
const REPEATS = 10;
const CROWD = 500;
/** A tool must have stopped so soon after its client's death (ms). */
const TOOL_STOP_MS = 100;
/** The last of a crowd must be gone so soon (ms). */
const CROWD_GONE_MS = 1_000;

type Departure = (client: Client) => number | Promise<number>;

/** Has clients depart one after the other; returns how long each took to be cleaned. */
async function depart(
  server: ServerProcess,
  clients: readonly Client[],
  departure: Departure,
): Promise<number[]> {
  const durations: number[] = [];
  for (const client of clients) {
    const at = await departure(client);
    const { json } = await server.line(
      "close of the stream",
      ({ json }) =>
        json.message === "Connection forcefully closed" &&
        json.connection_id === shortId(client.ids[0]!),
    );
    durations.push(Date.parse(json.timestamp) - at);
  }
  return durations;
}

/** A way to leave, and its effect that the client still sees. */
interface DepartureOptions {
  readonly kind: ClientKind;
  readonly how: Departure;
  readonly seenAs?: StreamEnd;
}

function departure(name: string, { kind, how, seenAs }: DepartureOptions): Scenario {
  return {
    name,
    run: async (abort) => {
      await using stage = await Stage.set(abort);
      await using clients = new AsyncDisposableStack();
      const { port } = stage.server;
      const opened = await Promise.all(
        Array.from({ length: REPEATS }, () => Client.open(kind, { port, message: ENDLESS })),
      );
      for (const client of opened) clients.use(client);
      const durations = await depart(stage.server, opened, how);
      for (const client of seenAs === undefined ? [] : opened) {
        assertEquals((await client.events("ended"))[0]?.json.how, seenAs);
      }
      await assertClean(stage, { client_closed: REPEATS });
      return `${REPEATS} × client_closed, gone to cleaned: ${spread(durations)}`;
    },
  };
}

const leavesCountdown: Scenario = {
  name: "client leaves in the middle of countdown",
  run: async (abort) => {
    await using stage = await Stage.set(abort);
    const { server } = stage;
    await using clients = new AsyncDisposableStack();
    const killedAt: number[] = [];
    for (let i = 0; i < REPEATS; i++) {
      const client = clients.use(
        await Client.open("fetch", { port: server.port, message: SILENT }),
      );
      killedAt.push(client.kill("SIGKILL"));
      await client.exit;
    }
    await assertClean(stage, { client_closed: REPEATS });
    const { runs } = (await server.call("countdown_runs")).structuredContent;
    assertEquals(runs.length, REPEATS);
    const durations = killedAt.map((at, i) => runs[i].ended_at - at);
    assertWithin(TOOL_STOP_MS, Math.max(...durations), "stopping the tool");
    return `${REPEATS} × tool stopped after the kill: ${spread(durations)}`;
  },
};

const crowd: Scenario = {
  name: `${CROWD} clients killed at once`,
  run: async (abort) => {
    await using stage = await Stage.set(abort);
    const { server } = stage;
    await using client = await Client.open("fetch", {
      port: server.port,
      count: CROWD,
      message: CALM,
    });
    assertEquals((await server.ledger()).open, CROWD);
    // The check must see the resources before they are gone.
    const held = await stage.held();
    assertEquals([held.connections, held.running_requests], [CROWD, CROWD]);
    // Reads all of them, because a timer of the server itself may have ended meanwhile.
    const all = await server.leftovers();
    for (const count of [all.wheel_entries, all.timers, all.abort_listeners]) {
      assert(count >= CROWD, `too little was seen: ${JSON.stringify(all)}`);
    }
    const at = client.kill("SIGKILL");
    await server.line("close of all", () => server.closedAt().length === CROWD);
    const durations = server.closedAt().map((closedAt) => closedAt - at);
    assertWithin(CROWD_GONE_MS, Math.max(...durations), "the last");
    await assertClean(stage, { client_closed: CROWD });
    return `${CROWD} × client_closed, kill to cleaned: ${spread(durations)}`;
  },
};

export const DEPARTURES: readonly Scenario[] = [
  departure("client killed (SIGKILL)", { kind: "fetch", how: (client) => client.kill("SIGKILL") }),
  departure("socket reset (RST)", { kind: "raw", how: (client) => client.misbehave("reset") }),
  departure("half-closed socket (FIN, still reading)", {
    kind: "raw",
    how: (client) => client.misbehave("half_close"),
    seenAs: "truncated",
  }),
  leavesCountdown,
  crowd,
];

/**
 * The time until very many streams get a notification, or are cleaned up.
 *
 * @module
 */
import { Holder, listenStream, plainStream } from "../holder.ts";
import type { Growth, RowGroup } from "../report.ts";
import { handledLifeline, roomFor, ServerProcess } from "../server_process.ts";
import { counted, digits, shown, type Spread, spreadOf } from "../stats.ts";
import { pause, roomyLifeline, sizesUpTo } from "./stream_servers.ts";

const TOLD = { streams: 10_000, ms: 300 } as const;
const CLEANED = { streams: 8_000, ms: 1_000 } as const;
const GIVE_UP_MS = 60_000;

interface Told {
  readonly lastMs: readonly number[];
  readonly cpuUs: readonly number[];
}

/** Until the last one has been told (ms), and the server's CPU time for each stream (µs). */
async function toldOf(count: number, rounds: number): Promise<Told> {
  await using server = await ServerProcess.start(handledLifeline(...roomFor(count)));
  await using holder = new Holder({ ...listenStream(server.port), count });
  await holder.next();
  const lastMs: number[] = [];
  const cpuUs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const told = holder.next();
    const before = server.cpuMs();
    const { at = NaN } = await server.read("/bench/change");
    lastMs.push((await told).lastAt! - at);
    cpuUs.push((server.cpuMs() - before) * 1000 / count);
  }
  return { lastMs, cpuUs };
}

function judged(
  streams: number,
  ms: Spread,
  target: { readonly streams: number; readonly ms: number },
): boolean | string {
  return streams >= target.streams
    ? ms.median <= target.ms
    : `no verdict: ${counted(streams)}, not ${counted(target.streams)}`;
}

export const listChanged: RowGroup = {
  name: "list_changed",
  run: async ({ streams, rounds }) => {
    const sizes = sizesUpTo(streams);
    const found: Told[] = [];
    for (const count of sizes) found.push(await toldOf(count, rounds));
    const last = spreadOf(found.at(-1)!.lastMs);
    const growth: Growth = {
      what: "`list_changed`, with the number of subscribers",
      cost: "time per subscriber until the last one has it",
      unit: "µs",
      points: sizes.map((count, n) => ({
        count,
        costs: found[n]!.lastMs.map((ms) => ms * 1000 / count),
      })),
    };
    return {
      rows: [{
        what: `\`list_changed\` to ${counted(streams)} subscribers`,
        target: `the last one has it after at most ${TOLD.ms} ms (${counted(TOLD.streams)})`,
        measured: shown(last, "ms"),
        verdict: judged(streams, last, TOLD),
        figures: {
          Lifeline: `${shown(last, "ms")}, ${shown(spreadOf(found.at(-1)!.cpuUs), "µs CPU")} ` +
            "each; the reading of all sockets by one client process is in the time",
        },
      }],
      growths: [growth],
    };
  },
};

/** Until the ledger has no open stream left after all clients were killed (ms). */
async function cleanedOf(count: number) {
  await using server = await ServerProcess.start(roomyLifeline(count));
  await using holder = new Holder({ ...plainStream(server.port), count });
  await holder.next();
  const cpuBefore = server.cpuMs();
  const killedAt = performance.now();
  await holder.kill();
  const deadAt = performance.now();
  while ((await server.read("/mcp/connections?limit=1")).open! > 0) {
    if (performance.now() - killedAt > GIVE_UP_MS) throw new Error("Streams stayed open for 60 s");
    await pause(10);
  }
  return {
    ms: performance.now() - killedAt,
    kernelMs: deadAt - killedAt,
    cpuUs: (server.cpuMs() - cpuBefore) * 1000 / count,
  };
}

export const killed: RowGroup = {
  name: "clients killed at once",
  run: async ({ killed: count, memoryRounds: rounds }) => {
    const found = [];
    for (let round = 0; round < rounds; round++) found.push(await cleanedOf(count));
    const last = spreadOf(found.map(({ ms }) => ms));
    const kernel = spreadOf(found.map(({ kernelMs }) => kernelMs));
    return {
      rows: [{
        what: `${counted(count)} clients killed at once`,
        target: `the last one is cleaned up after at most ${digits(CLEANED.ms / 1000)} s (${
          counted(CLEANED.streams)
        })`,
        measured: shown(last, "ms"),
        verdict: judged(count, last, CLEANED),
        figures: {
          Lifeline: `${shown(last, "ms")} from the kill, of which the kernel took ` +
            `${shown(kernel, "ms")} to end the clients' process and its sockets; ` +
            shown(spreadOf(found.map(({ cpuUs }) => cpuUs)), "µs CPU each"),
        },
      }],
    };
  },
};

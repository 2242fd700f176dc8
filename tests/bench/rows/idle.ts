/**
 * The cost of idle streams: memory and keepalive.
 *
 * @module
 */
import type { Effort, Found, Growth, Row, RowGroup } from "../report.ts";
import { handledLifeline, type Launch, peer, roomFor, ServerProcess } from "../server_process.ts";
import { counted, digits, ratioOf, shown, spreadOf } from "../stats.ts";
import { holdIdle, pause, roomyLifeline, sizesUpTo } from "./stream_servers.ts";

/** The figures of the targets. */
const TARGET = { streams: 10_000, resident: 1.1, heapKib: 3, pingMs: 15_000, cpuPercent: 2 };

/** KiB of one idle stream. */
interface Memory {
  readonly residentKib: number;
  readonly bareResidentKib: number;
  /** After a collection. */
  readonly heapKib: number;
  readonly bareHeapKib: number;
}

/** A stream reaches its usual idle state after its first ping. */
export const PING_MS = 2_000;
const PINGED_AFTER_MS = PING_MS * 1.5;

/**
 * The growth of a figure of a server (KiB) with each stream.
 *
 * @param afterMs time from the last opening to the reading (ms)
 */
export async function kibEach(
  launch: Launch,
  count: number,
  read: (server: ServerProcess) => Promise<number> | number,
  afterMs = PINGED_AFTER_MS,
): Promise<number> {
  await using server = await ServerProcess.start(launch);
  // The first streams have a cost that occurs once and does not depend on the number.
  await using _warm = await holdIdle(server, 10);
  const before = await read(server);
  await using _all = await holdIdle(server, count);
  await pause(afterMs);
  return (await read(server) - before) / count;
}

/** A collection would change resident memory, so other processes measure the heap. */
async function memoryAt(count: number): Promise<Memory> {
  const resident = (server: ServerProcess) => server.residentKib();
  const heap = async (server: ServerProcess) => (await server.read("/bench/heap")).used! / 1024;
  const pings = String(PING_MS);
  const pinging = `--mcp-ping-interval-ms=${pings}`;
  return {
    bareResidentKib: await kibEach(peer("sse_limit.js", pings), count, resident),
    residentKib: await kibEach(roomyLifeline(count, pinging), count, resident),
    bareHeapKib: await kibEach(peer("sse_limit.js", pings, "heap"), count, heap),
    heapKib: await kibEach(handledLifeline(...roomFor(count), pinging), count, heap),
  };
}

/** A verdict, if there are as many streams as the targets speak of. */
export function judged(streams: number, isReached: boolean): boolean | string {
  return streams >= TARGET.streams
    ? isReached
    : `no verdict: ${counted(streams)} streams, not ${counted(TARGET.streams)}`;
}

export const memory: RowGroup = {
  name: "memory of idle streams",
  run: async ({ streams, memoryRounds }): Promise<Found> => {
    const sizes = sizesUpTo(streams);
    const found = new Map<number, Memory[]>(sizes.map((count) => [count, []]));
    for (let round = 0; round < memoryRounds; round++) {
      for (const count of sizes) found.get(count)!.push(await memoryAt(count));
    }
    const all = (count: number, figure: keyof Memory) =>
      found.get(count)!.map((memory) => memory[figure]);
    const most = (figure: keyof Memory) => all(streams, figure);
    const growth = (of: string, figure: keyof Memory, bare: keyof Memory): Growth => ({
      what: `${of} of an idle stream, with the number of streams`,
      cost: "KiB per stream",
      unit: "KiB",
      points: sizes.map((count) => ({ count, costs: all(count, figure) })),
      bare: sizes.map((count) => ({ count, costs: all(count, bare) })),
    });
    return {
      rows: memoryRows(streams, most),
      growths: [
        growth("resident memory", "residentKib", "bareResidentKib"),
        growth("V8 heap", "heapKib", "bareHeapKib"),
      ],
    };
  },
};

function memoryRows(streams: number, most: (figure: keyof Memory) => number[]): Row[] {
  const ratio = ratioOf(most("residentKib"), most("bareResidentKib"));
  const bare = most("bareHeapKib");
  const more = spreadOf(most("heapKib").map((kib, round) => kib - bare[round]!));
  const kib = (figure: keyof Memory) => shown(spreadOf(most(figure)), "KiB");
  return [{
    what: `resident memory of an idle stream, ${counted(streams)} open`,
    target: `at most ${TARGET.resident.toFixed(2)} × a bare stream`,
    measured: shown(ratio, "×"),
    verdict: judged(streams, ratio.median <= TARGET.resident),
    figures: { Lifeline: kib("residentKib"), "a bare stream": kib("bareResidentKib") },
  }, {
    what: "V8 heap of the same, after a collection",
    target: `at most ${TARGET.heapKib} KiB more than a bare stream`,
    measured: shown(more, "KiB more"),
    verdict: judged(streams, more.median <= TARGET.heapKib),
    figures: { Lifeline: kib("heapKib"), "a bare stream": kib("bareHeapKib") },
  }];
}

const WINDOWS = 3;
/** Pings per second in every row: as many as 10,000 streams at 15 s make. */
const PINGS = TARGET.streams / TARGET.pingMs * 1000;

/** Fewer streams are pinged as many times sooner, so that as many pings a second go out. */
function pingMsFor(streams: number): number {
  return TARGET.pingMs * streams / TARGET.streams;
}

function usOfPing(percent: number): number {
  return percent / 100 * 1e6 / PINGS;
}

/**
 * Whole intervals, so that each contains the same number of pings; three, because V8 collects about
 * that often.
 */
function windowMs(count: number, { isQuick }: Effort): number {
  const intervalMs = pingMsFor(count);
  const [least, intervals] = isQuick ? [6_000, 1] : [10_000, 3];
  return Math.ceil(Math.max(least, intervals * intervalMs) / intervalMs) * intervalMs;
}

/**
 * Opening many streams leaves garbage. V8 collects it up to 40 s later, when the process seems
 * idle. That is a cost of opening, and this row measures streams that stay open.
 */
function settledAfterMs({ streams, isQuick }: Effort, count = streams): number {
  if (isQuick) return 5_000;
  return count === streams ? 45_000 : 15_000;
}

/** Share of a core (%) that one server takes in each window, alone on the machine. */
async function keepaliveCpu(launch: Launch, count: number, effort: Effort): Promise<number[]> {
  await using server = await ServerProcess.start(launch);
  await using _all = await holdIdle(server, count);
  await pause(settledAfterMs(effort, count));
  const found: number[] = [];
  for (let window = 0; window < WINDOWS; window++) {
    const before = server.cpuMs();
    const startedAt = performance.now();
    await pause(windowMs(count, effort));
    found.push((server.cpuMs() - before) / (performance.now() - startedAt) * 100);
  }
  return found;
}

export const keepalive: RowGroup = {
  name: "keepalive",
  run: async (effort): Promise<Found> => {
    const { streams } = effort;
    const sizes = sizesUpTo(streams);
    const own: number[][] = [];
    const bare: number[][] = [];
    for (const count of sizes) {
      const pingMs = String(pingMsFor(count));
      const lifeline = roomyLifeline(count, `--mcp-ping-interval-ms=${pingMs}`);
      own.push(await keepaliveCpu(lifeline, count, effort));
      bare.push(await keepaliveCpu(peer("sse_limit.js", pingMs), count, effort));
    }
    const ofMost = spreadOf(own.at(-1)!);
    const points = (found: readonly number[][]) =>
      sizes.map((count, n) => ({ count, costs: found[n]!.map(usOfPing) }));
    return {
      rows: [{
        what:
          `keepalive of ${counted(streams)} streams, each every ${pingMsFor(streams) / 1000} s, ` +
          `${settledAfterMs(effort) / 1000} s after the last was opened`,
        target: `at most ${TARGET.cpuPercent} % of one core for 10,000 at 15 s`,
        measured: shown(ofMost, "%"),
        verdict: judged(streams, ofMost.median <= TARGET.cpuPercent),
        figures: {
          Lifeline: `${shown(ofMost, "%")}, ${digits(PINGS)} pings/s`,
          "a bare stream": `${shown(spreadOf(bare.at(-1)!), "%")}, as many`,
        },
      }],
      growths: [{
        what: `keepalive, with the number of streams, ${digits(PINGS)} pings/s each`,
        cost: "CPU per ping",
        unit: "µs",
        points: points(own),
        bare: points(bare),
      }],
    };
  },
};

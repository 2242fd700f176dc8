/**
 * Open streams: what they cost while nothing happens, how fast they come and go, and how soon all
 * of them are told of something or are cleaned up.
 *
 * @module
 */
import { Holder, listenStream, plainStream } from "../holder.ts";
import type { Effort, Row, RowGroup } from "../report.ts";
import { handledLifeline, lifeline, peer, roomFor, ServerProcess } from "../server_process.ts";
import { digits, median } from "../stats.ts";
import { growth } from "./calls.ts";

const SETTLE_MS = 2_000;
/** Streams that ping at the usual rate of 10,000. */
const PINGED = 10_000;
const PING_MS = 15_000;
const AT_ONCE = 32;

function ownWith(streams: number, ...more: string[]) {
  const launch = lifeline();
  return { ...launch, args: [...launch.args, ...roomFor(streams), ...more] };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Streams per second and CPU time of each, of one server. */
async function comeAndGo(server: ServerProcess, seconds: number) {
  await using holder = new Holder({
    ...plainStream(server.port),
    count: AT_ONCE,
    thenLeave: true,
    seconds,
  });
  const before = server.cpuMs();
  const { times = 0 } = await holder.next();
  return { perSecond: times / seconds, cpuUs: (server.cpuMs() - before) * 1000 / times };
}

export const plainStreams: RowGroup = {
  name: "plain dialect: open, welcome, response, client leaves",
  run: async ({ rounds, seconds }) => {
    await using bare = await ServerProcess.start(peer("sse_limit.js"));
    await using own = await ServerProcess.start(ownWith(1_000));
    const found: { own: Figures; bare: Figures }[] = [];
    await comeAndGo(bare, 1);
    await comeAndGo(own, 1);
    for (let round = 0; round < rounds; round++) {
      found.push({ bare: await comeAndGo(bare, seconds), own: await comeAndGo(own, seconds) });
    }
    const speed = median(found.map(({ own, bare }) => own.perSecond / bare.perSecond));
    const cpu = median(found.map(({ own, bare }) => bare.cpuUs / own.cpuUs));
    const figure = (name: "own" | "bare") =>
      `${digits(median(found.map((round) => round[name].perSecond)))}/s, ` +
      `${digits(median(found.map((round) => round[name].cpuUs)))} µs CPU`;
    return [{
      what: "plain dialect: open, welcome, response, client leaves",
      measured: `${digits(speed)} × a bare stream by streams/s; ${digits(cpu)} × by CPU`,
      target: "0.6 × by streams/s",
      reached: speed >= 0.6,
      figures: `${figure("own")}; bare ${figure("bare")}`,
    }];
  },
};

interface Figures {
  readonly perSecond: number;
  readonly cpuUs: number;
}

/** KiB for each of so many idle streams, resident and in the heap. */
async function memoryOf(server: ServerProcess, count: number, hasHeap: boolean) {
  const heap = async () => hasHeap ? (await server.read("/bench/heap")).used! : NaN;
  await using warm = new Holder({ ...plainStream(server.port), count: 10 });
  await warm.next();
  const before = { resident: server.residentKib(), heap: await heap() };
  await using holder = new Holder({ ...plainStream(server.port), count });
  await holder.next();
  await pause(SETTLE_MS);
  return {
    residentKib: (server.residentKib() - before.resident) / count,
    heapKib: (await heap() - before.heap) / count / 1024,
  };
}

async function memoryAt(count: number) {
  await using bare = await ServerProcess.start(peer("sse_limit.js"));
  await using own = await ServerProcess.start(ownWith(count));
  await using handled = await ServerProcess.start(handledLifeline(...roomFor(count)));
  const bareMemory = await memoryOf(bare, count, false);
  const bareHeap = await heapAt(count);
  const { residentKib } = await memoryOf(own, count, false);
  const { heapKib } = await memoryOf(handled, count, true);
  return {
    bare: { residentKib: bareMemory.residentKib, heapKib: bareHeap },
    own: { residentKib, heapKib },
  };
}

/** A collection would disturb what is resident, so the heap is asked of another process. */
async function heapAt(count: number): Promise<number> {
  await using bare = await ServerProcess.start(peer("sse_limit.js"));
  return (await memoryOf(bare, count, true)).heapKib;
}

/** CPU of one core that keepalives take (%), at the rate of 10,000 streams with 15 s each. */
async function keepalive(server: ServerProcess, count: number, seconds: number): Promise<number> {
  await using holder = new Holder({ ...plainStream(server.port), count });
  await holder.next();
  await pause(SETTLE_MS);
  const before = server.cpuMs();
  await pause(seconds * 1000);
  return (server.cpuMs() - before) / seconds / 10;
}

export const idleStreams: RowGroup = {
  name: "idle streams",
  run: async ({ streams, isQuick }) => {
    const most = await memoryAt(streams);
    const tenth = await memoryAt(streams / 10);
    const hundredth = isQuick ? undefined : await memoryAt(streams / 100);
    const points = [
      ...(hundredth === undefined ? [] : [[streams / 100, hundredth.own.heapKib] as const]),
      [streams / 10, tenth.own.heapKib] as const,
      [streams, most.own.heapKib] as const,
    ];
    const ratio = most.own.residentKib / most.bare.residentKib;
    const more = most.own.heapKib - most.bare.heapKib;
    const kib = (value: number) => `${digits(value)} KiB`;
    return [
      {
        what: `memory of an idle stream, ${streams.toLocaleString("en")} open`,
        measured: `${digits(ratio)} × a bare stream, resident`,
        target: "at most 1.10 ×",
        reached: ratio <= 1.1,
        figures: `${kib(most.own.residentKib)}; bare ${kib(most.bare.residentKib)}`,
      },
      {
        what: "V8 heap of the same",
        measured: `${digits(more)} KiB more than a bare stream`,
        target: "at most 3 KiB more",
        reached: more <= 3,
        figures: `${kib(most.own.heapKib)}; bare ${kib(most.bare.heapKib)}, after a collection`,
      },
      growth("an idle stream's heap", "KiB per stream", points, "streams", "KiB"),
      await keepaliveRow(streams, isQuick),
    ];
  },
};

async function keepaliveRow(streams: number, isQuick: boolean): Promise<Row> {
  // Fewer streams ping as many times sooner, so that as many pings a second go out.
  const pingMs = PING_MS * streams / PINGED;
  await using bare = await ServerProcess.start(peer("sse_limit.js", String(pingMs)));
  await using own = await ServerProcess.start(ownWith(streams, `--mcp-ping-interval-ms=${pingMs}`));
  const seconds = isQuick ? 15 : 60;
  const bareCpu = await keepalive(bare, streams, seconds);
  const ownCpu = await keepalive(own, streams, seconds);
  return {
    what: `keepalive of ${streams.toLocaleString("en")} streams, each every ${pingMs / 1000} s`,
    measured: `${digits(ownCpu)} % of one core`,
    target: "at most 2 %",
    reached: ownCpu <= 2,
    figures: `bare ${digits(bareCpu)} %; ${Math.round(streams / pingMs * 1000)} pings/s, as ` +
      "10,000 streams at 15 s make",
  };
}

export const listChanged: RowGroup = {
  name: "list_changed",
  run: async (effort) => {
    const points: [number, number][] = [];
    for (const count of [effort.streams / 100, effort.streams / 10, effort.streams]) {
      points.push([count, await lastToldMs(count, effort)]);
    }
    const [count, ms] = points.at(-1)!;
    return [{
      what: `list_changed to ${count.toLocaleString("en")} subscribers`,
      measured: `the last one has it after ${digits(ms)} ms`,
      target: "at most 300 ms (10,000)",
      ...(!effort.isQuick && { reached: ms <= 300 }),
      figures: points.map(([count, ms]) =>
        `${count}: ${digits(ms)} ms, ${digits(ms * 1000 / count)} µs each`
      ).join("; ") + "; the reading of all sockets by one client process is in it",
    }];
  },
};

async function lastToldMs(count: number, { rounds }: Effort): Promise<number> {
  await using server = await ServerProcess.start(handledLifeline(...roomFor(count)));
  await using holder = new Holder({ ...listenStream(server.port), count });
  await holder.next();
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const told = holder.next();
    const { at = NaN } = await server.read("/bench/change");
    times.push((await told).lastAt! - at);
  }
  return median(times);
}

export const killed: RowGroup = {
  name: "clients killed at once",
  run: async ({ killed: count, isQuick }) => {
    await using server = await ServerProcess.start(ownWith(count));
    await using holder = new Holder({ ...plainStream(server.port), count });
    await holder.next();
    const cpuBefore = server.cpuMs();
    const killedAt = performance.now();
    await holder.kill();
    while ((await server.read("/mcp/connections?limit=1")).open! > 0) {
      if (performance.now() - killedAt > 60_000) throw new Error("Streams stayed open for 60 s");
      await pause(10);
    }
    const ms = performance.now() - killedAt;
    return [{
      what: `${count.toLocaleString("en")} clients killed at once`,
      measured: `the last one is cleaned up after ${digits(ms)} ms`,
      target: "at most 1 s (8,000)",
      ...(!isQuick && { reached: ms <= 1_000 }),
      figures: `${digits((server.cpuMs() - cpuBefore) * 1000 / count)} µs CPU each, with the ` +
        "kernel closing the sockets of a killed process",
    }];
  },
};

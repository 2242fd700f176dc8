/**
 * Streams of the plain dialect that come and go.
 *
 * @module
 */
import { Holder, plainStream } from "../holder.ts";
import type { Effort, Found, Growth, RowGroup } from "../report.ts";
import { type Launch, peer, ServerProcess } from "../server_process.ts";
import { ratioOf, shown, spreadOf } from "../stats.ts";
import { holdIdle, roomyLifeline, sizesUpTo } from "./stream_servers.ts";

const AT_LEAST = 0.6;
/** Clients that come and go at a time. */
const AT_ONCE = 32;
/** So rare that the pings of the held streams do not count among those that come and go. */
const SELDOM_MS = "600000";
const PING_FLAG = "--mcp-ping-interval-ms";

interface Speed {
  readonly perSecond: number;
  /** CPU time of the server for one stream (µs). */
  readonly cpuUs: number;
}

async function comeAndGo(server: ServerProcess, seconds: number): Promise<Speed> {
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

/** Each server in turn, and all of them several times. */
async function inTurn(
  servers: readonly ServerProcess[],
  { rounds, seconds }: { readonly rounds: number; readonly seconds: number },
): Promise<Speed[][]> {
  for (const server of servers) await comeAndGo(server, 1);
  const found: Speed[][] = servers.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [n, server] of servers.entries()) {
      found[n]!.push(await comeAndGo(server, seconds));
    }
  }
  return found;
}

/** Two servers of streams. */
export interface StreamComparison {
  readonly what: string;
  readonly atLeast: number;
  readonly own: Launch;
  readonly bare: Launch;
  /** Name of the bare server. */
  readonly of: string;
}

/** How many streams a second come and go at Lifeline, against a bare server. */
export async function comparedStreams(
  { what, atLeast, own, bare, of }: StreamComparison,
  effort: Effort,
): Promise<Found> {
  await using bareServer = await ServerProcess.start(bare);
  await using ownServer = await ServerProcess.start(own);
  const [bares = [], owns = []] = await inTurn([bareServer, ownServer], effort);
  const all = (speeds: readonly Speed[], figure: keyof Speed) =>
    speeds.map((speed) => speed[figure]);
  const ratio = ratioOf(all(owns, "perSecond"), all(bares, "perSecond"));
  const figure = (speeds: readonly Speed[]) =>
    `${shown(spreadOf(all(speeds, "perSecond")), "/s")}, ` +
    shown(spreadOf(all(speeds, "cpuUs")), "µs CPU");
  return {
    rows: [{
      what,
      target: `at least ${atLeast} × the streams/s of ${of}`,
      measured: shown(ratio, "×"),
      byCpu: shown(ratioOf(all(bares, "cpuUs"), all(owns, "cpuUs")), "×"),
      verdict: ratio.median >= atLeast,
      figures: { Lifeline: figure(owns), [of]: figure(bares) },
    }],
  };
}

const PLAIN = "plain dialect: open, welcome, response, client leaves";

export const plainStreams: RowGroup = {
  name: PLAIN,
  run: (effort) =>
    comparedStreams({
      what: PLAIN,
      atLeast: AT_LEAST,
      own: roomyLifeline(1_000),
      bare: peer("sse_limit.js"),
      of: "a bare stream",
    }, effort),
};

export const plainGrowth: RowGroup = {
  name: "growth of the plain dialect with the number of streams",
  run: async (effort: Effort): Promise<Found> => {
    await using stack = new AsyncDisposableStack();
    const sizes = sizesUpTo(effort.streams);
    const start = async (launch: Launch, count: number) => {
      const server = stack.use(await ServerProcess.start(launch));
      stack.use(await holdIdle(server, count));
      return server;
    };
    const owns: ServerProcess[] = [];
    const bares: ServerProcess[] = [];
    for (const count of sizes) {
      owns.push(await start(roomyLifeline(count + 1_000, `${PING_FLAG}=${SELDOM_MS}`), count));
      bares.push(await start(peer("sse_limit.js", SELDOM_MS), count));
    }
    const { growthRounds: rounds, seconds } = effort;
    const found = await inTurn([...owns, ...bares], { rounds, seconds });
    const points = (first: number) =>
      sizes.map((count, n) => ({ count, costs: found[first + n]!.map(({ cpuUs }) => cpuUs) }));
    const growth: Growth = {
      what: "plain dialect: open and leave, beside so many open streams",
      cost: "CPU per stream",
      unit: "µs",
      points: points(0),
      bare: points(owns.length),
    };
    return { growths: [growth] };
  },
};

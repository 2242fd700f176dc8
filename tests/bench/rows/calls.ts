/**
 * Calls without a session: against the limit, against the peers, in both eras, with many tools.
 *
 * @module
 */
import { inTurn, type Load, type Series } from "../load.ts";
import type { Row, RowGroup } from "../report.ts";
import { ECHO_CALL, LIST_CALL, MODERN_ECHO_CALL } from "../requests.ts";
import { lifeline, peer, ServerProcess } from "../server_process.ts";
import { digits } from "../stats.ts";

/** What two loads are compared by. */
interface Comparison {
  readonly what: string;
  readonly atLeast?: number;
  readonly of: string;
}

/** Requests per second against another's; the CPU time of a request beside it. */
export function compared(mine: Series, other: Series, { what, atLeast, of }: Comparison): Row {
  const ratio = mine.ratio("perSecond", other);
  const cpu = 1 / mine.ratio("cpuUs", other);
  const figure = (series: Series) =>
    `${digits(series.median("perSecond"))}/s, ${digits(series.median("cpuUs"))} µs CPU`;
  return {
    what,
    measured: `${digits(ratio)} × ${of} by requests/s; ${digits(cpu)} × by CPU per request`,
    target: atLeast === undefined ? "" : `${atLeast} × by requests/s`,
    ...(atLeast !== undefined && { reached: ratio >= atLeast }),
    figures: `${figure(mine)}; ${of} ${figure(other)}`,
  };
}

/** Many tools: what `count` more than the built-in ones cost. */
export function withTools(count: number): Readonly<Record<string, string>> {
  const url = new URL(`../servers/many_tools.ts?count=${count}`, import.meta.url);
  return { MCP_TOOLS: url.href };
}

/** The built-in tools; those of {@linkcode withTools} come on top. */
const BUILT_IN = 4;

export const echoCalls: RowGroup = {
  name: "tools/call of echo, session-less",
  run: async (effort) => {
    await using limit = await ServerProcess.start(peer("limit.js"));
    await using own = await ServerProcess.start(lifeline());
    await using sdk = await ServerProcess.start(peer("sdk2.js"));
    await using lite = await ServerProcess.start(peer("mcp_lite.js"));
    const found = await inTurn({
      limit: { server: limit, ...ECHO_CALL },
      own: { server: own, ...ECHO_CALL },
      sdk: { server: sdk, ...ECHO_CALL },
      lite: { server: lite, ...ECHO_CALL },
      modernLimit: { server: limit, ...MODERN_ECHO_CALL },
      modern: { server: own, ...MODERN_ECHO_CALL },
    }, effort);
    const what = "tools/call of echo, session-less, JSON";
    return [
      compared(found.own, found.limit, { what, atLeast: 0.75, of: "the limit" }),
      compared(found.own, found.sdk, { what, atLeast: 20, of: "the official SDK 2" }),
      compared(found.own, found.lite, { what, atLeast: 1.5, of: "mcp-lite" }),
      compared(found.modern, found.modernLimit, {
        what: "the same in 2026-07-28",
        atLeast: 0.6,
        of: "the limit",
      }),
    ];
  },
};

export const manyTools: RowGroup = {
  name: "100 registered tools",
  run: async (effort) => {
    await using limit = await ServerProcess.start(peer("limit.js"));
    await using few = await ServerProcess.start(lifeline());
    await using ten = await ServerProcess.start(lifeline(withTools(10 - BUILT_IN)));
    await using many = await ServerProcess.start(lifeline(withTools(100 - BUILT_IN)));
    await storeBytes(limit, many);
    const found = await inTurn({
      few: { server: few, ...ECHO_CALL },
      many: { server: many, ...ECHO_CALL },
      ten: { server: ten, ...ECHO_CALL },
      bytes: { server: limit, path: "/bytes", ...LIST_CALL },
      list: { server: many, ...LIST_CALL },
      listTen: { server: ten, ...LIST_CALL },
      listFew: { server: few, ...LIST_CALL },
    }, effort);
    const perTool = ([["listFew", BUILT_IN], ["listTen", 10], ["list", 100]] as const)
      .map(([name, tools]) =>
        `${tools} tools: ${digits(found[name].median("cpuUs"))} µs, ` +
        `${digits(found[name].median("cpuUs") / tools)} µs a tool`
      );
    return [
      compared(found.many, found.few, {
        what: "tools/call of echo with 100 tools",
        atLeast: 0.95,
        of: `${BUILT_IN} tools (the built-in ones)`,
      }),
      compared(found.list, found.bytes, {
        what: "tools/list with 100 tools",
        atLeast: 0.75,
        of: "the limit serving the same bytes",
      }),
      growth("tools/call", "CPU per call", [
        [BUILT_IN, found.few.median("cpuUs")],
        [10, found.ten.median("cpuUs")],
        [100, found.many.median("cpuUs")],
      ], "tools"),
      {
        what: "growth of tools/list with the number of tools",
        measured: "CPU per request",
        target: "flat or falling per tool",
        reached: found.list.median("cpuUs") / 100 <= found.listTen.median("cpuUs") / 10,
        figures: perTool.join("; "),
      },
    ];
  },
};

export const connections: RowGroup = {
  name: "growth of tools/call with the number of connections",
  run: async (effort) => {
    await using own = await ServerProcess.start(lifeline());
    const load = (connections: number): Load => ({ server: own, ...ECHO_CALL, connections });
    const found = await inTurn({ one: load(1), ten: load(10), hundred: load(100) }, effort);
    return [growth("tools/call", "CPU per call", [
      [1, found.one.median("cpuUs")],
      [10, found.ten.median("cpuUs")],
      [100, found.hundred.median("cpuUs")],
    ], "connections")];
  },
};

/** Cost of one at 100, 10 and 1 times fewer; flat up to the noise of a shared machine. */
export function growth(
  what: string,
  cost: string,
  points: readonly (readonly [count: number, costUs: number])[],
  ofWhat: string,
  unit = "µs",
): Row {
  const [first, ...rest] = points.map(([, each]) => each);
  const last = rest.at(-1) ?? NaN;
  return {
    what: `growth of ${what} with the number of ${ofWhat}`,
    measured: `${digits(last / (first ?? NaN))} × from fewest to most, by ${cost}`,
    target: "at most 1.1 ×",
    reached: last <= (first ?? NaN) * 1.1,
    figures: points.map(([count, each]) => `${count}: ${digits(each)} ${unit}`).join("; "),
  };
}

/** Has the limit answer with what Lifeline answers. */
async function storeBytes(limit: ServerProcess, own: ServerProcess): Promise<void> {
  const answer = await fetch(`${own.url}/mcp`, {
    method: "POST",
    headers: { ...LIST_CALL.headers, connection: "close" },
    body: LIST_CALL.body,
  });
  const stored = await fetch(`${limit.url}/bytes`, {
    method: "PUT",
    headers: { connection: "close" },
    body: await answer.text(),
  });
  await stored.body?.cancel();
}

export const latency: RowGroup = {
  name: "latency at half the top rate",
  run: async (effort) => {
    await using limit = await ServerProcess.start(peer("limit.js"));
    await using own = await ServerProcess.start(lifeline());
    const top = await inTurn({
      limit: { server: limit, ...ECHO_CALL },
      own: { server: own, ...ECHO_CALL },
    }, { rounds: 1, seconds: effort.seconds });
    // Connections that pause 10 ms on average, so many that they make half the top rate.
    const halved = (server: ServerProcess, series: Series): Load => ({
      server,
      ...ECHO_CALL,
      pauseMs: 10,
      connections: Math.max(1, Math.round(series.median("perSecond") / 2 * 0.01)),
    });
    const found = await inTurn(
      { limit: halved(limit, top.limit), own: halved(own, top.own) },
      effort,
    );
    const ratio = found.own.ratio("p99Ms", found.limit);
    const figure = (series: Series) =>
      `p50 ${digits(series.median("p50Ms"))} ms, p99 ${digits(series.median("p99Ms"))} ms at ` +
      `${digits(series.median("perSecond"))}/s`;
    return [{
      what: "latency of a call at half the top rate",
      measured: `p99 ${digits(ratio)} × the limit's`,
      target: "at most 3 ×",
      reached: ratio <= 3,
      figures: `${figure(found.own)}; the limit ${figure(found.limit)}`,
    }];
  },
};

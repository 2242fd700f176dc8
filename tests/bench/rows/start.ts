/**
 * From the start of the process to its first answer.
 *
 * @module
 */
import type { Row, RowGroup } from "../report.ts";
import { ECHO_CALL } from "../requests.ts";
import { type Launch, lifeline, peer, ServerProcess } from "../server_process.ts";
import { digits, median } from "../stats.ts";
import { withTools } from "./calls.ts";

async function firstAnswerMs(launch: Launch): Promise<{ ms: number; cpuMs: number }> {
  const startedAt = performance.now();
  await using server = await ServerProcess.start(launch);
  const response = await fetch(`${server.url}/mcp`, {
    method: "POST",
    headers: { ...ECHO_CALL.headers, connection: "close" },
    body: ECHO_CALL.body,
  });
  await response.text();
  return { ms: performance.now() - startedAt, cpuMs: server.cpuMs() };
}

export const coldStart: RowGroup = {
  name: "cold start",
  run: async ({ isQuick }) => {
    const launches = { bare: peer("limit.js"), own: lifeline(), many: lifeline(withTools(96)) };
    const found = { bare: [], own: [], many: [] } as Record<
      keyof typeof launches,
      { ms: number; cpuMs: number }[]
    >;
    const rounds = isQuick ? 5 : 11;
    for (let round = 0; round < rounds; round++) {
      for (const name of Object.keys(launches) as (keyof typeof launches)[]) {
        found[name].push(await firstAnswerMs(launches[name]));
      }
    }
    const figure = (name: keyof typeof launches) =>
      `${digits(median(found[name].map(({ ms }) => ms)))} ms, ` +
      `${digits(median(found[name].map(({ cpuMs }) => cpuMs)))} ms CPU`;
    const row = (what: string, name: "own" | "many"): Row => {
      const by = (figure: "ms" | "cpuMs") =>
        median(found[name].map((one, i) => one[figure] / found.bare[i]![figure]));
      return {
        what,
        measured: `${digits(by("ms"))} × a bare server by time; ${digits(by("cpuMs"))} × by CPU`,
        target: "at most 2 × by time",
        reached: by("ms") <= 2,
        figures: `${figure(name)}; bare ${figure("bare")}`,
      };
    };
    return [
      row("cold start to the first answered request", "own"),
      row("the same with 100 tools", "many"),
    ];
  },
};

export const twoProcesses: RowGroup = {
  name: "two processes on one port",
  run: () =>
    Promise.resolve([{
      what: "two processes on one port (reusePort)",
      measured: "not measured",
      target: "1.7 × one process where cores allow",
      figures: "there is no setting for `reusePort` yet",
    }]),
};

/**
 * The cost of a call with few and with many connections.
 *
 * @module
 */
import { inTurn, type Load, type Series } from "../load.ts";
import type { GrowthPoint, RowGroup } from "../report.ts";
import { type BenchRequest, ECHO_CALL, inSession, MODERN_ECHO_CALL } from "../requests.ts";
import { lifeline, peer, roomFor, ServerProcess } from "../server_process.ts";

/**
 * Not fewer than 10: a server that is never busy wakes up for every single request, which costs
 * more than the request itself and would hide any growth.
 */
const COUNTS = [10, 100, 1_000] as const;

/** An ended stream counts until Deno says that its socket is let go of; under load that takes long. */
const ROOM = 20_000;

export const connections: RowGroup = {
  name: "growth with the number of connections",
  run: async ({ growthRounds: rounds, seconds }) => {
    await using own = await ServerProcess.start(lifeline(...roomFor(ROOM)));
    await using limit = await ServerProcess.start(peer("limit.js"));
    const inTurnOf = async (server: ServerProcess, request: BenchRequest) => {
      const loads: Record<string, Load> = Object.fromEntries(
        COUNTS.map((count) => [count, { server, ...request, connections: count }]),
      );
      return pointsOf(await inTurn(loads, { rounds, seconds }));
    };
    const bare = await inTurnOf(limit, ECHO_CALL);
    const { onStream } = await inSession(`${own.url}/mcp`);
    const growths = [];
    for (
      const [what, request] of [
        ["`tools/call`, session-less", ECHO_CALL],
        ["`tools/call` in 2026-07-28", MODERN_ECHO_CALL],
        ["`tools/call` on an event stream (2025 session)", onStream],
      ] as const
    ) {
      growths.push({
        what: `${what}, with the number of connections`,
        cost: "CPU per call",
        unit: "µs" as const,
        points: await inTurnOf(own, request),
        bare,
      });
    }
    return { growths };
  },
};

function pointsOf(found: Readonly<Record<string, Series>>): GrowthPoint[] {
  return COUNTS.map((count) => ({ count, costs: found[count]!.all("cpuUs") }));
}

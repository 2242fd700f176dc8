/**
 * Two processes on one port.
 *
 * @module
 */
import { inTurn } from "../load.ts";
import { CORES } from "../machine.ts";
import type { RowGroup } from "../report.ts";
import { ECHO_CALL } from "../requests.ts";
import { lifeline, ServerProcess } from "../server_process.ts";
import { digits, shown } from "../stats.ts";
import { speedOf } from "./compared.ts";

const AT_LEAST = 1.7;
/** Two servers and the load need as many cores, and the kernel some time. */
const CORES_NEEDED = 4;
/** The kernel deals them out by chance, so a few more than usual. */
const CONNECTIONS = 64;

export const twoProcesses: RowGroup = {
  name: "two processes on one port",
  run: async (effort) => {
    await using alone = await ServerProcess.start(lifeline());
    await using first = await ServerProcess.start(lifeline("--mcp-reuse-port=true"));
    const flags = ["--mcp-reuse-port=true", `--port=${first.port}`];
    await using second = await ServerProcess.start(lifeline(...flags));
    const both = { url: first.url, cpuMs: () => first.cpuMs() + second.cpuMs() };
    const before = [first.cpuMs(), second.cpuMs()] as const;
    const load = { ...ECHO_CALL, connections: CONNECTIONS, threads: CORES >= CORES_NEEDED ? 2 : 1 };
    const found = await inTurn({
      one: { server: alone, ...load },
      two: { server: both, ...load },
    }, effort);
    const used = [first.cpuMs() - before[0], second.cpuMs() - before[1]] as const;
    const share = 100 * Math.min(...used) / (used[0] + used[1]);
    const ratio = found.two.over(found.one, "perSecond");
    return {
      rows: [{
        what: "two processes on one port (`MCP_REUSE_PORT`)",
        target: `at least ${AT_LEAST} × the requests/s of one, where cores allow`,
        measured: shown(ratio, "×"),
        byCpu: shown(found.one.over(found.two, "cpuUs"), "×"),
        verdict: CORES >= CORES_NEEDED
          ? ratio.median >= AT_LEAST
          : `no verdict: ${CORES} cores, which the load needs too`,
        figures: {
          "one process": speedOf(found.one),
          "two processes": `${speedOf(found.two)}; ${
            digits(share)
          } % of the work in the lesser one`,
        },
      }],
    };
  },
};

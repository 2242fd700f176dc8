/**
 * `deno task test:attacks:requests` measures how long one request can hold the event loop of a
 * server, for each of the most expensive requests that pass the limits. It compares CPU time,
 * because other programs may use the machine, and prints the elapsed time beside it.
 *
 * deno task test:attacks:requests [--times 9] [part of a request's name]
 *
 * @module
 */
import { ServerProcess } from "../closure/server.ts";
import { Checks, option } from "../soak/report.ts";
import { Force } from "./attack.ts";
import { type NearLimit, REQUESTS } from "./kinds/near_limits.ts";
import { inSession, openSession } from "./requests.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
/** Longest time of the processor for which one request should hold the event loop (ms). */
const MAX_HOLD_MS = 100;
/** Times that a request is sent before the loop is watched, so that its code is compiled. */
const WARM_UP = 2;
const PATIENCE_MS = 600_000;

interface Hold {
  readonly ms: number;
  readonly cpu_ms: number;
}

const holdOf = async (server: ServerProcess): Promise<Hold> =>
  (await server.call("longest_hold")).structuredContent;

/** Sends a request so often; the statuses, and the holds in order. */
async function measure(server: ServerProcess, { request, isBatch }: NearLimit, times: number) {
  using force = new Force(server.port, performance.now() + PATIENCE_MS);
  const id = isBatch ? await openSession(force, "2025-03-26") ?? "" : "";
  const sent = isBatch ? { ...request, headers: inSession(id, "2025-03-26") } : request;
  const holds: Hold[] = [];
  let status: number | undefined;
  for (let n = -WARM_UP; n < times; n++) {
    await holdOf(server);
    status = (await force.send(sent)).head?.status;
    const hold = await holdOf(server);
    if (n >= 0) holds.push(hold);
  }
  return { status, holds: holds.toSorted((a, b) => a.cpu_ms - b.cpu_ms) };
}

const told = ({ ms, cpu_ms }: Hold) => `${cpu_ms.toFixed(1)} ms of CPU (${ms.toFixed(1)} ms)`;

async function main(): Promise<number> {
  const times = option("times", 9);
  const checks = new Checks();
  await using server = await ServerProcess.start({
    abort: "no-legacy",
    settings: {
      MCP_TOOLS: `${ROOT}tests/attacks/tools.ts,${ROOT}tests/attacks/loop_tools.ts`,
      MCP_LOG_LEVEL: "warning",
    },
  });
  const [part = ""] = Deno.args.filter((arg) => /^[^-].*[a-z]/i.test(arg) && !arg.startsWith("--"));
  for (const near of REQUESTS.filter(({ name }) => name.includes(part))) {
    const { status, holds } = await measure(server, near, times);
    const [median, most] = [holds.length >> 1, holds.length - 1].map((at) => holds[at]!);
    const details = `${status ?? "cut"}; held for ${told(median!)}, at most ${told(most!)}`;
    checks.note(near.name, median!.cpu_ms < MAX_HOLD_MS, details);
  }
  return checks.end();
}

if (import.meta.main) Deno.exit(await main());

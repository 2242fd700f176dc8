/**
 * The benchmark: Lifeline, the limit of what Deno can do, and peers, in turn on this machine.
 *
 *     deno task bench [--quick] [--rounds=N] [--only=WORDS] [--before=COMMIT] [--sheet=FILE]
 *
 * Prints the tables, and writes them to docs/capacity.md (or FILE) when all rows were measured.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { requireWrk } from "./load.ts";
import { type Effort, failure, type Found, type RowGroup } from "./report.ts";
import { authorizedCalls } from "./rows/authorization.ts";
import { echoCalls, latency } from "./rows/calls.ts";
import { connections } from "./rows/connections.ts";
import { killed, listChanged } from "./rows/crowds.ts";
import { keepalive, memory } from "./rows/idle.ts";
import { nodeCalls, nodeMemory, nodeStreams } from "./rows/node_listener.ts";
import { plainGrowth, plainStreams } from "./rows/plain.ts";
import { twoProcesses } from "./rows/processes.ts";
import { sessionCalls } from "./rows/sessions.ts";
import { coldStart } from "./rows/start.ts";
import { sharedSessions } from "./rows/instances.ts";
import { toldByOthers } from "./rows/instances_told.ts";
import { redisStore } from "./rows/redis.ts";
import { withoutStore } from "./rows/before.ts";
import { manyTools } from "./rows/tools.ts";
import { sheet, tables } from "./sheet.ts";

const GROUPS: readonly RowGroup[] = [
  echoCalls,
  manyTools,
  authorizedCalls,
  sessionCalls,
  plainStreams,
  nodeCalls,
  nodeStreams,
  nodeMemory,
  memory,
  keepalive,
  listChanged,
  killed,
  latency,
  coldStart,
  twoProcesses,
  withoutStore,
  sharedSessions,
  toldByOthers,
  redisStore,
  connections,
  plainGrowth,
];
const QUICK: Effort = {
  isQuick: true,
  rounds: 6,
  seconds: 1,
  growthRounds: 3,
  starts: 5,
  memoryRounds: 2,
  streams: 1_000,
  killed: 1_000,
};
const THOROUGH: Effort = {
  isQuick: false,
  rounds: 20,
  seconds: 1,
  growthRounds: 11,
  starts: 11,
  memoryRounds: 2,
  streams: 10_000,
  killed: 8_000,
};
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;
const SHEET = new URL("../../docs/capacity.md", import.meta.url).pathname;

function print(to: { writeSync(bytes: Uint8Array): number }, text: string): void {
  to.writeSync(new TextEncoder().encode(`${text}\n`));
}

function loadNow(): number {
  return Deno.loadavg()[0]!;
}

/** Measures one group; where that fails, a row says why. */
async function measure(group: RowGroup, effort: Effort): Promise<Found> {
  const startedAt = performance.now();
  try {
    return await group.run(effort);
  } catch (error) {
    Deno.exitCode = 1;
    return { rows: [failure(group, error)] };
  } finally {
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    print(Deno.stderr, `${String(seconds).padStart(4)} s  ${group.name}`);
  }
}

/** @param rounds a whole number; undefined for those of the effort */
function withRounds(effort: Effort, rounds: string | undefined): Effort {
  if (rounds === undefined) return effort;
  const count = Number(rounds);
  if (!Number.isInteger(count) || count < 1) throw new Error("--rounds takes a number from 1 on");
  return { ...effort, rounds: count, growthRounds: Math.min(count, effort.growthRounds) };
}

const { values } = parseArgs({
  args: Deno.args,
  options: {
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
    only: { type: "string", default: "" },
    before: { type: "string" },
    sheet: { type: "string", default: SHEET },
  },
});
await requireWrk();
const effort = {
  ...withRounds(values.quick ? QUICK : THOROUGH, values.rounds),
  before: values.before,
};
const chosen = GROUPS.filter(({ name }) => name.includes(values.only));
const loadBefore = loadNow();
const startedAt = performance.now();
const found: Found[] = [];
for (const group of chosen) found.push(await measure(group, effort));
const rows = found.flatMap(({ rows = [] }) => rows);
const growths = found.flatMap(({ growths = [] }) => growths);
print(Deno.stdout, tables({ rows, growths }));
if (chosen.length === GROUPS.length) {
  const minutes = (performance.now() - startedAt) / 60_000;
  const loads = [loadBefore, loadNow()] as const;
  await Deno.writeTextFile(values.sheet, sheet({ rows, growths, effort, loads, minutes }));
  await new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--quiet", "--config", CONFIG, values.sheet],
  }).output();
}

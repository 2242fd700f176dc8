/**
 * The benchmark: Lifeline, the limit of what Deno can do, and peers, in turn on this machine.
 *
 *     deno task bench [--quick] [--only=WORDS]
 *
 * Prints the table, and writes it to docs/capacity.md when all rows were measured.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { requireWrk } from "./load.ts";
import { type Effort, machine, type Row, type RowGroup, rowsOf, table } from "./report.ts";
import { connections, echoCalls, latency, manyTools } from "./rows/calls.ts";
import { sessionCalls } from "./rows/sessions.ts";
import { coldStart, twoProcesses } from "./rows/start.ts";
import { idleStreams, killed, listChanged, plainStreams } from "./rows/streams.ts";

const GROUPS: readonly RowGroup[] = [
  echoCalls,
  manyTools,
  sessionCalls,
  plainStreams,
  idleStreams,
  listChanged,
  killed,
  latency,
  coldStart,
  twoProcesses,
  connections,
];
const QUICK: Effort = { isQuick: true, rounds: 3, seconds: 2, streams: 1_000, killed: 1_000 };
const THOROUGH: Effort = { isQuick: false, rounds: 7, seconds: 6, streams: 10_000, killed: 8_000 };
const SHEET = new URL("../../docs/capacity.md", import.meta.url);

const { values } = parseArgs({
  args: Deno.args,
  options: { quick: { type: "boolean", default: false }, only: { type: "string" } },
});

function sheet(rows: readonly Row[], load: string, { isQuick, rounds, seconds }: Effort): string {
  return `# Capacity

Measured by \`deno task bench${isQuick ? " --quick" : ""}\` on ${
    new Date().toISOString().slice(0, 10)
  }:
${machine()}.
Each load ran ${rounds} times for ${seconds} s, in turn with what it is compared with, from 32
connections unless the row says otherwise. A ratio is the median over the rounds of what each round
is of its neighbour. "CPU" is the time that the server's process used, user and system, per request.
Guards, limits, ledger, metrics and logging are on in every figure of Lifeline.

The load came from the same machine, and others worked on it too (load average ${load}
as it began and ended). So requests/s is what was left over, and differs from run to run; the CPU
time of a request is steadier. Read the ratios, not the absolute figures. Rows with fewer streams
than their target speaks of have no verdict where the figure depends on the number.

${table(rows)}

What was done to get here, and what was tried and dropped, is in [performance.md](performance.md).
`;
}

function loadNow(): string {
  return Deno.loadavg()[0]!.toFixed(1);
}

function print(to: { writeSync(bytes: Uint8Array): number }, text: string): void {
  to.writeSync(new TextEncoder().encode(`${text}\n`));
}

await requireWrk();
const effort = values.quick ? QUICK : THOROUGH;
const chosen = GROUPS.filter(({ name }) => name.includes(values.only ?? ""));
const loadBefore = loadNow();
const rows: Row[] = [];
for (const group of chosen) {
  print(Deno.stderr, `${new Date().toISOString().slice(11, 19)} ${group.name}`);
  rows.push(...await rowsOf(group, effort));
}
print(Deno.stdout, table(rows));
if (chosen.length === GROUPS.length) {
  const text = sheet(rows, `${loadBefore} and ${loadNow()}`, effort);
  await Deno.writeTextFile(SHEET, text);
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", SHEET.pathname] }).output();
}

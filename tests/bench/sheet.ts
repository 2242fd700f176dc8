/**
 * The text of docs/capacity.md.
 *
 * @module
 */
import { CONNECTIONS } from "./load.ts";
import { CORES, machine, openFiles } from "./machine.ts";
import {
  type Effort,
  figureTable,
  type Growth,
  growthTable,
  type Row,
  targetTable,
} from "./report.ts";

/** A whole run. */
export interface Run {
  readonly rows: readonly Row[];
  readonly growths: readonly Growth[];
  readonly effort: Effort;
  /** Load average at the start and at the end. */
  readonly loads: readonly [number, number];
  readonly minutes: number;
}

/** The three tables. */
export function tables({ rows, growths }: Pick<Run, "rows" | "growths">): string {
  const parts = [
    rows.length > 0 && `## Targets\n\n${targetTable(rows)}`,
    growths.length > 0 && `## Growth\n\n${GROWTH}\n\n${growthTable(growths)}`,
    rows.length > 0 && `## Figures behind the targets\n\n${figureTable(rows)}`,
  ];
  return parts.filter((part) => part !== false).join("\n\n");
}

const GROWTH =
  "What one costs must not rise from few to many. The most are compared with each of the " +
  "fewer, and the greater ratio counts; up to 1.1 × is noise. Falling is fine, and usual: a busy " +
  "server does more each time it wakes up, and a list has costs of its own.";

export function sheet(run: Run): string {
  const { effort, loads: [before, after], minutes } = run;
  return `# Capacity

${kind(effort)} It took ${Math.ceil(minutes)} minutes on ${new Date().toISOString().slice(0, 10)}.
Machine: ${machine()}.

Each load ran ${effort.rounds} times for ${effort.seconds} s (${effort.growthRounds} times where only
growth is shown), in turn with what it is compared with, by one thread of wrk from ${CONNECTIONS}
connections unless the row says otherwise. Each figure is the median over the rounds, with the
lowest and the highest in brackets; each ratio is that of what each round is of its neighbour. "By
CPU time" is the same ratio by the time that the server's process used for each, user and system.
Guards, limits, ledger, metrics and logging are on in every figure of Lifeline, the log to a pipe
that is read.

Settings are the defaults, but for \`MCP_CALLS_PER_SECOND\` and \`MCP_CALLS_BURST\`, which are
1,000,000, as all load comes from one address, and for the rows with more streams or connections than one address may
have: there \`MCP_MAX_CONNECTIONS\` and \`MCP_MAX_CONNECTIONS_PER_CLIENT\` are above their number, and
\`MCP_STREAM_OPENS_PER_SECOND\` is 100,000. Where streams come and go beside others,
\`MCP_PING_INTERVAL_MS\` is 600,000, so that the others cost nothing meanwhile; the keepalive row says
its own. Every process may open ${openFiles()} files: its soft limit
is raised to the hard one.

${noise(before, after)}

${tables(run)}

What was done to get here, and what was tried and dropped, is in [performance.md](performance.md).
`;
}

function kind({ isQuick }: Effort): string {
  return isQuick
    ? "**A quick run** (`deno task bench --quick`): all figures are from fewer and shorter rounds and " +
      "from fewer streams than the targets speak of. Where a figure depends on the number of " +
      "streams, there is no verdict."
    : "Measured by `deno task bench`, a thorough run.";
}

function noise(before: number, after: number): string {
  const load = `load average ${before.toFixed(1)} and ${after.toFixed(1)} as it began and ended, ` +
    `the benchmark itself included`;
  return `The load came from the same ${CORES} cores (${load}). So requests/s is what was left over, ` +
    "and differs from run to run; the CPU time of a request is steadier. Read the ratios, not the " +
    "absolute figures.";
}

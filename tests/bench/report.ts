/**
 * The measurements, as tables of the capacity sheet.
 *
 * @module
 */
import { counted, ratioOf, shown, spreadOf } from "./stats.ts";

/** One row: a measurement, and whether it reaches its target. */
export interface Row {
  readonly what: string;
  readonly target: string;
  /** The measure that the target speaks of. */
  readonly measured: string;
  /** The same by CPU time, where the target speaks of requests per second. */
  readonly byCpu?: string;
  /** Whether the target is reached, or why that cannot be said. */
  readonly verdict: boolean | string;
  /** The figures behind it, by the server they are of. */
  readonly figures: Readonly<Record<string, string>>;
}

/** The cost of one item among few and among many. */
export interface Growth {
  /** For example `tools/call, with the number of connections`. */
  readonly what: string;
  /** For example `CPU per call`. */
  readonly cost: string;
  readonly unit: "µs" | "KiB";
  /** From few to many, with the cost in each round. */
  readonly points: readonly GrowthPoint[];
  /** The bare server's, to compare with. */
  readonly bare?: readonly GrowthPoint[];
}

export interface GrowthPoint {
  readonly count: number;
  readonly costs: readonly number[];
}

/** The results of a group of rows. */
export interface Found {
  readonly rows?: readonly Row[];
  readonly growths?: readonly Growth[];
}

/** A group of rows that is measured together. */
export interface RowGroup {
  readonly name: string;
  run(effort: Effort): Promise<Found>;
}

/** How thoroughly to measure. */
export interface Effort {
  readonly isQuick: boolean;
  /** A commit to compare with. */
  readonly before?: string | undefined;
  /** Many short ones: a shared machine is slow or fast for seconds, so neighbours must be near. */
  readonly rounds: number;
  /** Length of one load. */
  readonly seconds: number;
  /** Rounds of loads that only show growth. */
  readonly growthRounds: number;
  /** Starts of a server, and rounds of memory. */
  readonly starts: number;
  readonly memoryRounds: number;
  /** Idle streams to hold open. */
  readonly streams: number;
  /** Clients to kill at once. */
  readonly killed: number;
}

/** A cost may rise by so much from few to many: the noise of a shared machine. */
const MAX_RISE = 1.1;

/** How much dearer an item is among the most than among each of the fewer; the greater one. */
function riseOf(points: readonly GrowthPoint[]) {
  const most = points.at(-1)!;
  const rises = points.slice(0, -1).map(({ costs }) => ratioOf(most.costs, costs));
  return rises.reduce((one, other) => other.median > one.median ? other : one);
}

function growthVerdict({ points, bare }: Growth): string {
  const rise = riseOf(points).median;
  if (rise <= MAX_RISE) return "flat or falling";
  const isLikeBare = bare !== undefined && rise <= riseOf(bare).median * MAX_RISE;
  return isLikeBare ? "rises as a bare server's does" : "**rises**";
}

/** A table of Markdown. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function verdictText(verdict: boolean | string): string {
  if (typeof verdict === "string") return verdict;
  return verdict ? "reached" : "**not reached**";
}

/** The targets, and whether they are reached. */
export function targetTable(rows: readonly Row[]): string {
  return table(
    ["what", "target", "measured", "by CPU time", ""],
    rows.map(({ what, target, measured, byCpu = "", verdict }) => [
      what,
      target,
      measured,
      byCpu,
      verdictText(verdict),
    ]),
  );
}

/** A table of the cost of one item among few and among many. */
export function growthTable(growths: readonly Growth[]): string {
  const costs = (points: readonly GrowthPoint[], unit: string) =>
    points.map(({ count, costs }) => `${counted(count)}: ${shown(spreadOf(costs), unit)}`)
      .join("; ");
  return table(
    ["growth of", "cost of one", "rise to the most", "", "the same of a bare server"],
    growths.map((growth) => [
      growth.what,
      `${growth.cost}. ${costs(growth.points, growth.unit)}`,
      shown(riseOf(growth.points), "×"),
      growthVerdict(growth),
      growth.bare === undefined ? "" : shown(riseOf(growth.bare), "×"),
    ]),
  );
}

/** The figures behind the targets. */
export function figureTable(rows: readonly Row[]): string {
  const lines = rows.flatMap(({ what, figures }) =>
    Object.entries(figures).map(([server, figure]) => [what, server, figure])
  );
  // Several targets have the same figure; it is listed once.
  const isNew = (line: readonly string[], index: number) =>
    index === lines.findIndex((other) => other.join() === line.join());
  return table(["what", "of", "median (lowest–highest round)"], lines.filter(isNew));
}

/** The row of a group that could not be measured. */
export function failure({ name }: RowGroup, error: unknown): Row {
  const why = error instanceof Error ? error.message : String(error);
  const line = why.replaceAll(/\s+/g, " ").slice(0, 300);
  return {
    what: name,
    target: "",
    measured: "",
    verdict: `**not measured**: ${line}`,
    figures: {},
  };
}

/**
 * Rows of the capacity sheet.
 *
 * @module
 */

/** One row: what was measured, and whether it is what it should be. */
export interface Row {
  readonly what: string;
  /** The measure that the target speaks of. */
  readonly measured: string;
  readonly target: string;
  /** None for what has no target, or could not be measured. */
  readonly reached?: boolean;
  /** The figures behind it, or why it could not be measured. */
  readonly figures: string;
}

/** A group of rows that is measured together. */
export interface RowGroup {
  readonly name: string;
  run(effort: Effort): Promise<Row[]>;
}

/** How thoroughly to measure. */
export interface Effort {
  readonly isQuick: boolean;
  readonly rounds: number;
  /** Of one load. */
  readonly seconds: number;
  /** Idle streams to hold open. */
  readonly streams: number;
  /** Clients to kill at once. */
  readonly killed: number;
}

/** The rows of a group; where it fails, one that says why. */
export async function rowsOf(group: RowGroup, effort: Effort): Promise<Row[]> {
  try {
    return await group.run(effort);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [{
      what: group.name,
      measured: "not measured",
      target: "",
      figures: why.replaceAll(/\s+/g, " ").slice(0, 300),
    }];
  }
}

export function table(rows: readonly Row[]): string {
  const lines = rows.map(({ what, measured, target, reached, figures }) => {
    const verdict = reached === undefined ? "" : reached ? "reached" : "**not reached**";
    return `| ${[what, measured, target, verdict, figures].join(" | ")} |`;
  });
  return ["| what | measured | target | | figures |", "| --- | --- | --- | --- | --- |", ...lines]
    .join("\n");
}

/** The machine, without names. */
export function machine(): string {
  const model = /^model name\s*:\s*(.*)$/m.exec(Deno.readTextFileSync("/proc/cpuinfo"))?.[1];
  const gib = Deno.systemMemoryInfo().total / 2 ** 30;
  return [
    `${navigator.hardwareConcurrency} cores (${model ?? Deno.build.arch})`,
    `${gib.toFixed(1)} GiB of memory`,
    `Linux ${Deno.osRelease().split("-")[0]}`,
    `Deno ${Deno.version.deno}, V8 ${Deno.version.v8}`,
  ].join(", ");
}

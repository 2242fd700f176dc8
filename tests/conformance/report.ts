/**
 * The results of the suite, as text.
 *
 * @module
 */
import type { Check, ScenarioResult, SuiteRun } from "./suite.ts";

/** A run and its results. */
export interface RunResult {
  readonly run: SuiteRun;
  readonly results: readonly ScenarioResult[];
}

/** Checks that passed and failed. */
export interface Totals {
  readonly passed: number;
  readonly failed: number;
}

const NAME_WIDTH = 46;
const CELL_WIDTH = 12;
const MARKS = { FAILURE: "failed", WARNING: "warned", SKIPPED: "skipped" } as const;

/**
 * A line for each scenario and a column for each run, with the number of passed checks or another
 * outcome. After that, every check that did not pass, with its reason.
 */
export function reportOf(runs: readonly RunResult[]): string {
  const scenarios = new Set(runs.flatMap(({ results }) => results.map((found) => found.scenario)));
  return [
    line("", runs.map(({ run }) => run.revision)),
    line("", runs.map(({ run }) => run.path)),
    ...[...scenarios].map((scenario) =>
      line(scenario, runs.map(({ results }) => cell(checksOf(results, scenario))))
    ),
    ...runs.flatMap(troublesOf),
  ].join("\n");
}

/** Checks of all runs. */
export function totalsOf(runs: readonly RunResult[]): Totals {
  const checks = runs.flatMap(({ results }) => results.flatMap((found) => found.checks));
  return { passed: count(checks, "SUCCESS"), failed: count(checks, "FAILURE") };
}

function checksOf(results: readonly ScenarioResult[], scenario: string): readonly Check[] {
  return results.filter((found) => found.scenario === scenario).flatMap((found) => found.checks);
}

function cell(checks: readonly Check[]): string {
  if (checks.length === 0) return "";
  for (const [status, mark] of Object.entries(MARKS)) {
    const found = count(checks, status as Check["status"]);
    if (found > 0) return `${found} ${mark}`;
  }
  return String(count(checks, "SUCCESS"));
}

function troublesOf({ run, results }: RunResult): string[] {
  return results.flatMap(({ scenario, checks }) =>
    checks.filter(({ status }) => status in MARKS).map(({ status, id, name, errorMessage }) =>
      `\n${status} ${run.revision} ${run.path} ${scenario}\n  ${id} (${name})\n  ${
        errorMessage ?? "no reason given"
      }`
    )
  );
}

function line(name: string, cells: readonly string[]): string {
  return (name.padEnd(NAME_WIDTH) + cells.map((text) => text.padStart(CELL_WIDTH)).join(""))
    .trimEnd();
}

function count(checks: readonly Check[], status: Check["status"]): number {
  return checks.filter((check) => check.status === status).length;
}

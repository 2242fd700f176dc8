/**
 * Runs the official suite as published, and reads its results. The suite is in neither the import
 * map nor the lock file.
 *
 * @module
 */
export const SUITE_VERSION = "0.2.0-alpha.12";
const SUITE = `npm:@modelcontextprotocol/conformance@${SUITE_VERSION}`;

/** A run of the suite. */
export interface SuiteRun {
  /** Path of the endpoint. */
  readonly path: string;
  readonly revision: string;
  /** All scenarios that the revision requires, or all that apply to it. */
  readonly select: "requirements" | "all";
}

/** One check of a scenario, as the suite writes it. */
export interface Check {
  readonly id: string;
  readonly name: string;
  readonly status: "SUCCESS" | "FAILURE" | "WARNING" | "SKIPPED" | "INFO";
  readonly errorMessage?: string;
}

/** The results of one scenario. */
export interface ScenarioResult {
  readonly scenario: string;
  readonly checks: readonly Check[];
}

/**
 * Runs a part of the suite.
 *
 * @param outputDir where the suite leaves its reports
 */
export async function runSuite(
  run: SuiteRun,
  { origin, outputDir }: { readonly origin: string; readonly outputDir: string },
): Promise<ScenarioResult[]> {
  const directory = `${outputDir}/${run.select}-${run.revision}${run.path.replaceAll("/", "-")}`;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...denoArgs(origin, directory),
      ...["server", "--url", origin + run.path, "--output-dir", directory],
      ...run.select === "requirements"
        ? ["--requirements", run.revision]
        : ["--suite", "all", "--spec-version", run.revision],
    ],
    stdin: "null",
  }).output();
  const text = new TextDecoder().decode(stdout);
  const scenarios = [...text.matchAll(/^=== Running scenario: (\S+) ===$/gm)]
    .map(([, name = ""]) => name);
  if (scenarios.length === 0) {
    throw new Error(`Suite did not run (exit code ${code}):\n${new TextDecoder().decode(stderr)}`);
  }
  const reports = reportsIn(directory);
  const results = scenarios.map((scenario) => ({
    scenario,
    checks: reports.get(scenario) ?? [neverEnded(scenario)],
  }));
  const isExplained = results.some(({ checks }) => checks.some(isFailure));
  return code === 0 || isExplained ? results : [...results, badExit(code)];
}

/** The suite may talk to the server under test and write its reports, and nothing else. */
function denoArgs(origin: string, directory: string): string[] {
  return [
    "run",
    "--quiet",
    "--no-prompt",
    "--no-lock",
    "--no-config",
    `--allow-net=${new URL(origin).host}`,
    "--allow-read",
    `--allow-write=${directory}`,
    "--allow-env",
    "--allow-sys",
    SUITE,
  ];
}

/** The suite leaves a folder for each scenario: `server-<scenario>-<time>/checks.json`. */
function reportsIn(directory: string): Map<string, readonly Check[]> {
  const reports = new Map<string, readonly Check[]>();
  for (const { name } of Deno.readDirSync(directory)) {
    const scenario = /^server-(.+)-\d{4}-\d{2}-\d{2}T/.exec(name)?.[1];
    if (scenario === undefined) continue;
    reports.set(scenario, JSON.parse(Deno.readTextFileSync(`${directory}/${name}/checks.json`)));
  }
  return reports;
}

function isFailure({ status }: Check): boolean {
  return status === "FAILURE";
}

function neverEnded(scenario: string): Check {
  return {
    id: scenario,
    name: scenario,
    status: "FAILURE",
    errorMessage: "The scenario did not come to its end",
  };
}

function badExit(code: number): ScenarioResult {
  const errorMessage = `The suite ended with exit code ${code}`;
  return {
    scenario: "(the suite itself)",
    checks: [{ id: "exit-code", name: "exit code", status: "FAILURE", errorMessage }],
  };
}

/**
 * `deno task conformance`: starts the server under test and has the official suite examine it, on
 * both URLs. There is no list of expected failures.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { reportOf, type RunResult, totalsOf } from "./report.ts";
import { startServer } from "./server_process.ts";
import { runSuite, type ScenarioResult, SUITE_VERSION, type SuiteRun } from "./suite.ts";

const RUNS: readonly SuiteRun[] = [
  { path: "/mcp", revision: "2025-11-25", select: "requirements" },
  { path: "/mcp", revision: "2026-07-28", select: "requirements" },
  { path: "/mcp/sse", revision: "2025-11-25", select: "requirements" },
  { path: "/mcp/sse", revision: "2026-07-28", select: "requirements" },
  { path: "/mcp", revision: "2025-06-18", select: "all" },
  { path: "/mcp", revision: "2025-03-26", select: "all" },
];

/** Scenarios that no revision requires, which its requirements run all the same. */
const ALSO_RUN: Readonly<Record<string, readonly string[]>> = {
  "2025-11-25": ["json-schema-2020-12", "server-session-lifecycle", "server-sse-polling"],
  "2026-07-28": [
    "json-schema-2020-12",
    "http-header-validation",
    "http-custom-header-server-validation",
  ],
};

/** Scenarios of the tasks extension, which this server does not offer. */
const NOT_OFFERED_REGEXP = /^tasks-/;

async function main(): Promise<number> {
  const outputDir = fileURLToPath(new URL("./results", import.meta.url));
  await removeIfThere(outputDir);
  await using server = await startServer();
  const runs: RunResult[] = [];
  let notOffered = 0;
  for (const run of RUNS) {
    const found = await runSuite(run, { origin: server.origin, outputDir });
    const results = found.filter(({ scenario }) => !NOT_OFFERED_REGEXP.test(scenario));
    requireScenarios(run, results);
    notOffered += found.length - results.length;
    runs.push({ run, results });
  }
  const { passed, failed } = totalsOf(runs);
  print(`MCP conformance suite ${SUITE_VERSION}, checks passed in each scenario\n`);
  print(reportOf(runs));
  print(`\nNot counted: ${notOffered} scenarios of the tasks extension, which is not offered`);
  print(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** A run that left out its main scenarios would prove nothing. */
function requireScenarios(
  { revision, select }: SuiteRun,
  results: readonly ScenarioResult[],
): void {
  if (select === "all") return;
  const missing = (ALSO_RUN[revision] ?? [])
    .filter((name) => !results.some(({ scenario }) => scenario === name));
  if (missing.length > 0) throw new Error(`Suite did not run ${missing.join(", ")}`);
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

Deno.exit(await main());

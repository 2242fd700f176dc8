/**
 * Runs some of the tests in a copy of the tree, and finds out which of them saw a fault.
 *
 * @module
 */

/** The outcome of a run, with the name of the test that failed or hung. */
export interface TestRun {
  readonly outcome: "passed" | "failed" | "hung";
  readonly test: string;
  /** Duration of the slowest test (ms). */
  readonly slowestMs: number;
}

/** Time limits of a run and of each of its tests (ms). */
export interface Patience {
  readonly runMs: number;
  readonly testMs: number;
}

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, s: 1_000, ms: 1, "µs": 0.001 };

/** The duration of the slowest test (ms), read from a test run's output. */
export function slowestTestMs(output: string): number {
  const durations = [...output.matchAll(/ \.\.\. (?:ok|FAILED) \(([^)]+)\)$/gm)]
    .map(([, text = ""]) =>
      [...text.matchAll(/(\d+)(ms|µs|m|s)/g)]
        .reduce((sum, [, count, unit = ""]) => sum + Number(count) * (UNIT_MS[unit] ?? 0), 0)
    );
  return Math.max(0, ...durations);
}

/** The name of the test that failed, or else of the last one that ran, in a test run's output. */
export function decisiveTest(output: string): string {
  let running = "before any test";
  for (const line of output.split("\n")) {
    running = /^(\S.*?) \.\.\.(?: |$)/.exec(line)?.[1] ?? running;
    if (/\bFAILED\b/.test(line)) break;
  }
  return running;
}

/** The arguments of `deno` for tests one after the other, the first failure of which decides. */
function argsFor(folders: readonly string[]): string[] {
  return [
    ...["test", "-A", "--frozen", "--lock=tests/deno.lock", "--no-check", "--fail-fast"],
    "--preload=./tests/mutation/short_deadline.ts",
    ...folders.map((folder) => `tests/${folder}`),
  ];
}

/**
 * @param copy folder of the tree
 * @param folders in `tests/`
 * @param patience a run or a test that takes longer has hung
 */
export async function runTests(
  copy: string,
  folders: readonly string[],
  { runMs, testMs }: Patience,
): Promise<TestRun> {
  const child = new Deno.Command(Deno.execPath(), {
    args: argsFor(folders),
    cwd: copy,
    env: { NO_COLOR: "1", MUTATION_DEADLINE_MS: String(testMs) },
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let hasHung = false;
  const timer = setTimeout(() => {
    hasHung = true;
    child.kill("SIGKILL");
  }, runMs);
  const output = await new Response(child.stdout).text();
  const { success } = await child.status;
  clearTimeout(timer);
  const slowestMs = slowestTestMs(output);
  if (success) return { outcome: "passed", test: "", slowestMs };
  const isLate = hasHung || output.includes("error: Test timed out");
  return { outcome: isLate ? "hung" : "failed", test: decisiveTest(output), slowestMs };
}

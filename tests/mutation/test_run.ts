/**
 * Runs some of the tests in a copy of the tree, and finds out which of them saw a fault.
 *
 * @module
 */

/** The outcome of a run, with the name of the test that failed or hung. */
export interface TestRun {
  readonly outcome: "passed" | "failed" | "hung";
  readonly test: string;
  /** All that the run wrote. */
  readonly output: string;
}

/** Time limits of a run and of each of its tests (ms). */
export interface Patience {
  readonly runMs: number;
  readonly testMs: number;
}

/** How to run tests. */
export interface RunOptions {
  readonly patience: Patience;
  readonly flags: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** The name of the test that failed, or else of the last one that ran, in a test run's output. */
function decisiveTest(output: string): string {
  let running = "before any test";
  for (const line of output.split("\n")) {
    running = /^(\S.*?) \.\.\.(?: |$)/.exec(line)?.[1] ?? running;
    if (/\bFAILED\b/.test(line)) break;
  }
  return running;
}

/** Loaded before the tests. */
export const PRELOAD = "tests/mutation/preload.ts";

/** The arguments of `deno test` without a type check: a fault that only types see is not seen. */
const ARGS = [
  ...["test", "-A", "--frozen", "--lock=tests/deno.lock", "--no-check"],
  `--preload=./${PRELOAD}`,
];

/**
 * @param copy folder of the tree
 * @param files test files, relative to the copy
 * @throws {Error} where no test ran at all, though none failed
 */
export async function runTests(
  copy: string,
  files: readonly string[],
  { patience, flags, env }: RunOptions,
): Promise<TestRun> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...ARGS, ...flags, ...files],
    cwd: copy,
    env: { NO_COLOR: "1", MUTATION_DEADLINE_MS: String(patience.testMs), ...env },
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let hasHung = false;
  const timer = setTimeout(() => {
    hasHung = true;
    child.kill("SIGKILL");
  }, patience.runMs);
  const output = await new Response(child.stdout).text();
  const { success } = await child.status;
  clearTimeout(timer);
  if (success) {
    if (!/\| [1-9]\d* passed/.test(output)) throw new Error(`No test ran in ${files.join()}`);
    return { outcome: "passed", test: "", output };
  }
  const isLate = hasHung || output.includes("error: Test timed out");
  return { outcome: isLate ? "hung" : "failed", test: decisiveTest(output), output };
}

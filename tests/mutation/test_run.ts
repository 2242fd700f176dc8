/**
 * Runs some of the tests in a copy of the tree, and finds out which of them saw a fault.
 *
 * @module
 */

/** The outcome of a run, with the name of the test that failed or hung. */
export interface TestRun {
  readonly outcome: "passed" | "failed" | "hung";
  readonly test: string;
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
 * @param patienceMs a run that takes longer has hung
 */
export async function runTests(
  copy: string,
  folders: readonly string[],
  patienceMs: number,
): Promise<TestRun> {
  const child = new Deno.Command(Deno.execPath(), {
    args: argsFor(folders),
    cwd: copy,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let hasHung = false;
  const timer = setTimeout(() => {
    hasHung = true;
    child.kill("SIGKILL");
  }, patienceMs);
  const output = await new Response(child.stdout).text();
  const { success } = await child.status;
  clearTimeout(timer);
  if (success) return { outcome: "passed", test: "" };
  return { outcome: hasHung ? "hung" : "failed", test: decisiveTest(output) };
}

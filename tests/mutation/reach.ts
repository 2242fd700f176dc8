/**
 * Finds out which test files run the code that gets a fault: one run of all tests without a fault,
 * in a copy of the tree with probes.
 *
 * @module
 */
import type { Mutant } from "./mutants.ts";
import type { Reach } from "./preload.ts";
import { isAmong, LEFT_OUT, type Room, SUITE } from "./rooms.ts";
import { withProbes } from "./scopes.ts";
import { runTests } from "./test_run.ts";

/** Time limits without a fault. */
const PATIENCE = { runMs: 1_800_000, testMs: 600_000 };

/** One test file, with the duration of its tests (ms). */
export interface TestFile {
  readonly path: string;
  readonly ms: number;
  readonly reached: ReadonlySet<string>;
}

/** All files in a folder of the tree, with paths relative to the tree. */
export function filesUnder(tree: string, folder: string): string[] {
  return [...Deno.readDirSync(`${tree}/${folder}`)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesUnder(tree, `${folder}/${name}`) : [`${folder}/${name}`]
  );
}

function suiteOf(tree: string): string[] {
  return SUITE.flatMap((folder) => filesUnder(tree, `tests/${folder}`))
    .filter((path) => path.endsWith("_test.ts"))
    .filter((path) => !LEFT_OUT.some((folder) => path.startsWith(folder)));
}

function putProbes(tree: string, mutants: readonly Mutant[]): void {
  for (const [path, own] of Map.groupBy(mutants, ({ path }) => path)) {
    const source = Deno.readTextFileSync(`${tree}/${path}`);
    const scopes = own.flatMap(({ scopes }) => scopes);
    Deno.writeTextFileSync(`${tree}/${path}`, withProbes(source, scopes));
  }
}

/**
 * @param tree a copy of the tree, which gets the probes
 * @returns the test files of which each test passed: another cannot tell whether it sees a fault
 */
export async function reachOf(tree: string, mutants: readonly Mutant[]): Promise<TestFile[]> {
  putProbes(tree, mutants);
  const folder = `${tree}/reach`;
  Deno.mkdirSync(folder);
  const { output } = await runTests(tree, suiteOf(tree), {
    patience: PATIENCE,
    flags: ["--parallel"],
    env: { MUTATION_REACH: folder },
  });
  const failed = new Set(
    [...output.matchAll(/ => \.\/(tests\/\S+?):\d+/g)].map(([, file]) => file),
  );
  const files = [...Deno.readDirSync(folder)].map(({ name }): TestFile => {
    const { test, ms, reached }: Reach = JSON.parse(Deno.readTextFileSync(`${folder}/${name}`));
    return { path: test.slice(test.indexOf("/tests/") + 1), ms, reached: new Set(reached) };
  });
  return files.filter(({ path }) => !failed.has(path));
}

/** Test files that can see a fault: those of its room, and the others. */
export function watchersOf(
  { scopes }: Mutant,
  room: Room,
  files: readonly TestFile[],
): { readonly own: TestFile[]; readonly others: TestFile[] } {
  const watchers = files.filter(({ path, reached }) =>
    isAmong(path, room.processes) || scopes.some(({ id }) => reached.has(id))
  );
  const own = watchers.filter(({ path }) => isAmong(path, room.tests));
  return { own, others: watchers.filter((file) => !own.includes(file)) };
}

/**
 * Finds out which test files run the code that gets a fault: one run of all tests without a fault,
 * in a copy of the tree with probes.
 *
 * @module
 */
import { type Mutant, mutantsOf } from "./mutants.ts";
import type { Reach } from "./preload.ts";
import { isAmong, LEFT_OUT, type Room, SUITE } from "./rooms.ts";
import { withProbes } from "./scopes.ts";
import { runTests } from "./test_run.ts";

/** Time limits without a fault. */
const PATIENCE = { runMs: 1_200_000, testMs: 600_000 };

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

function testFilesIn(tree: string, folder: string): string[] {
  return filesUnder(tree, `tests/${folder}`)
    .filter((path) => path.endsWith("_test.ts"))
    .filter((path) => !LEFT_OUT.some((folder) => path.startsWith(folder)));
}

function putProbes(tree: string): void {
  for (const path of filesUnder(tree, "lib").filter((path) => path.endsWith(".ts"))) {
    const source = Deno.readTextFileSync(`${tree}/${path}`);
    const scopes = mutantsOf(path, source).flatMap(({ scopes }) => scopes);
    Deno.writeTextFileSync(`${tree}/${path}`, withProbes(source, scopes));
  }
}

/** Runs the tests of a folder. A test file with a failure cannot tell whether it sees a fault. */
async function reachOfFolder(tree: string, folder: string): Promise<TestFile[]> {
  const results = Deno.makeTempDirSync({ dir: tree });
  const { output } = await runTests(tree, testFilesIn(tree, folder), {
    patience: PATIENCE,
    flags: ["--parallel"],
    env: { MUTATION_REACH: results },
  });
  const failed = new Set(
    [...output.matchAll(/ => \.\/(tests\/\S+?):\d+/g)].map(([, path]) => path),
  );
  return [...Deno.readDirSync(results)].map(({ name }): TestFile => {
    const { test, ms, reached }: Reach = JSON.parse(Deno.readTextFileSync(`${results}/${name}`));
    return { path: test.slice(test.indexOf("/tests/") + 1), ms, reached: new Set(reached) };
  }).filter(({ path }) => !failed.has(path));
}

/** @param tree a copy of the tree, which gets the probes */
export async function reachOf(
  tree: string,
  report: (folder: string, files: readonly TestFile[]) => void,
): Promise<TestFile[]> {
  putProbes(tree);
  const all: TestFile[] = [];
  for (const folder of SUITE) {
    const files = await reachOfFolder(tree, folder);
    report(folder, files);
    all.push(...files);
  }
  return all;
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

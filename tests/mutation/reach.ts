/**
 * Finds out which test files run the code that gets a fault: runs them once without a fault, in a
 * copy of the tree with probes.
 *
 * @module
 */
import { type Mutant, mutantsOf } from "./mutants.ts";
import type { Reach } from "./preload.ts";
import { existsSync } from "node:fs";
import { LEFT_OUT, mayReachUnseen } from "./rooms.ts";
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

type Kept = Omit<TestFile, "reached"> & { readonly reached: readonly string[] };

/** All files in a folder of the tree, with paths relative to the tree. */
export function filesUnder(tree: string, folder: string): string[] {
  return [...Deno.readDirSync(`${tree}/${folder}`)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesUnder(tree, `${folder}/${name}`) : [`${folder}/${name}`]
  );
}

/** The test files that some files and folders in `tests/` hold. */
export function testFilesIn(tree: string, tests: readonly string[]): string[] {
  return tests.flatMap((test) =>
    test.endsWith(".ts") ? [`tests/${test}`] : filesUnder(tree, `tests/${test}`)
  ).filter((path) => path.endsWith("_test.ts"))
    .filter((path) => !LEFT_OUT.some((folder) => path.startsWith(folder)));
}

function putProbes(tree: string): void {
  for (const path of filesUnder(tree, "lib").filter((path) => path.endsWith(".ts"))) {
    const source = Deno.readTextFileSync(`${tree}/${path}`);
    const scopes = mutantsOf(path, source).flatMap(({ scopes }) => scopes);
    Deno.writeTextFileSync(`${tree}/${path}`, withProbes(source, scopes));
  }
}

/** What each test file reaches, learned when it is first asked for. */
export class ReachMap {
  readonly #tree: string;
  /** Where the map is kept for other runs; empty: nowhere. */
  readonly #keptIn: string;
  readonly #files = new Map<string, TestFile>();

  /** @param tree a copy of the tree, which gets the probes */
  constructor(tree: string, keptIn: string) {
    this.#tree = tree;
    this.#keptIn = keptIn;
    putProbes(tree);
    if (keptIn === "" || !existsSync(keptIn)) return;
    for (const file of JSON.parse(Deno.readTextFileSync(keptIn)) as readonly Kept[]) {
      this.#files.set(file.path, { ...file, reached: new Set(file.reached) });
    }
  }

  /** @returns those of the test files that run code with a fault, those with its name first */
  async watchersOf({ path, scopes }: Mutant, tests: readonly string[]): Promise<TestFile[]> {
    const paths = testFilesIn(this.#tree, tests);
    await this.#learn(paths.filter((path) => !this.#files.has(path)));
    const name = path.slice(path.lastIndexOf("/") + 1, -".ts".length);
    const hasName = (file: TestFile): number => Number(file.path.includes(`/${name}_`));
    return [...new Set(paths)].map((path) => this.#files.get(path))
      .filter((file) => file !== undefined)
      .filter((test) =>
        mayReachUnseen(test.path, path) || scopes.some(({ id }) => test.reached.has(id))
      )
      .sort((one, other) => hasName(other) - hasName(one) || one.ms - other.ms);
  }

  async #learn(paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return;
    const results = Deno.makeTempDirSync({ dir: this.#tree });
    const { output } = await runTests(this.#tree, paths, {
      patience: PATIENCE,
      flags: ["--parallel"],
      env: { MUTATION_REACH: results },
    });
    for (const { name } of Deno.readDirSync(results)) {
      const { test, ms, reached }: Reach = JSON.parse(Deno.readTextFileSync(`${results}/${name}`));
      const path = test.slice(test.indexOf("/tests/") + 1);
      this.#files.set(path, { path, ms, reached: new Set(reached) });
    }
    for (const [, path = ""] of output.matchAll(/ => \.\/(tests\/\S+?):\d+/g)) {
      // A test that fails without a fault cannot tell whether it sees one.
      this.#files.set(path, { path, ms: 0, reached: new Set() });
    }
    this.#keep();
  }

  #keep(): void {
    if (this.#keptIn === "") return;
    const rows = [...this.#files.values()].map((file): Kept => ({
      ...file,
      reached: [...file.reached],
    }));
    Deno.writeTextFileSync(this.#keptIn, JSON.stringify(rows));
  }
}

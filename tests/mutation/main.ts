/**
 * Looks for faults that no test sees: puts one at a time into a copy of the tree and runs the tests.
 *
 *     deno task test:mutation [--sample 15] [--seed 1] [--rooms stdio,mcp] [--only PATH:LINE]
 *         [--at COMMIT] [--reach FILE]
 *
 * Takes as many faults of each room (`rooms.ts`), each with the same chance. A fault meets those test
 * files of its room that run the faulty code, and if all faults of all rooms have met these, those
 * that are left meet the other test files that run it. Each line says whether a test failed
 * (`killed`) or hung (`hung`), and which, or that no test did (`SURVIVED`), or that no test runs the
 * code (`UNREACHED`): then a test is missing, or the fault changes nothing that anybody can see.
 *
 * `--at` looks at the tree of an earlier commit. `--reach` names a file that keeps which test runs
 * what, for more searches on the same commit.
 *
 * @module
 */
import { type Mutant, mutantsOf } from "./mutants.ts";
import { filesUnder, ReachMap, type TestFile } from "./reach.ts";
import { type Room, roomOf, ROOMS, SUITE } from "./rooms.ts";
import { type Patience, PRELOAD, runTests, type TestRun } from "./test_run.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
/** A run has hung if it takes this many times as long as without a fault, and this much longer. */
const RUN_PATIENCE = { factor: 3, extraMs: 120_000 };
/** A test has hung if it takes this many times as long as its file does without a fault. */
const TEST_PATIENCE = { factor: 4, minMs: 60_000, maxMs: 180_000 };

const OUTCOMES = { passed: "SURVIVED", failed: "killed", hung: "hung" } as const;
type Verdict = typeof OUTCOMES[keyof typeof OUTCOMES] | "UNREACHED";
const NO_RUN = { outcome: "passed", test: "" } as const;
const isSeen = ({ verdict }: Trial): boolean => verdict === "killed" || verdict === "hung";

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

function option(name: string, fallback: string): string {
  const index = Deno.args.indexOf(`--${name}`);
  return index < 0 ? fallback : Deno.args[index + 1] ?? fallback;
}

/** Numbers from 0 to 1 that a seed repeats (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Some faults of a room: each of its faults has the same chance. */
function sampleOf(tree: string, room: Room): Mutant[] {
  const [size, seed, only] = [option("sample", "15"), option("seed", "1"), option("only", "")];
  const all = filesUnder(tree, room.source)
    .filter((path) => path.endsWith(".ts") && roomOf(path) === room)
    .toSorted()
    .flatMap((path) => mutantsOf(path, Deno.readTextFileSync(`${tree}/${path}`)))
    .filter(({ path, line }) => `${path}:${line}`.includes(only));
  const random = randomFrom(Number(seed));
  const chosen = all.map((mutant) => ({ mutant, at: random() }))
    .sort((one, other) => one.at - other.at).slice(0, Number(size)).map(({ mutant }) => mutant);
  print(`${room.name}: ${chosen.length} of ${all.length} faults, seed ${seed}`);
  return chosen;
}

async function git(...args: readonly string[]): Promise<void> {
  const { success } = await new Deno.Command("git", { args: [...args] }).output();
  if (!success) throw new Error(`git ${args.join(" ")} failed`);
}

/** Copies the tree, as it was at the commit that `--at` names, with the preload of today. */
async function cloneTo(tree: string): Promise<string> {
  await git("clone", "-q", ROOT, tree);
  const commit = option("at", "");
  if (commit === "") return tree;
  await git("-C", tree, "checkout", "-q", commit);
  Deno.copyFileSync(`${ROOT}${PRELOAD}`, `${tree}/${PRELOAD}`);
  return tree;
}

function patienceFor(files: readonly TestFile[]): Patience {
  const { factor, minMs, maxMs } = TEST_PATIENCE;
  const slowestMs = Math.max(...files.map(({ ms }) => ms));
  const usualMs = files.reduce((sum, { ms }) => sum + ms, 0);
  return {
    runMs: usualMs * RUN_PATIENCE.factor + RUN_PATIENCE.extraMs,
    testMs: Math.ceil(Math.min(maxMs, Math.max(minMs, slowestMs * factor))),
  };
}

/** Puts a fault into a copy of the tree, runs tests, and takes it out again. */
async function runWith(
  { path, start, end, text }: Mutant,
  tree: string,
  files: readonly TestFile[],
): Promise<TestRun> {
  const source = Deno.readTextFileSync(`${tree}/${path}`);
  Deno.writeTextFileSync(`${tree}/${path}`, source.slice(0, start) + text + source.slice(end));
  try {
    const options = { patience: patienceFor(files), flags: ["--fail-fast"] };
    return await runTests(tree, files.map(({ path }) => path), options);
  } finally {
    Deno.writeTextFileSync(`${tree}/${path}`, source);
  }
}

/** A fault of a room, and what became of it so far. */
interface Trial {
  readonly room: Room;
  readonly mutant: Mutant;
  verdict: Verdict;
}

/** Runs those of the tests that reach a fault, unless another test has seen it. */
async function examine(
  trial: Trial,
  tests: readonly string[],
  { tree, reach }: { readonly tree: string; readonly reach: ReachMap },
): Promise<void> {
  const { mutant } = trial;
  const files = await reach.watchersOf(mutant, tests);
  const { outcome, test } = files.length === 0 ? NO_RUN : await runWith(mutant, tree, files);
  if (files.length > 0) trial.verdict = OUTCOMES[outcome];
  const saw = test === "" ? "" : `  [${test.slice(0, 90)}]`;
  print(
    `${trial.verdict.padEnd(9)} ${mutant.path}:${mutant.line}  ${mutant.change.slice(0, 90)}${saw}`,
  );
}

function printTable(trials: readonly Trial[]): void {
  const row = (name: string, of: readonly Trial[]): void => {
    const seen = of.filter(isSeen).length;
    print(`| ${name} | ${of.length} | ${seen} | ${of.length - seen} |`);
  };
  print("| room | faults | seen | survived |\n| --- | --- | --- | --- |");
  for (const [{ name }, of] of Map.groupBy(trials, ({ room }) => room)) row(name, of);
  row("all", trials);
}

const folder = await Deno.makeTempDir();
try {
  const tree = await cloneTo(`${folder}/tree`);
  const reach = new ReachMap(await cloneTo(`${folder}/probes`), option("reach", ""));
  const names = option("rooms", ROOMS.map(({ name }) => name).join()).split(",");
  const trials = ROOMS.filter(({ name }) => names.includes(name)).flatMap((room) =>
    sampleOf(tree, room).map((mutant): Trial => ({ room, mutant, verdict: "UNREACHED" }))
  );
  for (const trial of trials) await examine(trial, trial.room.tests, { tree, reach });
  const left = trials.filter((trial) => !isSeen(trial));
  print(`${left.length} not seen by the tests of their rooms; now the others`);
  for (const trial of left) {
    const others = SUITE.filter((test) => !trial.room.tests.includes(test));
    await examine(trial, others, { tree, reach });
  }
  printTable(trials);
} finally {
  await Deno.remove(folder, { recursive: true });
}

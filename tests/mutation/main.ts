/**
 * Looks for faults that no test sees: puts one at a time into a copy of the tree and runs the tests.
 *
 *     deno task test:mutation [--sample 15] [--seed 1] [--rooms stdio,mcp] [--only PATH:LINE] [--jobs 1] [--reach FILE]
 *
 * Takes as many faults of each room (`rooms.ts`). First runs all tests once, to learn which test
 * files reach which fault, and keeps that in FILE for more runs on the same commit. Then each fault meets the test files of its room that reach it, and if
 * none fails, all others that reach it. Each line says whether a test failed (`killed`) or hung
 * (`hung`), and which, or that no test did (`SURVIVED`), or that no test reaches the fault
 * (`UNREACHED`). A survivor is either a missing test, or a fault that changes nothing that anybody
 * can see.
 *
 * @module
 */
import { type Mutant, mutantsOf } from "./mutants.ts";
import { filesUnder, reachOf, type TestFile, watchersOf } from "./reach.ts";
import { type Room, roomOf, ROOMS } from "./rooms.ts";
import { type Patience, runTests } from "./test_run.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
/** A run has hung if it takes this many times as long as without a fault, and this much longer. */
const RUN_PATIENCE = { factor: 3, extraMs: 45_000 };
/** A test has hung if it takes this many times as long as its file does without a fault. */
const TEST_PATIENCE = { factor: 4, minMs: 30_000, maxMs: 60_000 };

const OUTCOMES = { passed: "SURVIVED", failed: "killed", hung: "hung" } as const;
type Verdict = typeof OUTCOMES[keyof typeof OUTCOMES] | "UNREACHED";

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

async function cloneTo(tree: string): Promise<string> {
  const { success } = await new Deno.Command("git", { args: ["clone", "-q", ROOT, tree] }).output();
  if (!success) throw new Error("git cannot copy the tree");
  return tree;
}

/** What each test file reaches, from a file of an earlier run on the same commit if there is one. */
async function watchedBy(tree: string): Promise<TestFile[]> {
  const file = option("reach", "");
  try {
    const known: readonly [string, number, string[]][] = JSON.parse(Deno.readTextFileSync(file));
    return known.map(([path, ms, reached]) => ({ path, ms, reached: new Set(reached) }));
  } catch {
    const files = await reachOf(tree, (folder, { length }) => print(`${folder}: ${length} files`));
    if (file !== "") {
      const rows = files.map(({ path, ms, reached }) => [path, ms, [...reached]]);
      Deno.writeTextFileSync(file, JSON.stringify(rows));
    }
    return files;
  }
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

/** Puts a fault into a copy of the tree, runs the tests that reach it, and takes it out again. */
async function examine(
  { mutant, room }: Candidate,
  tree: string,
  files: readonly TestFile[],
): Promise<{ readonly verdict: Verdict; readonly test: string }> {
  const { own, others } = watchersOf(mutant, room, files);
  const path = `${tree}/${mutant.path}`;
  const source = Deno.readTextFileSync(path);
  Deno.writeTextFileSync(
    path,
    source.slice(0, mutant.start) + mutant.text + source.slice(mutant.end),
  );
  let verdict: Verdict = "UNREACHED";
  try {
    for (const group of [own, others].filter(({ length }) => length > 0)) {
      const options = { patience: patienceFor(group), flags: ["--fail-fast"] };
      const { outcome, test } = await runTests(tree, group.map(({ path }) => path), options);
      if (outcome !== "passed") return { verdict: OUTCOMES[outcome], test };
      verdict = "SURVIVED";
    }
    return { verdict, test: "" };
  } finally {
    Deno.writeTextFileSync(path, source);
  }
}

interface Candidate {
  readonly room: Room;
  readonly mutant: Mutant;
}

/** Examines the candidates in turn, in a copy of the tree. */
async function work(
  queue: Candidate[],
  tree: string,
  files: readonly TestFile[],
  report: (candidate: Candidate, verdict: Verdict) => void,
): Promise<void> {
  for (let candidate = queue.shift(); candidate !== undefined; candidate = queue.shift()) {
    const { path, line, change } = candidate.mutant;
    const { verdict, test } = await examine(candidate, tree, files);
    const saw = test === "" ? "" : `  [${test.slice(0, 90)}]`;
    print(`${verdict.padEnd(9)} ${path}:${line}  ${change.slice(0, 90)}${saw}`);
    report(candidate, verdict);
  }
}

function printTable(verdicts: ReadonlyMap<Room, readonly Verdict[]>): void {
  const row = (name: string, all: readonly Verdict[]): void => {
    const seen = all.filter((verdict) => verdict === "killed" || verdict === "hung").length;
    print(`| ${name} | ${all.length} | ${seen} | ${all.length - seen} |`);
  };
  print("| room | faults | seen | survived |\n| --- | --- | --- | --- |");
  for (const [{ name }, all] of verdicts) row(name, all);
  row("all", [...verdicts.values()].flat());
}

const folder = await Deno.makeTempDir();
try {
  const tree = await cloneTo(`${folder}/0`);
  const names = option("rooms", ROOMS.map(({ name }) => name).join()).split(",");
  const queue = ROOMS.filter(({ name }) => names.includes(name))
    .flatMap((room) => sampleOf(tree, room).map((mutant) => ({ room, mutant })));
  const files = await watchedBy(await cloneTo(`${folder}/probes`));
  const verdicts = new Map<Room, Verdict[]>(queue.map(({ room }) => [room, []]));
  const others = Array.from({ length: Number(option("jobs", "1")) - 1 }, (_, i) => i + 1);
  const trees = [tree, ...await Promise.all(others.map((i) => cloneTo(`${folder}/${i}`)))];
  const report = ({ room }: Candidate, verdict: Verdict) => verdicts.get(room)?.push(verdict);
  await Promise.all(trees.map((tree) => work(queue, tree, files, report)));
  printTable(verdicts);
} finally {
  await Deno.remove(folder, { recursive: true });
}

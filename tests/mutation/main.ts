/**
 * Looks for faults that no test sees: puts one at a time into a copy of the tree and runs the tests.
 *
 *     deno task test:mutation [--sample 160] [--seed 1] [--rooms stdio,mcp] [--only PATH]
 *
 * The sample is spread evenly over all rooms (`rooms.ts`), of which some can be chosen. Each line says whether a test failed
 * (`killed`) or hung (`hung`), and which, or that no test did (`SURVIVED`). A survivor is either a
 * missing test, or a fault that changes nothing that anybody can see.
 *
 * @module
 */
import { type Mutant, mutantsOf } from "./mutants.ts";
import { type Room, roomOf, ROOMS } from "./rooms.ts";
import { type Patience, runTests, type TestRun } from "./test_run.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
/** A run has hung if it takes this many times as long as without a fault, and this much longer. */
const PATIENCE = { factor: 3, extraMs: 45_000 };
/** A test has hung if it takes this many times as long as the slowest one, and at least this long. */
const TEST_PATIENCE = { factor: 4, minMs: 30_000 };
/** Time limits without a fault. */
const BASELINE: Patience = { runMs: 900_000, testMs: 600_000 };

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

function filesUnder(folder: string): string[] {
  return [...Deno.readDirSync(`${ROOT}${folder}`)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesUnder(`${folder}/${name}`) : [`${folder}/${name}`]
  ).filter((path) => path.endsWith(".ts"));
}

/** Some faults of a room: each of its faults has the same chance. */
function sampleOf(room: Room, size: number, seed: number, only: string): Mutant[] {
  const all = filesUnder(room.source)
    .filter((path) => roomOf(path) === room && path.includes(only))
    .toSorted()
    .flatMap((path) => mutantsOf(path, Deno.readTextFileSync(ROOT + path)));
  const random = randomFrom(seed);
  const chosen = all.map((mutant) => ({ mutant, at: random() }))
    .sort((one, other) => one.at - other.at).slice(0, size).map(({ mutant }) => mutant);
  if (all.length > 0) print(`${room.name}: ${chosen.length} of ${all.length} faults, seed ${seed}`);
  return chosen;
}

async function cloneTo(copy: string): Promise<void> {
  const { success } = await new Deno.Command("git", { args: ["clone", "-q", ROOT, copy] }).output();
  if (!success) throw new Error("git cannot copy the tree");
}

/** Runs one room's tests, with patience by how long they take without a fault. */
class RoomTests {
  readonly #room: Room;
  readonly #copy: string;
  /** Measured without a fault, before the first use. */
  readonly #patience = new Map<"narrow" | "wide", Patience>();

  constructor(room: Room, copy: string) {
    this.#room = room;
    this.#copy = copy;
  }

  /** @throws {Error} where a test fails without a fault */
  async measure(kind: "narrow" | "wide"): Promise<Patience> {
    const known = this.#patience.get(kind);
    if (known !== undefined) return known;
    const startedAt = performance.now();
    const run = await runTests(this.#copy, this.#room[kind], BASELINE);
    if (run.outcome !== "passed") {
      throw new Error(`Without any fault, this test ${run.outcome}: ${run.test}`);
    }
    const usualMs = performance.now() - startedAt;
    const patience = {
      runMs: usualMs * PATIENCE.factor + PATIENCE.extraMs,
      testMs: Math.ceil(Math.max(TEST_PATIENCE.minMs, run.slowestMs * TEST_PATIENCE.factor)),
    };
    this.#patience.set(kind, patience);
    return patience;
  }

  /** Runs the narrow tests with a fault, and the others if no narrow test failed. */
  async run(mutant: Mutant): Promise<TestRun> {
    const first = await this.#runWith(mutant, "narrow");
    return first.outcome === "passed" ? await this.#runWith(mutant, "wide") : first;
  }

  async #runWith({ path, start, end, text }: Mutant, kind: "narrow" | "wide"): Promise<TestRun> {
    const patience = await this.measure(kind);
    // Reads the copy, because the tree may change meanwhile.
    const source = Deno.readTextFileSync(`${this.#copy}/${path}`);
    const mutated = source.slice(0, start) + text + source.slice(end);
    Deno.writeTextFileSync(`${this.#copy}/${path}`, mutated);
    try {
      return await runTests(this.#copy, this.#room[kind], patience);
    } finally {
      Deno.writeTextFileSync(`${this.#copy}/${path}`, source);
    }
  }
}

const OUTCOMES = { passed: "SURVIVED", failed: "killed", hung: "hung" } as const;

/** @returns how many faults of the room no test has seen */
async function examine(room: Room, mutants: readonly Mutant[], copy: string): Promise<number> {
  const tests = new RoomTests(room, copy);
  await tests.measure("narrow");
  let survived = 0;
  for (const mutant of mutants) {
    const { outcome, test } = await tests.run(mutant);
    if (outcome === "passed") survived++;
    const change = mutant.change.slice(0, 90);
    const saw = test === "" ? "" : `  [${test.slice(0, 90)}]`;
    print(`${OUTCOMES[outcome].padEnd(8)} ${mutant.path}:${mutant.line}  ${change}${saw}`);
  }
  print(`${room.name}: ${mutants.length - survived} killed, ${survived} survived`);
  return survived;
}

const folder = await Deno.makeTempDir();
const copy = `${folder}/tree`;
try {
  await cloneTo(copy);
  const quota = Math.ceil(Number(option("sample", "160")) / ROOMS.length);
  const names = option("rooms", ROOMS.map(({ name }) => name).join()).split(",");
  const chosen = ROOMS.filter(({ name }) => names.includes(name)).map((room) => ({
    room,
    mutants: sampleOf(room, quota, Number(option("seed", "1")), option("only", "")),
  }));
  const total = chosen.reduce((sum, { mutants }) => sum + mutants.length, 0);
  let survived = 0;
  for (const { room, mutants } of chosen) {
    if (mutants.length > 0) survived += await examine(room, mutants, copy);
  }
  print(`${total - survived} killed, ${survived} survived`);
} finally {
  await Deno.remove(folder, { recursive: true });
}

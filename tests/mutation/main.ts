/**
 * Looks for faults that no test sees: puts one at a time into a copy of the tree and runs the tests.
 *
 *     deno task test:mutation [--sample 40] [--seed 1] [--only stdio]
 *
 * Each line says whether a test failed (`killed`), hung (`hung`) or nothing did (`SURVIVED`). A
 * survivor is either a missing test, or a fault that changes nothing that anybody can see.
 *
 * @module
 */
import { type Mutant, mutantsOf } from "./mutants.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const ROOMS = ["stream", "transport", "mcp", "wire", "registry", "store", "http"];
/** Time after which the tests of one fault count as hung (ms). */
const PATIENCE_MS = 240_000;
/** Folders of tests that need processes, proxies, browsers or machines. */
const SLOW = ["browser", "clients", "doctor", "operations", "closure", "halfopen", "faults/server"]
  .map((folder) => `tests/${folder}`);

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

/** A fair sample: every fault of every file has the same chance. */
function sample(size: number, seed: number, only: string): Mutant[] {
  const all = ROOMS.flatMap((room) => filesUnder(`lib/${room}`))
    .filter((path) => path.includes(only))
    .flatMap((path) => mutantsOf(path, Deno.readTextFileSync(ROOT + path)));
  const random = randomFrom(seed);
  const chosen = all.map((mutant) => ({ mutant, at: random() }))
    .sort((one, other) => one.at - other.at).slice(0, size).map(({ mutant }) => mutant);
  print(`${chosen.length} of ${all.length} faults, seed ${seed}`);
  return chosen;
}

async function run(command: string, args: readonly string[], cwd: string): Promise<number> {
  const child = new Deno.Command(command, {
    args: [...args],
    cwd,
    stdout: "null",
    stderr: "null",
  }).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  const { code, signal } = await child.status;
  clearTimeout(timer);
  return signal === "SIGKILL" ? -1 : code;
}

function testsIn(copy: string, folder: string): Promise<number> {
  const args = ["test", "--frozen", "--lock=tests/deno.lock", "--no-check", "--parallel"];
  return run(Deno.execPath(), [...args, "--fail-fast", "-A", `--ignore=${SLOW}`, folder], copy);
}

async function verdict(mutant: Mutant, copy: string): Promise<string> {
  const source = Deno.readTextFileSync(ROOT + mutant.path);
  const mutated = source.slice(0, mutant.start) + mutant.text + source.slice(mutant.end);
  Deno.writeTextFileSync(`${copy}/${mutant.path}`, mutated);
  try {
    // The tests of the room itself see most faults, and take seconds.
    const room = mutant.path.split("/")[1] ?? "";
    const code = await testsIn(copy, `tests/${room}`) || await testsIn(copy, "tests");
    return code === 0 ? "SURVIVED" : code < 0 ? "hung" : "killed";
  } finally {
    Deno.writeTextFileSync(`${copy}/${mutant.path}`, source);
  }
}

const folder = await Deno.makeTempDir();
const copy = `${folder}/tree`;
try {
  await run("git", ["clone", "-q", ROOT, copy], folder);
  if (await testsIn(copy, "tests") !== 0) {
    throw new Error("The tests fail before any fault is put in");
  }
  const mutants = sample(
    Number(option("sample", "40")),
    Number(option("seed", "1")),
    option("only", ""),
  );
  let survived = 0;
  for (const mutant of mutants) {
    const outcome = await verdict(mutant, copy);
    if (outcome === "SURVIVED") survived++;
    print(`${outcome.padEnd(8)} ${mutant.path}:${mutant.line}  ${mutant.change.slice(0, 90)}`);
  }
  print(`${mutants.length - survived} killed, ${survived} survived`);
} finally {
  await Deno.remove(folder, { recursive: true });
}

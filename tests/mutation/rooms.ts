/**
 * The rooms that get faults, and the tests that may see them.
 *
 * @module
 */

/** A part of `lib/`, and the tests that watch it. */
export interface Room {
  readonly name: string;
  /** Folder of the sources. */
  readonly source: string;
  /** Files and folders in `tests/` that run first. */
  readonly tests: readonly string[];
  /** Of the tests, those that start processes: no probe shows what they reach, so they always run. */
  readonly processes: readonly string[];
}

/** Of these rooms, the first whose folder holds a file owns it. */
export const ROOMS: readonly Room[] = [
  { name: "wire", source: "lib/wire", tests: ["wire"], processes: [] },
  {
    name: "stdio",
    source: "lib/transport/stdio",
    tests: ["transport/stdio", "transport/batch_test.ts", "spec/stdio_test.ts"],
    processes: [],
  },
  { name: "transport", source: "lib/transport", tests: ["transport", "resume"], processes: [] },
  { name: "stream", source: "lib/stream", tests: ["stream"], processes: [] },
  { name: "registry", source: "lib/registry", tests: ["registry"], processes: [] },
  { name: "mcp", source: "lib/mcp", tests: ["mcp"], processes: ["telemetry"] },
  { name: "base", source: "lib/base", tests: ["base"], processes: [] },
  { name: "http", source: "lib/http", tests: ["http"], processes: ["telemetry"] },
  { name: "auth", source: "lib/auth", tests: ["auth"], processes: [] },
  { name: "fleet", source: "lib/fleet", tests: ["instances"], processes: [] },
  // Deno KV has its own room, so that a fault in it does not run the tests of all stores.
  { name: "kv", source: "lib/store/kv", tests: ["store/kv_store_test.ts"], processes: [] },
  { name: "store", source: "lib/store", tests: ["store"], processes: [] },
  { name: "gateway", source: "lib/gateway", tests: ["gateway"], processes: [] },
  { name: "middleware", source: "lib/middleware", tests: ["mcp"], processes: [] },
  { name: "runtime", source: "lib/runtime", tests: ["runtime"], processes: ["runtime"] },
];

/** Sources that only tests with other programs reach. */
const NEEDS_PROGRAMS = ["lib/store/redis/"];

/** The room that owns a source file, or undefined. */
export function roomOf(path: string): Room | undefined {
  if (NEEDS_PROGRAMS.some((folder) => path.startsWith(folder))) return undefined;
  return ROOMS.find(({ source }) => path.startsWith(`${source}/`));
}

/** Folders of `tests/` whose tests may see a fault. */
export const SUITE: readonly string[] = [
  ...["wire", "stream", "mcp", "registry", "transport", "resume", "http", "spec", "base"],
  ...["adversarial", "auth", "gateway", "instances", "store", "tools", "testing", "faults"],
  ...["telemetry", "runtime"],
];

/** Folders in these whose tests need the server, or others, as programs. */
export const LEFT_OUT: readonly string[] = ["tests/faults/server/", "tests/gateway/programs/"];

/** Whether a test file is one of some files and folders in `tests/`. */
export function isAmong(file: string, tests: readonly string[]): boolean {
  return tests.some((test) => file === `tests/${test}` || file.startsWith(`tests/${test}/`));
}

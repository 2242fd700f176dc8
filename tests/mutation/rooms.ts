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
}

/** Of these rooms, the first whose folder holds a file owns it. */
export const ROOMS: readonly Room[] = [
  { name: "wire", source: "lib/wire", tests: ["wire"] },
  {
    name: "stdio",
    source: "lib/transport/stdio",
    tests: ["transport/stdio", "transport/batch_test.ts", "spec/stdio_test.ts"],
  },
  { name: "transport", source: "lib/transport", tests: ["transport", "resume"] },
  { name: "stream", source: "lib/stream", tests: ["stream"] },
  { name: "registry", source: "lib/registry", tests: ["registry"] },
  { name: "mcp", source: "lib/mcp", tests: ["mcp"] },
  { name: "base", source: "lib/base", tests: ["base"] },
  { name: "http", source: "lib/http", tests: ["http"] },
  { name: "auth", source: "lib/auth", tests: ["auth"] },
  { name: "fleet", source: "lib/fleet", tests: ["instances"] },
  // Deno KV has its own room, so that a fault in it does not run the tests of all stores.
  { name: "kv", source: "lib/store/kv", tests: ["store/kv_store_test.ts"] },
  { name: "store", source: "lib/store", tests: ["store"] },
  { name: "gateway", source: "lib/gateway", tests: ["gateway"] },
  { name: "middleware", source: "lib/middleware", tests: ["mcp"] },
  { name: "runtime", source: "lib/runtime", tests: ["runtime"] },
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

/** Whether a test may run a source in a process of its own, where no probe tells. */
export function mayReachUnseen(test: string, source: string): boolean {
  return test.startsWith("tests/runtime/") && source.startsWith("lib/runtime/");
}

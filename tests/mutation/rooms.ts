/**
 * The rooms that get faults, each with its tests.
 *
 * @module
 */

/** A part of `lib/`, and the tests that watch it. */
export interface Room {
  readonly name: string;
  /** Folder of the sources. */
  readonly source: string;
  /** Run first: they see most faults, and take seconds. */
  readonly narrow: readonly string[];
  /** Run where no narrow test has failed. */
  readonly wide: readonly string[];
}

/** Of these rooms, the first whose folder holds a file owns it. */
export const ROOMS: readonly Room[] = [
  {
    name: "base",
    source: "lib/base",
    narrow: ["base"],
    wide: ["wire", "stream", "mcp", "http", "transport"],
  },
  {
    name: "auth",
    source: "lib/auth",
    narrow: ["auth"],
    wide: ["http", "adversarial"],
  },
  {
    name: "fleet",
    source: "lib/fleet",
    narrow: ["instances"],
    wide: ["store", "resume", "transport", "http"],
  },
  {
    name: "gateway",
    source: "lib/gateway",
    narrow: ["gateway/*_test.ts"],
    wide: ["mcp", "http"],
  },
  {
    name: "middleware",
    source: "lib/middleware",
    narrow: ["mcp/ready_middleware_test.ts", "mcp/middleware_test.ts"],
    wide: ["registry", "http"],
  },
  {
    name: "stdio",
    source: "lib/transport/stdio",
    narrow: ["transport/stdio", "transport/batch_test.ts", "spec/stdio_test.ts"],
    wide: ["transport", "mcp", "adversarial", "spec"],
  },
  {
    name: "transport",
    source: "lib/transport",
    narrow: ["transport", "resume"],
    wide: ["spec", "http", "mcp", "adversarial", "faults", "auth"],
  },
  {
    name: "stream",
    source: "lib/stream",
    narrow: ["stream"],
    wide: ["transport", "http", "resume", "adversarial", "auth"],
  },
  {
    name: "mcp",
    source: "lib/mcp",
    narrow: ["mcp"],
    wide: ["auth", "spec", "transport", "registry", "telemetry", "http", "resume"],
  },
  {
    name: "wire",
    source: "lib/wire",
    narrow: ["wire"],
    wide: ["spec", "mcp", "transport", "http"],
  },
  {
    name: "registry",
    source: "lib/registry",
    narrow: ["registry"],
    wide: ["mcp", "spec", "tools", "testing", "http"],
  },
  {
    name: "kv",
    source: "lib/store/kv",
    narrow: ["store/kv_store_test.ts"],
    wide: ["instances"],
  },
  {
    name: "store",
    source: "lib/store",
    narrow: ["store"],
    wide: ["instances", "resume", "http"],
  },
  {
    name: "http",
    source: "lib/http",
    narrow: ["http"],
    wide: ["instances", "telemetry", "spec", "auth", "adversarial", "resume", "transport"],
  },
];

/** Sources that only tests with other programs reach. */
const NEEDS_PROGRAMS = ["lib/store/redis/"];

/** The room that owns a source file, or undefined. */
export function roomOf(path: string): Room | undefined {
  if (NEEDS_PROGRAMS.some((folder) => path.startsWith(folder))) return undefined;
  return ROOMS.find(({ source }) => path.startsWith(`${source}/`));
}

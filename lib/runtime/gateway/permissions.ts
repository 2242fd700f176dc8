/**
 * The permissions of a gateway: as narrow as its commands, its remote servers and its settings allow.
 *
 * @module
 */
import type { ServerConfig } from "../../gateway/config.ts";

/** The parts of the surroundings that decide the permissions. */
export interface Surroundings {
  readonly servers: readonly ServerConfig[];
  /** The text of the file of servers; empty if there is none. */
  readonly file: string;
  /** All environment variables. */
  readonly env: Readonly<Record<string, string>>;
  /** Values of flags, by the names of their settings. */
  readonly flags: ReadonlyMap<string, string>;
  /** Whether a program can be found by its name. */
  readonly hasProgram: (name: string) => boolean;
}

/** Addresses that a server listens on. */
const LISTENED = ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[::]"];
/** Variables that servers get, and those of the gateway. */
const VARIABLES = ["PORT", "HOST", "MCP_*", "PATH", "HOME", "LANG", "TMPDIR"];
/** Settings that lead to hosts that are unknown at the start. */
const NETWORKED = ["MCP_AUTH_ISSUERS", "MCP_AUTH_INTROSPECTION_URL"];
const VARIABLE_REGEXP = /\$\{([A-Za-z_]\w*)/g;

/** The flags of `deno run` for a gateway. */
export function permissionFlags(surroundings: Surroundings): readonly string[] {
  return [
    flag("net", netOf(surroundings)),
    flag("env", envOf(surroundings)),
    flag("read", readOf(surroundings)),
    flag("run", runOf(surroundings)),
    "--allow-sys=systemMemoryInfo",
  ];
}

/** A name with a comma cannot be part of a list, so everything is granted. */
function flag(name: string, list: readonly string[] | undefined): string {
  const isWhole = list === undefined || list.some((one) => one.includes(","));
  return isWhole ? `--allow-${name}` : `--allow-${name}=${[...new Set(list)].join(",")}`;
}

function netOf({ servers, env, flags }: Surroundings): readonly string[] | undefined {
  const valueOf = (name: string) => flags.get(name) ?? env[name] ?? "";
  if (NETWORKED.some((name) => valueOf(name) !== "")) return undefined;
  const host = valueOf("HOST");
  const remotes = servers.flatMap(({ launch }) => "url" in launch ? [hostOf(launch.url)] : []);
  return [
    ...LISTENED,
    ...(host === "" ? [] : [host.includes(":") ? `[${host}]` : host]),
    ...remotes,
  ];
}

function hostOf(address: string): string {
  const { hostname, port, protocol } = new URL(address);
  return `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
}

function envOf({ servers, file }: Surroundings): readonly string[] | undefined {
  const inherits = servers.some(({ launch }) => "command" in launch && launch.inheritEnv);
  if (inherits) return undefined;
  return [...VARIABLES, ...[...file.matchAll(VARIABLE_REGEXP)].map(([, name = ""]) => name)];
}

function readOf({ env, flags }: Surroundings): readonly string[] {
  const given = { ...env, ...Object.fromEntries(flags) };
  const files = Object.entries(given)
    .filter(([name, value]) => value !== "" && isNameOfFile(name));
  return [".", ...files.map(([, path]) => path)];
}

function isNameOfFile(setting: string): boolean {
  return setting === "MCP_SERVERS" || /^MCP_\w+_FILE$/.test(setting);
}

/**
 * The program `kill` ends process groups, because Deno itself needs permission for all programs to
 * do so.
 */
function runOf({ servers, hasProgram, env, flags }: Surroundings): readonly string[] | undefined {
  const programs = servers.flatMap(({ launch }) => "command" in launch ? [launch] : []);
  if (programs.length === 0) return ["kill"];
  // Deno asks for all if a variable can change the code of any program.
  const changesPrograms = programs.some(({ env: own, inheritEnv }) =>
    inheritEnv || Object.keys(own).some((name) => /^(LD|DYLD)_/.test(name))
  );
  if (changesPrograms || !hasProgram("kill")) return undefined;
  const probes = (flags.get("MCP_TCP_PROBE") ?? env.MCP_TCP_PROBE) === "ss" ? ["ss"] : [];
  return [...programs.map(({ command }) => command), "kill", ...probes];
}

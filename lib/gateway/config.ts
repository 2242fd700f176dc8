/**
 * Reads the file of servers, in the form that clients share: `mcpServers` or `servers`, with
 * `${VAR}` and `${VAR:-default}` in its texts. Lifeline's own options stand under `lifeline`.
 *
 * @module
 */
import { ConfigError, messageOf } from "../base/errors.ts";
import { nearestOf } from "../base/nearest.ts";
import { duplicateKeys } from "./duplicate_keys.ts";
import { type Launch, PROGRAM_KEYS, readProgram, readRemote, REMOTE_KEYS } from "./launch.ts";
import { readServerOptions, type ServerOptions, unknownKey } from "./server_options.ts";
import { isObject, type JsonObject } from "../wire/json_rpc.ts";

/** One server of the file. */
export interface ServerConfig extends ServerOptions {
  readonly name: string;
  readonly launch: Launch;
}

/** The contents of a file, and its unknown members. */
export interface ServersFile {
  readonly servers: readonly ServerConfig[];
  readonly warnings: readonly string[];
}

/** The keys under which a file may list its servers. */
const GROUPS = ["mcpServers", "servers"];
const NAME_REGEXP = /^[A-Za-z0-9_-]{1,32}$/;
/** The last parts of the paths that every app has below `/mcp`. */
const RESERVED = ["sse", "info", "stdio", "connections"];

/**
 * Reads the text of a file.
 *
 * @param env reads an environment variable
 * @throws {ConfigError} naming everything that is wrong
 */
export function readServers(
  text: string,
  env: (name: string) => string | undefined,
): ServersFile {
  const reader = new Reader(env);
  const servers = reader.read(text);
  if (reader.faults.length > 0) {
    // A key that is not known may be the one that is missing, misspelt.
    const lines = [...reader.faults, ...reader.warnings];
    throw new ConfigError(["Invalid MCP_SERVERS:", ...lines].join("\n  "));
  }
  return { servers, warnings: reader.warnings };
}

class Reader {
  readonly faults: string[] = [];
  readonly warnings: string[] = [];
  readonly #env: (name: string) => string | undefined;

  constructor(env: (name: string) => string | undefined) {
    this.#env = env;
  }

  read(text: string): readonly ServerConfig[] {
    const entries = this.#entries(text);
    const enabled = entries.filter(([, entry]) => !isObject(entry) || entry.disabled !== true);
    if (enabled.length === 0 && this.faults.length === 0) this.faults.push("it names no server");
    const isAlone = enabled.length === 1;
    return enabled.map(([name, entry]) => this.#server(name, entry, isAlone))
      .filter((server) => server !== undefined);
  }

  #entries(text: string): readonly (readonly [string, unknown])[] {
    let file: unknown;
    try {
      file = JSON.parse(text);
    } catch (error) {
      this.faults.push(`it is not JSON${placeOf(error)}`);
      return [];
    }
    for (const { path, key, lines: [first, second] } of duplicateKeys(text)) {
      const where = [...path, key].join(".");
      this.faults.push(`${where} stands on line ${first} and again on line ${second}`);
    }
    const { mcpServers, servers } = isObject(file) ? file : {};
    const groups = [mcpServers, servers].filter(isObject);
    if (isObject(mcpServers) && isObject(servers)) {
      for (const name of Object.keys(servers).filter((one) => Object.hasOwn(mcpServers, one))) {
        this.faults.push(`${name} stands under "mcpServers" and under "servers"`);
      }
    }
    if (groups.length > 0) return groups.flatMap((group) => Object.entries(group));
    const keys = isObject(file) ? Object.keys(file) : [];
    const found = isObject(file) ? keys.join(", ") || "nothing" : "a value that is not an object";
    const isNear = keys.some((key) => nearestOf(key, GROUPS) !== undefined);
    const hint = isNear ? '; did you mean "mcpServers"?' : "";
    this.faults.push(`it needs an object "mcpServers" (or "servers"); found ${found}${hint}`);
    return [];
  }

  #server(name: string, entry: unknown, isAlone: boolean): ServerConfig | undefined {
    const before = this.faults.length;
    const fault = (what: string) => void this.faults.push(`${name}: ${what}`);
    const nameFault = faultOfName(name);
    if (nameFault !== undefined) fault(nameFault);
    if (!isObject(entry)) return fault("must be an object"), undefined;
    const { lifeline = {} } = entry;
    if (!isObject(lifeline)) return fault('"lifeline" must be an object'), undefined;
    const isRemote = entry.url !== undefined;
    if (isRemote && entry.command !== undefined) fault('has both "url" and "command"');
    this.#warnUnknown(name, entry, isRemote ? REMOTE_KEYS : PROGRAM_KEYS);
    const reading = { fault, expand: (text: string) => this.#expand(name, text) };
    const launch = isRemote
      ? readRemote(entry, reading)
      : readProgram(entry, lifeline.inheritEnv === true, reading);
    const own = readServerOptions(name, lifeline, {
      isAlone,
      fault: (what) => void this.faults.push(`${name}.lifeline: ${what}`),
    });
    return this.faults.length > before ? undefined : { name, ...own, launch };
  }

  #expand(name: string, text: string): string {
    return text.replace(/\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}/g, (_, variable, fallback) => {
      const value = this.#env(variable) || fallback;
      if (value === undefined) {
        this.faults.push(`${name}: \${${variable}} is not set, and has no default`);
      }
      return value ?? "";
    });
  }

  #warnUnknown(where: string, entry: JsonObject, known: readonly string[]): void {
    for (const key of Object.keys(entry).filter((one) => !known.includes(one))) {
      this.warnings.push(unknownKey(`${where}.${key}`, key, known));
    }
  }
}

/** The place alone: the rest of the parser's message quotes the file, which may hold secrets. */
function placeOf(error: unknown): string {
  const [place] = / at position \d+( \(line \d+ column \d+\))?/.exec(messageOf(error)) ?? [""];
  return place;
}

/** Says what is wrong with a name; a name is part of a path and of tool names. */
function faultOfName(name: string): string | undefined {
  if (!NAME_REGEXP.test(name)) return 'a name is 1 to 32 letters, digits, "_" and "-"';
  if (RESERVED.includes(name)) return `the name is taken: /mcp/${name} is a path of the gateway`;
  // `a__b__c` would be a tool of `a` and of `a__b`.
  if (name.includes("__") || name.endsWith("_")) {
    return 'a name has no "__" and no "_" at its end, as "__" ends it in the names of tools';
  }
  return undefined;
}

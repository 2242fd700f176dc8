import { ConfigError, messageOf } from "../../base/errors.ts";
import { readServers, type ServerConfig, type ServersFile } from "../../gateway/config.ts";
import { DEFAULT_OPTIONS } from "../../gateway/server_options.ts";
import { requireRegularFile } from "../files.ts";

const USAGE = "deno task gateway [flags] -- COMMAND [ARGUMENTS], or a URL, for example: " +
  "deno task gateway --port=9000 -- npx -y @modelcontextprotocol/server-everything";

/** The first argument of a gateway that ends when its input does, because its launcher is gone. */
export const LAUNCHED = "--launched";

/** The flags of a gateway, and its servers. */
export interface GatewayArguments extends ServersFile {
  readonly flags: readonly string[];
  /** Whether each server has its own path. */
  readonly hasPaths: boolean;
}

/**
 * Reads the arguments: flags, and the command behind `--` or a URL; without these, the file that
 * `MCP_SERVERS` names.
 *
 * @param env reads an environment variable
 * @throws {ConfigError} naming everything that is wrong
 */
export function readArguments(
  args: readonly string[],
  env: (name: string) => string | undefined,
): GatewayArguments {
  const at = beginOfCommand(args);
  const [command, ...rest] = at < 0 ? [] : args.slice(at);
  const flags = (at < 0 ? args : args.slice(0, at)).filter((arg) => arg !== "--");
  const path = env("MCP_SERVERS");
  if ((command === undefined) === (path === undefined)) {
    const fault = path === undefined ? "No server is named" : "MCP_SERVERS and a command are given";
    throw new ConfigError(`${fault}: set MCP_SERVERS=./mcp.json, or start ${USAGE}`);
  }
  if (command === undefined) {
    return { flags, hasPaths: true, ...readServers(readServersFile(path!), env) };
  }
  return {
    flags,
    hasPaths: false,
    servers: [{
      ...DEFAULT_OPTIONS,
      ...readCommandLine(command, rest),
    }],
    warnings: [],
  };
}

/** The server of a command line: a URL, or a program and its arguments. */
function readCommandLine(
  command: string,
  args: readonly string[],
): Pick<ServerConfig, "name" | "launch"> {
  if (!/^https?:/.test(command)) {
    const name = command.split("/").at(-1) ?? command;
    return { name, launch: { command, args, env: {}, cwd: undefined, inheritEnv: false } };
  }
  const url = URL.parse(command);
  if (url === null || args.length > 0) {
    throw new ConfigError(
      `A remote server is one URL, such as https://mcp.example.com/mcp; found ${
        [command, ...args].join(" ")
      }. For headers, use a file: MCP_SERVERS=./mcp.json`,
    );
  }
  return { name: url.host, launch: { url: command, headers: {}, transport: "auto" } };
}

/** The text of a file of servers, which the launcher and the gateway both read. */
export function readServersFile(path: string): string {
  try {
    requireRegularFile(Deno.statSync(path));
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw new ConfigError(`Cannot read MCP_SERVERS=${path}: ${messageOf(error)}`);
  }
}

/** Where the command begins; -1 if there is none. */
function beginOfCommand(args: readonly string[]): number {
  const dashes = args.indexOf("--");
  // The value of a flag may be a separate argument.
  const isFlag = (at: number) =>
    args[at]!.startsWith("-") || (at > 0 && /^--[^=]+$/.test(args[at - 1]!));
  const flags = dashes < 0 ? args.length : dashes;
  for (let at = 0; at < flags; at++) if (!isFlag(at)) return at;
  return dashes < 0 || dashes === args.length - 1 ? -1 : dashes + 1;
}

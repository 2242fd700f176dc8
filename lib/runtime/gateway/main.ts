/**
 * Serves stdio servers over HTTP: `deno task gateway -- npx -y some-server --flag`, or those of the
 * file that `MCP_SERVERS` names.
 *
 * @module
 */
import { ConfigError, messageOf } from "../../base/errors.ts";
import { configureLog, logFor } from "../../base/log.ts";
import type { Settings } from "../../base/settings.ts";
import { readServers, type ServerConfig } from "../../gateway/config.ts";
import { Gateway, type ServerClient } from "../../gateway/gateway.ts";
import { ALL } from "../../gateway/relay.ts";
import { connectRemote } from "../../gateway/remote_server.ts";
import { GatewayServer } from "../../gateway/server.ts";
import { composeApp } from "../../http/app.ts";
import { isReachable } from "../../mcp/error_masking.ts";
import { VERSION } from "../../http/version.ts";
import { readCommand } from "../config.ts";
import { endProcess } from "../end_process.ts";
import { readVariable } from "../environment.ts";
import { startErrorLine } from "../greeting.ts";
import { heap } from "../heap.ts";
import { loadAuth } from "../load_auth.ts";
import { resident } from "../resident.ts";
import { runServer } from "../run_server.ts";
import { StderrLines } from "../stderr.ts";
import { StopSignals } from "../stop_signals.ts";
import { UncaughtErrors } from "../uncaught_errors.ts";
import { startServer } from "./child_process.ts";

const USAGE = "deno task gateway [flags] -- COMMAND [ARGUMENTS], or a URL, for example: " +
  "deno task gateway --port=9000 -- npx -y @modelcontextprotocol/server-everything";
/** `npx -y` downloads before it starts anything. */
const HANDSHAKE_MS = 60_000;
/** How long listening waits for servers that take their time (ms). */
const START_MS = 10_000;
/** Most sessions that have servers of their own; each takes some 30 MB and more. */
const MAX_SESSIONS = 50;
/** After so long without a call and a stream, a session's own servers end (ms). */
const IDLE_MS = 300_000;
const log = logFor("gateway");

/** The flags of the gateway, and the servers: that of the command behind `--`, or those of a file. */
function readArguments(args: readonly string[]) {
  const dashes = args.indexOf("--");
  const first = args.findIndex((arg) => !arg.startsWith("-"));
  const at = dashes >= 0 && (first < 0 || dashes < first) ? dashes + 1 : first;
  const [command, ...rest] = at < 0 ? [] : args.slice(at);
  const flags = (at < 0 ? args : args.slice(0, at)).filter((arg) => arg !== "--");
  const path = readVariable("MCP_SERVERS");
  if ((command === undefined) === (path === undefined)) {
    const fault = path === undefined ? "No server is named" : "MCP_SERVERS and a command are given";
    throw new ConfigError(`${fault}: set MCP_SERVERS=./mcp.json, or start ${USAGE}`);
  }
  if (command === undefined) {
    return { flags, hasPaths: true, ...readServers(readFile(path!), readVariable) };
  }
  return {
    flags,
    hasPaths: false,
    servers: [{
      ...ALL,
      maxChildren: undefined,
      idleMs: undefined,
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

function readFile(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw new ConfigError(`Cannot read MCP_SERVERS=${path}: ${messageOf(error)}`);
  }
}

/** As the messages of tools' errors are hidden. */
function hidesReasons(settings: Settings): boolean {
  const { MCP_MASK_ERRORS, MCP_AUTH_ISSUERS, MCP_AUTH_INTROSPECTION_URL, MCP_AUTH_KEYS_FILE } =
    settings;
  if (MCP_MASK_ERRORS !== "auto") return MCP_MASK_ERRORS === "on";
  return isReachable(settings) || MCP_AUTH_ISSUERS.length > 0 ||
    (MCP_AUTH_INTROSPECTION_URL ?? MCP_AUTH_KEYS_FILE) !== undefined;
}

/** Makes a child of an entry's server, for all clients or for one that can be asked. */
function createServer(
  config: ServerConfig,
  settings: Settings,
  client: ServerClient,
): GatewayServer {
  const { name, launch } = config;
  return new GatewayServer({
    name,
    version: VERSION,
    start: () => "url" in launch ? connectRemote(name, launch) : startServer(name, launch),
    limits: { maxLineBytes: settings.MCP_MAX_BODY_BYTES, maxQueued: settings.MCP_MAX_QUEUED_BYTES },
    handshakeMs: HANDSHAKE_MS,
    now: () => performance.now(),
    hidesReasons: hidesReasons(settings),
    ...client,
  });
}

async function main(lines: StderrLines, signals: StopSignals): Promise<number> {
  const { flags, servers, hasPaths, warnings } = readArguments(Deno.args);
  const { settings } = readCommand(flags, readVariable);
  configureLog({
    level: settings.MCP_LOG_LEVEL,
    format: settings.MCP_LOG_FORMAT,
    write: lines.write,
  });
  for (const warning of warnings) log.warning("Unknown key in MCP_SERVERS", { key: warning });
  const gateway = new Gateway({
    configs: servers,
    hasPaths,
    create: (config, client) => createServer(config, settings, client),
    limits: { maxSessions: MAX_SESSIONS, idleMs: IDLE_MS, now: () => performance.now() },
    startMs: START_MS,
  });
  const { app } = composeApp({
    settings,
    heap,
    resident,
    instructions: settings.MCP_SERVER_INSTRUCTIONS ?? gateway.instructions,
    sessionMethods: gateway.sessionMethods,
    modernMethods: gateway.modernMethods,
    servers: gateway,
    endpoints: gateway.endpoints,
    onStart: () => gateway.start(),
    onStop: () => gateway.stop(),
  }, await loadAuth(settings));
  gateway.serve(app.catalog);
  const uncaught = new UncaughtErrors();
  uncaught.observer = app.observer;
  uncaught.install();
  try {
    return await runServer(app, { lines, signals });
  } finally {
    await gateway.stop();
    uncaught.uninstall();
  }
}

if (import.meta.main) {
  const lines = new StderrLines();
  const signals = new StopSignals();
  let code = 1;
  try {
    code = await Promise.race([main(lines, signals), signals.early]);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    lines.write(startErrorLine(error, "text"));
  }
  signals.uninstall();
  await lines.flush();
  endProcess(code);
}

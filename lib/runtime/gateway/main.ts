/**
 * Serves stdio servers over HTTP: `deno task gateway -- npx -y some-server --flag`, or those of the
 * file that `MCP_SERVERS` names.
 *
 * @module
 */
import { ConfigError } from "../../base/errors.ts";
import { configureLog, logFor } from "../../base/log.ts";
import type { Settings } from "../../base/settings.ts";
import type { ServerConfig } from "../../gateway/config.ts";
import { Gateway, type ServerClient } from "../../gateway/gateway.ts";
import { connectRemote } from "../../gateway/remote_server.ts";
import { GatewayServer } from "../../gateway/server.ts";
import { composeApp } from "../../http/app.ts";
import { isReachable } from "../../mcp/error_masking.ts";
import { VERSION } from "../../http/version.ts";
import { readCommand } from "../config.ts";
import { endProcess } from "../end_process.ts";
import { readVariable } from "../environment.ts";
import { startErrorLine } from "../greeting.ts";
import { heap, resident } from "../memory.ts";
import { loadAuth } from "../load_auth.ts";
import { runServer } from "../run_server.ts";
import { withdrawSecrets } from "../secrets.ts";
import { StderrLines } from "../stderr.ts";
import { StopSignals } from "../stop_signals.ts";
import { UncaughtErrors } from "../uncaught_errors.ts";
import { LAUNCHED, readArguments } from "./arguments.ts";
import { startServer } from "./child_process.ts";
import { killServers, reportGroups } from "./process_groups.ts";

/** Time of a server to start: `npx -y` downloads before it starts anything. */
const START_MS = 60_000;
/** How long listening waits for servers that take their time (ms). */
const WAIT_MS = 10_000;
/** Most processes of one server for single clients; each takes some 30 MB and more. */
const MAX_CHILDREN = 50;
/** After so long without a call and a stream, a session's own servers end (ms). */
const IDLE_MS = 300_000;
/** A server may send more values in one message than a client, because results hold whole tables. */
const VALUES_FACTOR = 4;
/** Clients keep idle streams, and many come without a proxy. */
const DEFAULTS: Readonly<Record<string, string>> = { MCP_LISTENER: "node" };
const log = logFor("gateway");

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
  const { name, launch, protocol, restart } = config;
  return new GatewayServer({
    name,
    version: VERSION,
    start: () =>
      "url" in launch
        ? connectRemote(name, launch, settings.MCP_MAX_BODY_BYTES)
        : startServer(name, launch),
    limits: {
      maxLineBytes: settings.MCP_MAX_BODY_BYTES,
      maxValues: VALUES_FACTOR * settings.MCP_MAX_BODY_VALUES,
      maxQueued: settings.MCP_MAX_QUEUED_BYTES,
    },
    startMs: config.startMs ?? START_MS,
    now: () => performance.now(),
    hidesReasons: hidesReasons(settings),
    protocol,
    restart,
    ...client,
  });
}

function warn(unknownKeys: readonly string[], { MCP_STORE }: Settings): void {
  for (const key of unknownKeys) log.warning("Unknown key in MCP_SERVERS", { key });
  if (MCP_STORE === undefined) return;
  log.warning("MCP_STORE has no effect in a gateway", {
    hint: "have your load balancer send all requests of a client to the same gateway",
  });
}

async function main(lines: StderrLines, signals: StopSignals): Promise<number> {
  const [first, ...others] = Deno.args;
  const isLaunched = first === LAUNCHED;
  if (isLaunched) joinLauncher(signals);
  const { flags, servers, hasPaths, warnings } = readArguments(
    isLaunched ? others : Deno.args,
    readVariable,
  );
  const command = readCommand(flags, (name) => readVariable(name) ?? DEFAULTS[name]);
  const { settings, secretFiles } = command;
  // A server with `inheritEnv` gets the environment.
  withdrawSecrets(secretFiles, [settings.MCP_AUTH_KEYS_FILE]);
  configureLog({
    level: settings.MCP_LOG_LEVEL,
    format: settings.MCP_LOG_FORMAT,
    write: lines.write,
  });
  warn(warnings, settings);
  const gateway = new Gateway({
    configs: servers,
    hasPaths,
    create: (config, client) => createServer(config, settings, client),
    limits: { maxChildren: MAX_CHILDREN, idleMs: IDLE_MS, now: () => performance.now() },
    waitMs: WAIT_MS,
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

/** Reports to the launcher, and stops when the launcher ends. */
function joinLauncher(signals: StopSignals): void {
  reportGroups(Deno.stdout.writable);
  void inputClosed().then(() => signals.stop("SIGHUP"));
}

/** Resolves at the end of the input. */
async function inputClosed(): Promise<void> {
  const buffer = new Uint8Array(1);
  while (await Deno.stdin.read(buffer) !== null);
}

if (import.meta.main) {
  const lines = new StderrLines();
  const signals = new StopSignals();
  // A second signal exits without a drain.
  addEventListener("unload", killServers);
  let code = 1;
  try {
    code = await Promise.race([main(lines, signals), signals.early]);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    lines.write(startErrorLine(error, "text"));
  }
  signals.uninstall();
  killServers();
  await lines.flush();
  endProcess(code);
}

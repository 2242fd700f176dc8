/**
 * Serves a stdio server over HTTP: `deno task gateway -- npx -y some-server --flag`.
 *
 * @module
 */
import { ConfigError } from "../../base/errors.ts";
import { configureLog } from "../../base/log.ts";
import { GatewayServer } from "../../gateway/server.ts";
import { relay } from "../../gateway/relay.ts";
import { createApp } from "../../http/app.ts";
import { VERSION } from "../../http/version.ts";
import { readCommand } from "../config.ts";
import { endProcess } from "../end_process.ts";
import { readVariable } from "../environment.ts";
import { startErrorLine } from "../greeting.ts";
import { heap } from "../heap.ts";
import { runServer } from "../run_server.ts";
import { StderrLines } from "../stderr.ts";
import { StopSignals } from "../stop_signals.ts";
import { UncaughtErrors } from "../uncaught_errors.ts";
import { startServer } from "./child_process.ts";

const USAGE = "deno task gateway [flags] -- COMMAND [ARGUMENTS], for example: " +
  "deno task gateway --port=9000 -- npx -y @modelcontextprotocol/server-everything";
/** `npx -y` downloads before it starts anything. */
const HANDSHAKE_MS = 60_000;

/** The flags of the gateway, and the command of the server behind a `--`. */
export function splitArguments(args: readonly string[]) {
  const first = args.findIndex((arg) => !arg.startsWith("-"));
  const dashes = args.indexOf("--");
  const at = dashes >= 0 && (first < 0 || dashes < first) ? dashes + 1 : first;
  const [command, ...rest] = at < 0 ? [] : args.slice(at);
  if (command === undefined) {
    throw new ConfigError(`No command of a server is given: ${USAGE}`);
  }
  const flags = args.slice(0, at).filter((arg) => arg !== "--");
  return { flags, command, args: rest };
}

async function main(lines: StderrLines, signals: StopSignals): Promise<number> {
  const { flags, command, args } = splitArguments(Deno.args);
  const { settings } = readCommand(flags, readVariable);
  configureLog({
    level: settings.MCP_LOG_LEVEL,
    format: settings.MCP_LOG_FORMAT,
    write: lines.write,
  });
  const name = command.split("/").at(-1) ?? command;
  const server = new GatewayServer({
    name,
    version: VERSION,
    start: () => startServer({ name, command, args }),
    limits: { maxLineBytes: settings.MCP_MAX_BODY_BYTES, maxQueued: settings.MCP_MAX_QUEUED_BYTES },
    handshakeMs: HANDSHAKE_MS,
    now: () => performance.now(),
  });
  const app = createApp({
    settings,
    heap,
    onStop: () => server.stop(),
    // A server that does not start now is tried again, and clients are told of its lists then.
    onStart: () => server.connect().then(() => {}, () => {}),
  });
  relay(server, app.catalog);
  const uncaught = new UncaughtErrors();
  uncaught.observer = app.observer;
  uncaught.install();
  try {
    return await runServer(app, { lines, signals });
  } finally {
    await server.stop();
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

/**
 * Serving an app of your own as `main.ts` serves: listening, signals, drain, log.
 *
 * @module
 */
import { configureLog } from "./base/log.ts";
import { BOOLEAN, FUNCTION, type MemberChecks, requireOptions } from "./base/members.ts";
import type { Settings } from "./base/settings_type.ts";
import type { MaybePromise } from "./base/promises.ts";
import { type App, requireApp } from "./http/app_types.ts";
import { readCommand } from "./runtime/config.ts";
import { endProcess } from "./runtime/end_process.ts";
import { readVariable } from "./runtime/environment.ts";
import { drainHosted } from "./runtime/hosted.ts";
import { heap, resident } from "./runtime/memory.ts";
import { openFleet } from "./runtime/open_fleet.ts";
import { runServer } from "./runtime/run_server.ts";
import { SocketPeer } from "./runtime/listen/socket_peer.ts";
import { StderrLines } from "./runtime/stderr.ts";
import { StopSignals } from "./runtime/stop_signals.ts";
import { UncaughtErrors } from "./runtime/uncaught_errors.ts";

/** Options of {@linkcode serve}. */
export interface ServeAppOptions {
  /** Whether log lines go to stderr, in the form of `MCP_LOG_FORMAT`; default: yes. */
  readonly log?: boolean;
  /** Whether the process ends when the app has stopped; default: yes. */
  readonly exit?: boolean;
}

const OPTIONS: MemberChecks<ServeAppOptions> = { log: BOOLEAN, exit: BOOLEAN };

/** Options of {@linkcode drainOnSignal}. */
export interface DrainOptions {
  /**
   * Stops the server after the drain, such as `() => server.shutdown()`; without it the end of the
   * process does.
   */
  readonly shutdown?: () => unknown;
  /** Whether the process ends when the app has stopped; default: yes. */
  readonly exit?: boolean;
}

const DRAIN_OPTIONS: MemberChecks<DrainOptions> = { shutdown: FUNCTION, exit: BOOLEAN };
const refuse = (message: string) => new TypeError(message);

/**
 * The settings of the environment and of the command line, as `main.ts` reads them.
 *
 * @param args flags such as `--port=9000`; default: those of the process
 * @throws {ConfigError} naming each that is not allowed
 */
export function readSettings(args: readonly string[] = Deno.args): Settings {
  return readCommand(args, readVariable).settings;
}

/**
 * Serves an app until SIGINT or SIGTERM, then drains it: running calls get `MCP_DRAIN_MS`, and
 * `onStop` runs. Uncaught errors are logged, and the server continues.
 *
 * @param app its settings, such as `PORT` and `HOST`, apply
 * @returns the exit code
 * @throws {ConfigError} if the app cannot start, or cannot listen on the address
 * @throws {TypeError} for a value that is not an app, and for an option that is unknown or wrong
 *
 * @example
 * ```ts ignore
 * import { createApp } from "@lifeline/mcp";
 * import { heap, readSettings, resident, serve } from "@lifeline/mcp/serve";
 * import { greet } from "./tools.ts";
 *
 * await serve(createApp({ tools: [greet], settings: readSettings(), heap, resident }));
 * ```
 */
export async function serve(app: App, options: ServeAppOptions = {}): Promise<number> {
  requireApp(app, "serve()");
  requireOptions(options, { owner: "serve()", checks: OPTIONS, refuse });
  const { log = true, exit = true } = options;
  const lines = new StderrLines();
  lines.format = app.settings.MCP_LOG_FORMAT;
  if (log) sendLogTo(lines, app);
  const uncaught = new UncaughtErrors();
  uncaught.observer = app.observer;
  uncaught.install();
  const signals = new StopSignals();
  try {
    const code = await Promise.race([runServer(app, { lines, signals }), signals.early]);
    if (exit) endProcess(code);
    return code;
  } finally {
    signals.uninstall();
    uncaught.uninstall();
    await lines.flush();
  }
}

/** Where {@linkcode logToStderr} sends lines; undefined before its first call. */
let stderr: StderrLines | undefined;

/**
 * Sends log lines to stderr, as {@linkcode serve} does, for an app that another server serves: at the
 * level `MCP_LOG_LEVEL` of its settings and in the form `MCP_LOG_FORMAT`. Without this or
 * `configureLog()` nothing is logged.
 *
 * @throws {TypeError} for a value that is not an app
 *
 * @example
 * ```ts ignore
 * export default { fetch: toServeHandler(app) } satisfies Deno.ServeDefaultExport;
 * logToStderr(app);
 * ```
 */
export function logToStderr(app: App): void {
  requireApp(app, "logToStderr()");
  stderr ??= new StderrLines();
  stderr.format = app.settings.MCP_LOG_FORMAT;
  sendLogTo(stderr, app);
}

function sendLogTo({ write }: StderrLines, { settings }: App): void {
  const { MCP_LOG_LEVEL: level, MCP_LOG_FORMAT: format } = settings;
  configureLog({ level, format, write });
}

/**
 * Drains an app that another server serves, such as `deno serve` or a framework, when SIGINT, SIGTERM
 * or SIGHUP comes: running calls get `MCP_DRAIN_MS`, and `onStop` runs. Then the process ends; a
 * second signal ends it at once.
 *
 * @returns when the app has stopped
 * @throws {TypeError} for a value that is not an app, and for an option that is unknown or wrong
 *
 * @example
 * ```ts ignore
 * // deno serve mod.ts
 * export default { fetch: toServeHandler(app) } satisfies Deno.ServeDefaultExport;
 * drainOnSignal(app);
 * ```
 */
export async function drainOnSignal(app: App, options: DrainOptions = {}): Promise<void> {
  requireApp(app, "drainOnSignal()");
  requireOptions(options, { owner: "drainOnSignal()", checks: DRAIN_OPTIONS, refuse });
  const { shutdown, exit = true } = options;
  await drainHosted(app, shutdown);
  await stderr?.flush();
  if (exit) endProcess(0);
}

/**
 * An app as a handler of `Deno.serve`, which knows its clients' addresses and sockets.
 *
 * @example
 * ```ts ignore
 * // deno serve --allow-net mod.ts
 * export default { fetch: toServeHandler(app) } satisfies Deno.ServeDefaultExport;
 * ```
 */
export function toServeHandler(
  app: App,
): (request: Request, info: Deno.ServeHandlerInfo) => MaybePromise<Response> {
  requireApp(app, "toServeHandler()");
  return (request, info) => app.fetch(request, new SocketPeer(info, ""));
}

export { heap, openFleet, resident };

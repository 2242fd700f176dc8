/**
 * The composition root: config → log → tools → app → serve.
 *
 * @module
 */
import { ConfigError, RegistrationError } from "./lib/base/errors.ts";
import { configureLog, logFor } from "./lib/base/log.ts";
import type { Settings } from "./lib/base/settings.ts";
import { type App, createApp } from "./lib/http/app.ts";
import { VERSION } from "./lib/http/version.ts";
import { askedLogFormat, describeSettings, helpText, readCommand } from "./lib/runtime/config.ts";
import { readVariable, warnOfMisspelled } from "./lib/runtime/environment.ts";
import { greetingLine, startErrorLine } from "./lib/runtime/greeting.ts";
import { fileAt, KeysFile } from "./lib/runtime/keys_file.ts";
import { loadFeatures } from "./lib/runtime/load_features.ts";
import { moduleSpecifiers } from "./lib/runtime/module_url.ts";
import { EventLoopLag } from "./lib/runtime/event_loop_lag.ts";
import { UncaughtErrors } from "./lib/runtime/uncaught_errors.ts";
import { withdrawSecrets } from "./lib/runtime/secrets.ts";
import type { Listen } from "./lib/runtime/listen/listener.ts";
import { serve } from "./lib/runtime/serve.ts";
import { StopSignals } from "./lib/runtime/stop_signals.ts";
import { requireSs } from "./lib/runtime/half_open/tcp_probe.ts";
import { heap } from "./lib/runtime/heap.ts";
import { StderrLines } from "./lib/runtime/stderr.ts";
import { BUILT_IN_TOOLS } from "./lib/tools/mod.ts";

/** What there is before there are settings. */
interface Process {
  readonly lines: StderrLines;
  readonly rejections: UncaughtErrors;
  readonly signals: StopSignals;
}

async function main({ lines, rejections, signals }: Process): Promise<number> {
  const { settings, secretFiles, stdio, checkConfig, help } = readCommand(Deno.args, readVariable);
  if (help) return print(helpText());
  // Before the tools are loaded, which may do anything.
  const modules = moduleSpecifiers(settings.MCP_TOOLS ?? "");
  withdrawSecrets(secretFiles, [...modules, settings.MCP_AUTH_KEYS_FILE]);
  configureLog({
    level: settings.MCP_LOG_LEVEL,
    format: settings.MCP_LOG_FORMAT,
    write: lines.write,
  });
  const serveStdio = stdio ? (await import("./lib/runtime/stdio.ts")).prepareStdio() : undefined;
  const builtIn = settings.MCP_BUILT_IN_TOOLS ? BUILT_IN_TOOLS : [];
  const features = await loadFeatures(modules, { tools: builtIn });
  const keysFile = settings.MCP_AUTH_KEYS_FILE === undefined
    ? undefined
    : await KeysFile.open(fileAt(settings.MCP_AUTH_KEYS_FILE));
  const app = createApp({
    ...features,
    tools: [...builtIn, ...features.tools],
    ...(keysFile !== undefined && { auth: { keys: keysFile.keys } }),
    settings,
    heap,
  });
  rejections.observer = app.observer;
  if (checkConfig) {
    await warnOfMisspelled();
    return print(describeSettings(settings));
  }
  void warnOfMisspelled();
  if (serveStdio !== undefined) return await serveStdio(app, signals);
  keysFile?.watch();
  try {
    return await serveHttp(app, settings, { lines, signals });
  } finally {
    keysFile?.stop();
  }
}

async function serveHttp(
  app: App,
  settings: Settings,
  { lines, signals }: Omit<Process, "rejections">,
): Promise<number> {
  const isProbing = settings.MCP_TCP_PROBE === "ss";
  if (isProbing) await requireSs();
  const loopDelay = new EventLoopLag((delayMs) => app.observer.loopDelayed(delayMs));
  loopDelay.start();
  warnIfOpen(app, settings.HOST);
  try {
    return await serve(app, {
      hostname: settings.HOST,
      port: settings.PORT,
      reusePort: settings.MCP_REUSE_PORT,
      drainMs: settings.MCP_DRAIN_MS,
      listen: await chooseListener(settings),
      signals,
      probeMs: isProbing ? settings.MCP_PING_INTERVAL_MS : undefined,
      onListen: (address) =>
        lines.write(greetingLine({
          version: VERSION,
          address,
          publicUrl: settings.MCP_PUBLIC_URL,
        }, settings.MCP_LOG_FORMAT)),
    });
  } finally {
    loopDelay.stop();
  }
}

/** The second listener is loaded only where it is chosen. */
async function chooseListener(settings: Settings): Promise<Listen | undefined> {
  if (settings.MCP_LISTENER === "deno") return undefined;
  const { listenWithNode } = await import("./lib/runtime/listen/node_listener.ts");
  return listenWithNode(settings);
}

/** Says it when anybody on the network may call the tools. */
function warnIfOpen({ isOpen }: App, host: string): void {
  if (!isOpen) return;
  logFor("main").warning(
    "No authorization is set up: whoever reaches this address may call every tool; see MCP_AUTH_*",
    { host },
  );
}

function print(text: string): number {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
  return 0;
}

/** Grace period before a forced exit, for example while a stalled reader holds a socket (ms). */
const EXIT_GRACE_MS = 50;

/**
 * Lets the process end by itself: in Deno 2.9.6 `Deno.exit()` sometimes hangs while OpenTelemetry is
 * exported.
 */
function endProcess(code: number): void {
  Deno.exitCode = code;
  Deno.unrefTimer(setTimeout(() => Deno.exit(code), EXIT_GRACE_MS));
}

if (import.meta.main) {
  const lines = new StderrLines();
  lines.format = askedLogFormat(Deno.args, readVariable);
  const rejections = new UncaughtErrors();
  const signals = new StopSignals();
  rejections.install();
  let code = 1;
  try {
    code = await Promise.race([main({ lines, rejections, signals }), signals.early]);
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof RegistrationError)) {
      // Otherwise the start would fail silently, and with 0.
      rejections.uninstall();
      throw error;
    }
    lines.write(startErrorLine(error, lines.format));
  }
  signals.uninstall();
  await lines.flush();
  endProcess(code);
}

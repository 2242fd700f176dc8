/**
 * The composition root: config → log → tools → app → serve.
 *
 * @module
 */
import "./lib/runtime/start_modules.ts";
import { ConfigError, RegistrationError } from "./lib/base/errors.ts";
import type { Settings } from "./lib/base/settings.ts";
import { configureLog } from "./lib/base/log.ts";
import { composeApp } from "./lib/http/app.ts";
import { askedLogFormat, describeSettings, helpText, readCommand } from "./lib/runtime/config.ts";
import { endProcess } from "./lib/runtime/end_process.ts";
import { atOnce, inSpareTime, readVariable, warnOfMisspelled } from "./lib/runtime/environment.ts";
import { startErrorLine } from "./lib/runtime/greeting.ts";
import type { KeysFile } from "./lib/runtime/keys_file.ts";
import type { LoadedModules } from "./lib/runtime/load_features.ts";
import type { Features } from "./lib/registry/group.ts";
import { loadAuth } from "./lib/runtime/load_auth.ts";
import { moduleSpecifiers } from "./lib/runtime/module_url.ts";
import { UncaughtErrors } from "./lib/runtime/uncaught_errors.ts";
import { warnOfReadable, withdrawSecrets } from "./lib/runtime/secrets.ts";
import { runServer } from "./lib/runtime/run_server.ts";
import { StopSignals } from "./lib/runtime/stop_signals.ts";
import { heap, resident } from "./lib/runtime/memory.ts";
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
  const readable = withdrawSecrets(secretFiles, [...modules, settings.MCP_AUTH_KEYS_FILE]);
  configureLog({
    level: settings.MCP_LOG_LEVEL,
    format: settings.MCP_LOG_FORMAT,
    write: lines.write,
  });
  if (modules.length > 0) warnOfReadable(readable);
  const serveStdio = stdio ? (await import("./lib/runtime/stdio.ts")).prepareStdio() : undefined;
  const builtIn = settings.MCP_BUILT_IN_TOOLS ? BUILT_IN_TOOLS : [];
  const features = await loadModules(modules, { tools: builtIn });
  const keysFile = await openKeys(settings.MCP_AUTH_KEYS_FILE);
  const fleet = stdio ? undefined : await joinFleet(settings);
  const { app } = composeApp({
    ...features,
    tools: [...builtIn, ...features?.tools ?? []],
    ...(keysFile !== undefined && { auth: { keys: keysFile.keys } }),
    settings,
    fleet,
    heap,
    resident,
  }, await loadAuth(settings));
  rejections.observer = app.observer;
  if (checkConfig) {
    await warnOfMisspelled(atOnce);
    return print(describeSettings(settings));
  }
  const onServing = () => void warnOfMisspelled(inSpareTime);
  if (serveStdio !== undefined) {
    onServing();
    return await serveStdio(app, signals);
  }
  keysFile?.watch();
  try {
    return await runServer(app, { lines, signals, onServing });
  } finally {
    keysFile?.stop();
  }
}

// A start loads only what its settings ask for.

async function loadModules(
  specifiers: readonly string[],
  builtIn: Features,
): Promise<LoadedModules | undefined> {
  if (specifiers.length === 0) return undefined;
  const { loadFeatures } = await import("./lib/runtime/load_features.ts");
  return await loadFeatures(specifiers, builtIn);
}

async function openKeys(path: string | undefined): Promise<KeysFile | undefined> {
  if (path === undefined) return undefined;
  const { fileAt, KeysFile } = await import("./lib/runtime/keys_file.ts");
  return await KeysFile.open(fileAt(path));
}

/** One of several instances, where `MCP_STORE` is set; what that needs is loaded only then. */
async function joinFleet(settings: Settings) {
  if (settings.MCP_STORE === undefined) return undefined;
  const { openFleet } = await import("./lib/runtime/open_fleet.ts");
  return await openFleet(settings);
}

function print(text: string): number {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
  return 0;
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

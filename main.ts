/**
 * The composition root: config → log → tools → app → serve.
 *
 * @module
 */
import { ConfigError, messageOf, RegistrationError } from "./lib/base/errors.ts";
import { configureLog, logFor } from "./lib/base/log.ts";
import { createApp } from "./lib/http/app.ts";
import { VERSION } from "./lib/http/version.ts";
import { describeSettings, helpText, readCommand } from "./lib/runtime/config.ts";
import { greeting } from "./lib/runtime/greeting.ts";
import { loadTools } from "./lib/runtime/load_tools.ts";
import { serve } from "./lib/runtime/serve.ts";
import { serveOverStdio } from "./lib/runtime/stdio.ts";
import { heap } from "./lib/runtime/heap.ts";
import { StderrLines } from "./lib/runtime/stderr.ts";
import { BUILT_IN_TOOLS } from "./lib/tools/mod.ts";

async function main(lines: StderrLines): Promise<number> {
  const { settings, stdio, checkConfig, help } = readCommand(
    Deno.args,
    (name) => Deno.env.get(name),
  );
  if (help) return print(helpText());
  configureLog({
    level: settings.MCP_LOG_LEVEL,
    format: settings.MCP_LOG_FORMAT,
    write: lines.write,
  });
  const ownTools = settings.MCP_TOOLS === undefined ? [] : await loadTools(settings.MCP_TOOLS);
  const app = createApp({
    tools: [...BUILT_IN_TOOLS, ...ownTools],
    settings,
    heap,
  });
  if (checkConfig) return print(describeSettings(settings));
  if (stdio) return await serveOverStdio(app);
  return await serve(app, {
    hostname: settings.HOST,
    port: settings.PORT,
    drainMs: settings.MCP_DRAIN_MS,
    onListen: (address) => lines.write(greeting({ version: VERSION, ...address })),
  });
}

function print(text: string): number {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
  return 0;
}

/** A tool that forgets an `await` must not end the process for everybody else. */
function surviveRejections(): void {
  const log = logFor("runtime");
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    log.error("Unhandled rejection", { error: messageOf(event.reason) });
  });
}

if (import.meta.main) {
  const lines = new StderrLines();
  surviveRejections();
  let code = 1;
  try {
    code = await main(lines);
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof RegistrationError)) {
      throw error;
    }
    lines.write(`[ERROR] ${messageOf(error)}`);
  }
  await lines.flush();
  Deno.exit(code);
}

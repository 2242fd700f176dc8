/** Lifeline as `main.ts` serves it, but with as many tools as `BENCH_TOOLS` says, and no others. */
import { configureLog } from "../../../lib/base/log.ts";
import { createApp } from "../../../lib/mod.ts";
import { readCommand } from "../../../lib/runtime/config.ts";
import { greeting } from "../../../lib/runtime/greeting.ts";
import { heap } from "../../../lib/runtime/memory.ts";
import { EventLoopLag } from "../../../lib/runtime/event_loop_lag.ts";
import { serve } from "../../../lib/runtime/serve.ts";
import { StderrLines } from "../../../lib/runtime/stderr.ts";
import { echo } from "../../../lib/tools/echo.ts";
import { echoTools } from "./echo_tools.ts";

const { settings } = readCommand(Deno.args, () => undefined);
const lines = new StderrLines();
configureLog({
  level: settings.MCP_LOG_LEVEL,
  format: settings.MCP_LOG_FORMAT,
  write: lines.write,
});
const others = echoTools(Number(Deno.env.get("BENCH_TOOLS")) - 1);
const app = createApp({ tools: [echo, ...others], settings, heap });
new EventLoopLag((delayMs) => app.observer.loopDelayed(delayMs)).start();
await serve(app, {
  hostname: settings.HOST,
  port: settings.PORT,
  drainMs: settings.MCP_DRAIN_MS,
  onListen: (address) => lines.write(greeting({ version: "bench", address })),
});

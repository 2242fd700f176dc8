/**
 * Lifeline that requires access tokens. The public keys of its issuer come from the environment
 * variable `BENCH_KEYS`.
 *
 * @module
 */
import { configureLog } from "../../../lib/base/log.ts";
import { createApp } from "../../../lib/mod.ts";
import { readCommand } from "../../../lib/runtime/config.ts";
import { greeting } from "../../../lib/runtime/greeting.ts";
import { heap } from "../../../lib/runtime/memory.ts";
import { serve } from "../../../lib/runtime/serve.ts";
import { StderrLines } from "../../../lib/runtime/stderr.ts";
import { BUILT_IN_TOOLS } from "../../../lib/tools/mod.ts";

const { settings } = readCommand(Deno.args, () => undefined);
const lines = new StderrLines();
configureLog({
  level: settings.MCP_LOG_LEVEL,
  format: settings.MCP_LOG_FORMAT,
  write: lines.write,
});
const [issuer = ""] = settings.MCP_AUTH_ISSUERS;
const keys = JSON.parse(Deno.env.get("BENCH_KEYS") ?? "[]");
const app = createApp({
  tools: BUILT_IN_TOOLS,
  settings,
  heap,
  auth: {
    fetch: (url) =>
      Promise.resolve(
        Response.json(url.endsWith("/keys") ? { keys } : { issuer, jwks_uri: `${issuer}/keys` }),
      ),
  },
});
await serve(app, {
  hostname: settings.HOST,
  port: settings.PORT,
  drainMs: settings.MCP_DRAIN_MS,
  onListen: (address) => lines.write(greeting({ version: "bench", address })),
});

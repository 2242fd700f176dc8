/**
 * Lifeline with two handles that main.ts does not have: `/bench/heap` tells the heap in use after
 * a collection, `/bench/change` changes the list of tools and tells when (ms since 1970).
 */
import { configureLog } from "../../../lib/base/log.ts";
import { createApp, defineTool } from "../../../lib/mod.ts";
import { readCommand } from "../../../lib/runtime/config.ts";
import { heap } from "../../../lib/runtime/heap.ts";
import { DenoListener } from "../../../lib/runtime/listen/deno_listener.ts";
import { StderrLines } from "../../../lib/runtime/stderr.ts";
import { BUILT_IN_TOOLS } from "../../../lib/tools/mod.ts";

const { settings } = readCommand(Deno.args, () => undefined);
const lines = new StderrLines();
configureLog({
  level: settings.MCP_LOG_LEVEL,
  format: settings.MCP_LOG_FORMAT,
  write: lines.write,
});
const app = createApp({ tools: BUILT_IN_TOOLS, settings, heap });
const extra = defineTool({ name: "extra", description: "Comes and goes", run: () => "here" });

function change(): Response {
  const at = Date.now();
  if (!app.catalog.tools.remove(extra.name)) app.catalog.tools.add(extra);
  return Response.json({ at });
}

function heapUsed(): Response {
  (globalThis as unknown as { gc(): void }).gc();
  return Response.json({ used: Deno.memoryUsage().heapUsed });
}

// Serves like main.ts, so that a stream takes the same memory.
new DenoListener({
  ...app,
  fetch: (request, peer) => {
    if (request.url.endsWith("/bench/heap")) return heapUsed();
    if (request.url.endsWith("/bench/change")) return change();
    return app.fetch(request, peer);
  },
}, {
  hostname: settings.HOST,
  port: 0,
  onListen: (address) => lines.write(`http://127.0.0.1:${(address as Deno.NetAddr).port}`),
});

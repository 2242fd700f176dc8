/**
 * Lifeline with two handles that main.ts does not have: `/bench/heap` tells the heap in use after
 * a collection; `/bench/change` changes the list of tools, `/bench/update` a resource, and each tells
 * when (ms since 1970). With MCP_STORE it is one of several instances.
 */
import { configureLog } from "../../../lib/base/log.ts";
import { createApp, defineTool } from "../../../lib/mod.ts";
import { readCommand } from "../../../lib/runtime/config.ts";
import { heap } from "../../../lib/runtime/memory.ts";
import { DenoListener } from "../../../lib/runtime/listen/deno_listener.ts";
import { openFleet } from "../../../lib/runtime/open_fleet.ts";
import { StderrLines } from "../../../lib/runtime/stderr.ts";
import { BUILT_IN_TOOLS } from "../../../lib/tools/mod.ts";
import { RESOURCE } from "../holder.ts";

const SHARED = ["MCP_STORE", "MCP_SESSION_KEY"];

const { settings } = readCommand(
  Deno.args,
  (name) => SHARED.includes(name) ? Deno.env.get(name) : undefined,
);
const lines = new StderrLines();
configureLog({
  level: settings.MCP_LOG_LEVEL,
  format: settings.MCP_LOG_FORMAT,
  write: lines.write,
});
const app = createApp({
  tools: BUILT_IN_TOOLS,
  settings,
  heap,
  fleet: await openFleet(settings),
});
await app.start();
const extra = defineTool({ name: "extra", description: "Comes and goes", run: () => "here" });

function change(): Response {
  const at = Date.now();
  if (!app.catalog.tools.remove(extra.name)) app.catalog.tools.add(extra);
  return Response.json({ at });
}

function update(): Response {
  const at = Date.now();
  app.catalog.resourceUpdated(RESOURCE);
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
    if (request.url.endsWith("/bench/update")) return update();
    return app.fetch(request, peer);
  },
}, {
  hostname: settings.HOST,
  port: 0,
  onListen: (address) => lines.write(`http://127.0.0.1:${(address as Deno.NetAddr).port}`),
});

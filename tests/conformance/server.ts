/**
 * Serves what the conformance suite looks for, on `PORT`, with the listener that `MCP_LISTENER` names.
 * Its first line tells where.
 *
 * @module
 */
import { settingsWith } from "../../lib/base/settings.ts";
import { listenWithDeno } from "../../lib/runtime/listen/deno_listener.ts";
import { listenWithNode } from "../../lib/runtime/listen/node_listener.ts";
import { conformanceApp } from "./app.ts";

const app = conformanceApp();
const listen = Deno.env.get("MCP_LISTENER") === "node"
  ? listenWithNode(settingsWith())
  : listenWithDeno;
const listener = await listen(app, {
  hostname: "127.0.0.1",
  port: Number(Deno.env.get("PORT") ?? 3000),
});
Deno.stdout.writeSync(new TextEncoder().encode(`http://localhost:${listener.port}/mcp\n`));

Deno.addSignalListener("SIGTERM", stop);
Deno.addSignalListener("SIGINT", stop);

async function stop(): Promise<void> {
  await app.drain(0);
  app.stop();
  await listener.stop();
  Deno.exit(0);
}

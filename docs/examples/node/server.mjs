/**
 * A server on Node 24:
 *
 *     npm install
 *     LIFELINE=path/to/lifeline node server.mjs
 */
import { LIFELINE } from "./loader.mjs";
import process from "node:process";
import * as z from "zod";

const from = (path) => import(new URL(path, LIFELINE).href);
const { createApp, defineTool } = await from("lib/mod.ts");
const { settingsWith } = await from("lib/base/settings.ts");
const { listenWithNode } = await from("lib/runtime/listen/node_listener.ts");

const shout = defineTool({
  name: "shout",
  description: "Says it loudly",
  input: z.object({ text: z.string() }),
  run: ({ text }) => text.toUpperCase(),
});

const app = createApp({ tools: [shout] });
const listener = await listenWithNode(settingsWith({}))(app, {
  hostname: "127.0.0.1",
  port: Number(process.env.PORT ?? 3001),
});
// deno-lint-ignore no-console -- a person who starts it wants to know where it listens
console.error(`http://127.0.0.1:${listener.port}/mcp`);
process.once("SIGTERM", async () => {
  await app.drain(1_000);
  await listener.stop();
});

/**
 * A server on Bun:
 *
 *     bun install
 *     LIFELINE=path/to/lifeline bun start
 *
 * `lifeline.tsconfig.json` has the names of Lifeline's import map. Bun would not find them otherwise,
 * because it looks for a `tsconfig.json` beside the sources of Lifeline.
 */
import process from "node:process";
import * as z from "zod";

const LIB = `${process.env.LIFELINE ?? "../../.."}/lib`;
const { createApp, defineTool } = await import(`${LIB}/mod.ts`);
const { settingsWith } = await import(`${LIB}/base/settings.ts`);
const { listenWithNode } = await import(
  `${LIB}/runtime/listen/node_listener.ts`
);

const shout = defineTool({
  name: "shout",
  description: "Says it loudly",
  input: z.object({ text: z.string() }),
  run: ({ text }: { text: string }) => text.toUpperCase(),
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

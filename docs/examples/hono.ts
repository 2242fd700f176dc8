/**
 * Mounted in Hono, under `/ai`: clients use `/ai/mcp`. Middleware that compresses or buffers comes
 * after it, as streams must flow.
 *
 *     deno run --allow-net --allow-env=PORT docs/examples/hono.ts
 */
// deno-lint-ignore-file no-import-prefix -- an example says which version it is for
import { Hono } from "npm:hono@4.13.19";
import { getConnInfo } from "npm:hono@4.13.19/deno";
import { createApp, mountAt } from "@lifeline/mcp";
import { drainOnSignal, logToStderr } from "@lifeline/mcp/serve";
import { greet } from "./tools.ts";

const app = createApp({ tools: [greet] });
logToStderr(app);
const answer = mountAt(app, "/ai");

const hono = new Hono();
hono.use(async (c, next) => {
  const { address = "unknown" } = getConnInfo(c).remote;
  return await answer(c.req.raw, { address }) ?? await next();
});
hono.get("/", (c) => c.text("My own page"));

const server = Deno.serve(
  { hostname: "127.0.0.1", port: Number(Deno.env.get("PORT") ?? 8000) },
  hono.fetch,
);

drainOnSignal(app, { shutdown: () => server.shutdown() });

/**
 * Mounted in a server of your own, under `/ai`: clients use `/ai/mcp`.
 *
 *     deno run --allow-net --allow-env=PORT docs/examples/plain.ts
 */
import { createApp, mountAt } from "@lifeline/mcp";
import { greet } from "./tools.ts";

const app = createApp({ tools: [greet] });
const answer = mountAt(app, "/ai");

const server = Deno.serve(
  { port: Number(Deno.env.get("PORT") ?? 8000) },
  (request, info) =>
    answer(request, { address: info.remoteAddr.hostname }) ?? new Response("My own page"),
);

Deno.addSignalListener("SIGTERM", async () => {
  await app.drain();
  await server.shutdown();
  app.stop();
});

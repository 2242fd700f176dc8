/**
 * Mounted in a server of your own, under `/ai`: clients use `/ai/mcp`.
 *
 *     deno run --allow-net --allow-env=PORT docs/examples/plain.ts
 */
import { createApp, mountAt } from "@lifeline/mcp";
import { drainOnSignal, logToStderr } from "@lifeline/mcp/serve";
import { greet } from "./tools.ts";

const app = createApp({ tools: [greet] });
logToStderr(app);
const answer = mountAt(app, "/ai");

const server = Deno.serve(
  { hostname: "127.0.0.1", port: Number(Deno.env.get("PORT") ?? 8000) },
  (request, info) => answer(request, { address: info.remoteAddr.hostname }) ?? ownPage(request),
);

function ownPage({ url }: Request): Response {
  // Clients look for documents at other paths, so a page must not answer all of them.
  return new URL(url).pathname === "/"
    ? new Response("My own page")
    : new Response("Not found", { status: 404 });
}

drainOnSignal(app, { shutdown: () => server.shutdown() });

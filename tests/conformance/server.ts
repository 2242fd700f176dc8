/**
 * Serves the app for the conformance suite on `PORT`. Its first line has the URL.
 *
 * @module
 */
import { conformanceApp } from "./app.ts";

const app = conformanceApp();
const server = Deno.serve({
  hostname: "127.0.0.1",
  port: Number(Deno.env.get("PORT") ?? 3000),
  onListen: ({ port }) => {
    Deno.stdout.writeSync(new TextEncoder().encode(`http://localhost:${port}/mcp\n`));
  },
}, (request, { remoteAddr }) => app.fetch(request, { address: remoteAddr.hostname }));

Deno.addSignalListener("SIGTERM", stop);
Deno.addSignalListener("SIGINT", stop);

async function stop(): Promise<void> {
  await app.drain(0);
  app.stop();
  await server.shutdown();
  Deno.exit(0);
}

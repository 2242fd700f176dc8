/**
 * A server that asks for tokens of the issuer in `MCP_TEST_ISSUER`. Its public URL names the port
 * that it got.
 *
 * @module
 */
import { type App, createApp, defineTool } from "../../lib/mod.ts";

const whoami = defineTool({
  name: "whoami",
  description: "Tells the caller",
  run: (_input, { caller }) => JSON.stringify([caller.principal, caller.scopes]),
});

const server = Deno.serve(
  { hostname: "127.0.0.1", port: Number(Deno.env.get("PORT") ?? 0), onListen: () => {} },
  (request, { remoteAddr }) => app.fetch(request, { address: remoteAddr.hostname }),
);
const { port } = server.addr;
const app: App = createApp({
  tools: [whoami],
  settings: {
    MCP_ADMIN_TOKEN: Deno.env.get("MCP_ADMIN_TOKEN") ?? "",
    MCP_PUBLIC_URL: `http://127.0.0.1:${port}`,
    MCP_AUTH_ISSUERS: [Deno.env.get("MCP_TEST_ISSUER") ?? ""],
    MCP_AUTH_SCOPES: ["notes:read"],
    MCP_AUTH_LEEWAY_MS: 1,
    MCP_PING_INTERVAL_MS: 500,
  },
});
Deno.stderr.writeSync(
  new TextEncoder().encode(`Test page  http://localhost:${port}/sse-test.html\n`),
);

Deno.addSignalListener("SIGTERM", async () => {
  await app.drain(0);
  app.stop();
  await server.shutdown();
  Deno.exit(0);
});

/** Clients that misbehave, against a server that listens. */
import { assert, assertEquals } from "@std/assert";
import { type App, createApp, defineTool } from "../../lib/mod.ts";
import { assertNothingLeft, FaultyClient } from "../../lib/testing.ts";

/** Serves an app on a port of the system's choice. */
function serve(app: App) {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => app.fetch(request),
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

for (
  const [fault, misbehave] of [
    ["leaves", (client: FaultyClient) => client.leave()],
    ["resets", (client: FaultyClient) => client.reset()],
    ["half-closes", (client: FaultyClient) => client.halfClose()],
  ] as const
) {
  Deno.test(`a stream whose client ${fault} ends, and nothing of it is left`, async () => {
    const ended = Promise.withResolvers<string>();
    const app = createApp({
      observer: { connectionClosed: ({ reason }) => ended.resolve(reason) },
    });
    await using server = serve(app);
    using client = await FaultyClient.open(`${server.url}/mcp/sse`, {
      message: { jsonrpc: "2.0", id: 1, method: "ping" },
    });
    assert(client.received > 0);
    misbehave(client);
    assertEquals(await ended.promise, "client_closed");
    await assertNothingLeft(app);
    app.stop();
  });
}

for (const fault of ["stall", "vanish"] as const) {
  Deno.test(`a client that does ${fault} is found, though nobody tells of its end`, async () => {
    const ended = Promise.withResolvers<string>();
    const app = createApp({
      settings: { MCP_PING_INTERVAL_MS: 20 },
      tools: [defineTool({
        name: "talk",
        description: "Says more than buffers hold",
        run: async (_input, ctx) => {
          while (!ctx.signal.aborted) {
            ctx.log.info("x".repeat(10_000));
            await new Promise((resolve) => setTimeout(resolve, 1));
          }
          return "";
        },
      })],
      observer: { connectionClosed: ({ reason }) => ended.resolve(reason) },
    });
    await using server = serve(app);
    using client = await FaultyClient.open(`${server.url}/mcp/sse`, {
      message: { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "talk" } },
    });
    client[fault]();
    assert(["ping_failed", "queue_full"].includes(await ended.promise));
    client.leave();
    app.stop();
  });
}

/** The streams of a remote server that it ends at once, whatever time for the next one it names. */
import { assert, assertEquals } from "@std/assert";
import { METHODS } from "../../lib/wire/methods.ts";
import { connectRemote } from "../../lib/gateway/remote_server.ts";

/** A server of 2025-11-25 whose stream ends at once, and names a time for the next one. */
function endingStreams(retry: string) {
  const openedAt: number[] = [];
  const answer = async (request: Request): Promise<Response> => {
    if (request.method === "GET") {
      openedAt.push(performance.now());
      const event = `id: ${openedAt.length}\nretry: ${retry}\ndata:\n\n`;
      return new Response(event, { headers: { "content-type": "text/event-stream" } });
    }
    const { id, method } = request.method === "POST" ? await request.json() : {};
    if (method !== METHODS.initialize) return new Response(null, { status: 202 });
    const result = {
      protocolVersion: "2025-11-25",
      capabilities: {},
      serverInfo: { name: "far", version: "1" },
    };
    return Response.json({ jsonrpc: "2.0", id, result }, { headers: { "mcp-session-id": "s" } });
  };
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, answer);
  return { openedAt, server, url: `http://127.0.0.1:${server.addr.port}/mcp` };
}

const HELLO = [
  { jsonrpc: "2.0", id: 1, method: METHODS.initialize, params: {} },
  { jsonrpc: "2.0", method: "notifications/initialized" },
];

/** Connects, and waits until the server was asked for so many streams. */
async function connected({ url, openedAt }: ReturnType<typeof endingStreams>, streams: number) {
  const remote = connectRemote("far", { url, headers: {}, transport: "http" }, 100_000);
  const writer = remote.input.getWriter();
  const [initialize, initialized] = HELLO.map((message) => `${JSON.stringify(message)}\n`);
  await writer.write(new TextEncoder().encode(initialize));
  await remote.output.getReader().read();
  await writer.write(new TextEncoder().encode(initialized));
  while (openedAt.length < streams) await pause(5);
  return remote;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

Deno.test("a remote server that wants its next stream at once is asked ten times a second at most", async () => {
  const far = endingStreams("0");
  const remote = await connected(far, 5);
  const [first = 0] = far.openedAt;
  const tookMs = far.openedAt[4]! - first;
  // Timers may be early by a millisecond.
  assert(tookMs >= 390, `five streams within ${tookMs} ms`);
  await remote.end();
  await far.server.shutdown();
});

Deno.test("a remote server that wants its next stream after a longer time than timers have is not asked at once", async () => {
  const far = endingStreams("99999999999999999999");
  const remote = await connected(far, 1);
  await pause(300);
  assertEquals(far.openedAt.length, 1);
  await remote.end();
  await far.server.shutdown();
});

/** Requests of clients that differ slightly from the protocol, on raw sockets. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ServerProcess } from "../helpers/process.ts";
import { RawSocket } from "../faults/socket.ts";

/** Sends a request and gives what came back until a text is in it. */
async function exchange(port: number, lines: readonly string[], until: RegExp): Promise<string> {
  using socket = await RawSocket.connect({ port });
  const decoder = new TextDecoder();
  const { promise, resolve } = Promise.withResolvers<string>();
  let text = "";
  socket.onBytes = (bytes) => {
    text += decoder.decode(bytes, { stream: true });
    if (until.test(text)) resolve(text);
  };
  socket.write([...lines, ""].join("\r\n"));
  void socket.ended.then(() => resolve(text));
  return await promise;
}

const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
const POST_LINES = [
  "Host: localhost",
  "Content-Type: application/json",
  `Content-Length: ${PING.length}`,
];

Deno.test("clients that rebuild, repeat or leave out headers get in", async (t) => {
  await using server = await ServerProcess.start();
  const port = Number(new URL(server.url).port);

  for (const accept of [[], ["Accept: */*"]]) {
    await t.step(`GET with ${accept[0] ?? "no Accept"} opens a stream`, async () => {
      const lines = ["GET /mcp HTTP/1.1", "Host: localhost", ...accept, ""];
      const text = await exchange(port, lines, /event: endpoint\n/);
      assertMatch(text, /^HTTP\/1\.1 200 /);
      assertStringIncludes(text, "event: endpoint");
    });
  }

  await t.step("a browser's GET is told where the pages are", async () => {
    const accept = "Accept: text/html,application/xhtml+xml,*/*;q=0.8";
    const lines = ["GET /mcp HTTP/1.1", "Host: localhost", accept, "Connection: close", ""];
    const text = await exchange(port, lines, /\}\s*$/);
    assertMatch(text, /^HTTP\/1\.1 406 /);
    assertStringIncludes(text, "/sse-test.html");
  });

  await t.step("HEAD has the headers of a stream and ends", async () => {
    const lines = ["HEAD /mcp HTTP/1.1", "Host: localhost", "Connection: close", ""];
    const text = await exchange(port, lines, /never/);
    assertMatch(text, /^HTTP\/1\.1 200 [\s\S]*content-type: text\/event-stream/i);
  });

  await t.step("header lines that are sent twice with one value count as one", async () => {
    const version = "MCP-Protocol-Version: 2025-11-25";
    const lines = ["POST /mcp HTTP/1.1", ...POST_LINES, version, version, "", PING];
    const text = await exchange(port, lines, /\}\s*$/);
    assertMatch(text, /^HTTP\/1\.1 200 /);
  });

  await t.step("header lines that differ are an error that says so", async () => {
    const versions = ["MCP-Protocol-Version: 2025-11-25", "MCP-Protocol-Version: 2025-06-18"];
    const lines = ["POST /mcp HTTP/1.1", ...POST_LINES, ...versions, "", PING];
    const text = await exchange(port, lines, /\}\s*$/);
    assertMatch(text, /^HTTP\/1\.1 400 [\s\S]*different values/);
  });

  await t.step("a slash and a query behind the URL change nothing", async () => {
    for (const target of ["/mcp/", "/mcp/sse/?utm_source=paste"]) {
      const lines = [`POST ${target} HTTP/1.1`, ...POST_LINES, "", PING];
      assertMatch(await exchange(port, lines, /\}\s*$/), /^HTTP\/1\.1 200 /);
    }
  });
  assertEquals(await server.stop("SIGTERM"), 0);
});

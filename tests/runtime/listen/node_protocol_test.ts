/** Requests that few clients send, on the listener on `node:http`. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { settingsWith } from "../../../lib/base/settings.ts";
import { listenWithNode } from "../../../lib/runtime/listen/node_listener.ts";
import { rpc, type TestApp, testApp } from "../../helpers/app.ts";
import { postText, RawClient } from "./raw_client.ts";

/** Sends a text on its own socket. */
async function talk(
  text: string,
  test: (client: RawClient, app: TestApp) => Promise<void>,
): Promise<void> {
  using app = testApp({ wheel: {} });
  const listener = await listenWithNode(settingsWith())(app, { hostname: "127.0.0.1", port: 0 });
  {
    using client = await RawClient.connect(listener.port);
    await client.send(text);
    await test(client, app);
  }
  await app.drain(0);
  await listener.stop();
}

const PING = JSON.stringify(rpc("ping"));
const CHUNKED_PING = `${PING.length.toString(16)}\r\n${PING}\r\n0\r\n`;

async function isAnswered(client: RawClient): Promise<void> {
  await client.until('"result"');
  assertMatch(client.status, /200/);
}

Deno.test("a request without a Host header gets 400, as RFC 9112, 3.2 has it", () =>
  talk(postText("/mcp", PING).replace("Host: localhost\r\n", ""), async (client) => {
    await client.until("\r\n\r\n");
    assertMatch(client.status, /400/);
  }));

Deno.test("a target in absolute form is answered as its path", () =>
  talk(postText("http://localhost/mcp", PING), isAnswered));

Deno.test("a target in absolute form at another host is refused", () =>
  talk(postText("http://evil.example/mcp", PING), async (client) => {
    await client.until("\r\n\r\n");
    assertMatch(client.status, /4\d\d/);
  }));

Deno.test("HTTP/1.0 is answered, and its socket is closed", () =>
  talk(postText("/mcp", PING).replace("HTTP/1.1", "HTTP/1.0"), async (client) => {
    await client.closed;
    assertMatch(client.status, /200/);
    assertStringIncludes(client.received, '"result"');
  }));

Deno.test("a client that expects 100 gets it, and then its answer", () =>
  talk(postText("/mcp", PING, ["Expect: 100-continue"]), async (client) => {
    await client.until('"result"');
    assertMatch(client.status, /100 Continue/);
    assertStringIncludes(client.received, "HTTP/1.1 200");
  }));

Deno.test("trailers behind a chunked body are read and dropped", () =>
  talk(
    postText("/mcp", `${CHUNKED_PING}Mcp-Method: tools/call\r\n\r\n`, [
      "Transfer-Encoding: chunked",
    ])
      .replace(/Content-Length: \d+\r\n/, ""),
    isAnswered,
  ));

Deno.test("HEAD gets the headers and no body, and its socket serves on", () =>
  talk(
    `HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n${postText("/mcp", PING)}`,
    async (client) => {
      await client.until('"result"');
      assertEquals(client.received.split("HTTP/1.1 ").length, 3);
      assertEquals(client.received.split("\r\n\r\n")[1]?.startsWith("HTTP/1.1 200"), true);
    },
  ));

Deno.test("what a client sends behind the request of a stream is not answered before its end", () =>
  talk(
    postText("/mcp/sse", "", ["Accept: text/event-stream"]) + postText("/mcp", PING),
    async (client, app) => {
      await client.until("event: welcome");
      assertEquals(app.connections.ledger().open, 1);
      assertEquals(client.received.includes('"result":{}'), false);
    },
  ));

Deno.test("a pipeline of one client holds up no other client", async () => {
  using app = testApp({ wheel: {} });
  const listener = await listenWithNode(settingsWith())(app, { hostname: "127.0.0.1", port: 0 });
  {
    using greedy = await RawClient.connect(listener.port);
    using honest = await RawClient.connect(listener.port);
    await honest.send(postText("/mcp", PING));
    await isAnswered(honest);
    await greedy.send(postText("/mcp", PING).repeat(500));
    await greedy.until('"result"');
    await honest.send(postText("/mcp", PING));
    await honest.until('"result"', 2);
    assertEquals(greedy.received.split('"result"').length < 400, true);
    await greedy.until('"result"', 500);
  }
  await app.drain(0);
  await listener.stop();
});

Deno.test("a stream comes in chunks, ends with the last of them, and its socket is closed", () =>
  talk(postText("/mcp/sse", "", ["Accept: text/event-stream"]), async (client, app) => {
    await client.until("event: welcome");
    assertMatch(client.received, /^HTTP\/1\.1 200 OK\r\n/);
    assertMatch(client.received, /\r\nconnection: close\r\n/i);
    assertMatch(client.received, /\r\ndate: [A-Z][a-z]{2}, [^\r]+ GMT\r\n/i);
    await app.drain(0);
    await client.closed;
    assertEquals(unchunked(client.received.split("\r\n\r\n").slice(1).join("\r\n\r\n")).at(-1), "");
  }));

Deno.test("the head of a stream comes with its welcome and its first response, in one read", () =>
  talk(postText("/mcp/sse", PING, ["Accept: text/event-stream"]), async (client) => {
    await client.until("HTTP/1.1 200");
    assertStringIncludes(client.received, "event: welcome");
    assertStringIncludes(client.received, '"result":{}');
  }));

Deno.test("a header of a stream with a character beyond ASCII is one byte for each character", async () => {
  using app = testApp({ wheel: {} });
  const marked = {
    ...app,
    fetch: async (...request: Parameters<typeof app.fetch>) => {
      const response = await app.fetch(...request);
      response.headers.set("x-name", "\u00e9");
      return response;
    },
  };
  const listener = await listenWithNode(settingsWith())(marked, { hostname: "127.0.0.1", port: 0 });
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: listener.port });
  const request = postText("/mcp/sse", "", ["Accept: text/event-stream"]);
  await connection.write(new TextEncoder().encode(request));
  const buffer = new Uint8Array(4_096);
  const read = await connection.read(buffer) ?? 0;
  const received = new TextDecoder("latin1").decode(buffer.subarray(0, read));
  assertStringIncludes(received, "x-name: \u00e9\r\n");
  await app.drain(0);
  await listener.stop();
});

Deno.test("what a client sends on the socket of its stream is dropped, and the stream goes on", () =>
  talk(postText("/mcp/sse", "", ["Accept: text/event-stream"]), async (client, app) => {
    await client.until("event: welcome");
    await client.send("x".repeat(1_000_000) + postText("/mcp", PING));
    await app.drain(0);
    await client.until("event: close");
    await client.closed;
    assertEquals(client.received.includes('"result":{}'), false);
  }));

Deno.test("a client of HTTP/1.0 gets its stream without chunks", () =>
  talk(
    postText("/mcp/sse", "", ["Accept: text/event-stream"]).replace("HTTP/1.1", "HTTP/1.0"),
    async (client) => {
      await client.until("event: welcome");
      assertEquals(/transfer-encoding/i.test(client.received), false);
      assertMatch(client.received, /\r\n\r\nevent: welcome/);
    },
  ));

/** The chunks of a body; throws where it is no sequence of chunks (RFC 9112, section 7.1). */
function unchunked(body: string): string[] {
  const chunks: string[] = [];
  for (let at = 0; at < body.length;) {
    const line = body.indexOf("\r\n", at);
    const size = Number.parseInt(body.slice(at, line), 16);
    chunks.push(body.slice(line + 2, line + 2 + size));
    assertEquals(body.slice(line + 2 + size, line + 4 + size), "\r\n");
    at = line + 4 + size;
  }
  return chunks;
}

Deno.test("100 stalled uploads of 4 MB leave no socket once they got 408", async () => {
  const settings = settingsWith({
    MCP_BODY_TIMEOUT_MS: 300,
    MCP_MAX_BODY_BYTES: 8_000_000,
    MCP_MAX_BODY_BYTES_PER_CLIENT: 1_000_000_000,
    MCP_MAX_TOTAL_BODY_BYTES: 1_000_000_000,
  });
  using app = testApp({ settings, wheel: {} });
  const listener = await listenWithNode(settings)(app, { hostname: "127.0.0.1", port: 0 });
  const head = postText("/mcp", "").replace("Content-Length: 0", "Content-Length: 4000001");
  const clients = await Promise.all(Array.from({ length: 100 }, async () => {
    const client = await RawClient.connect(listener.port);
    void client.send(head + "x".repeat(100_000)).catch(() => {});
    return client;
  }));
  await Promise.all(clients.map(({ closed }) => closed));
  for (const client of clients) {
    if (client.received !== "") assertMatch(client.status, /408/);
    client[Symbol.dispose]();
  }
  assertEquals(clients.some(({ received }) => received !== ""), true);
  await app.drain(0);
  // Ends only when no socket is left.
  await listener.stop();
});

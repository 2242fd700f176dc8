/** Abilities of the listener on `node:http` alone: it controls its sockets. */
import { assertEquals, assertMatch } from "@std/assert";
import { type Settings, settingsWith } from "../../../lib/base/settings.ts";
import { listenWithNode } from "../../../lib/runtime/listen/node_listener.ts";
import { rpc, type TestApp, testApp, toolCall } from "../../helpers/app.ts";
import { toolThat } from "../../helpers/tools.ts";
import { postText, RawClient } from "./raw_client.ts";

async function served(
  settings: Partial<Settings>,
  test: (port: number, app: TestApp) => Promise<void>,
  app: TestApp = testApp({ settings, wheel: {} }),
): Promise<void> {
  using _app = app;
  const listener = await listenWithNode(settingsWith(settings))(app, {
    hostname: "127.0.0.1",
    port: 0,
  });
  await test(listener.port, app);
  await app.drain(0);
  await listener.stop();
}

const PING = JSON.stringify(rpc("ping"));

Deno.test("an offer to upgrade is ignored, as RFC 9110, 7.8 has it", () =>
  served({}, async (port) => {
    using client = await RawClient.connect(port);
    await client.send(postText("/mcp", PING, [
      "Connection: Upgrade, HTTP2-Settings",
      "Upgrade: h2c",
      "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA",
    ]));
    await client.until('"result"');
    assertMatch(client.status, /200/);
  }));

for (
  const [name, text] of [
    ["says nothing", ""],
    ["stops in its head", "POST /mcp HTTP/1.1\r\nHost: localhost\r\n"],
  ]
) {
  Deno.test(`a client that ${name} is cut off after MCP_HEAD_TIMEOUT_MS`, () =>
    served({ MCP_HEAD_TIMEOUT_MS: 100 }, async (port) => {
      using client = await RawClient.connect(port);
      await client.send(text!);
      await client.closed;
      if (client.received !== "") assertMatch(client.status, /408/);
    }));
}

Deno.test("a socket that idles after its answer is closed after MCP_IDLE_SOCKET_MS", () =>
  served({ MCP_IDLE_SOCKET_MS: 100 }, async (port) => {
    using client = await RawClient.connect(port);
    await client.send(postText("/mcp", PING));
    await client.closed;
    assertMatch(client.status, /200/);
  }));

Deno.test("a head over MCP_MAX_HEAD_BYTES gets 431, and its socket is closed", () =>
  served({ MCP_MAX_HEAD_BYTES: 4_096 }, async (port) => {
    using client = await RawClient.connect(port);
    await client.send(postText("/mcp", PING, [`X-Long: ${"x".repeat(8_192)}`]));
    await client.closed;
    assertMatch(client.status, /431/);
  }));

Deno.test("a socket is closed after MCP_MAX_REQUESTS_PER_SOCKET requests", () =>
  served({ MCP_MAX_REQUESTS_PER_SOCKET: 2 }, async (port) => {
    using client = await RawClient.connect(port);
    await client.send(postText("/mcp", PING));
    await client.until('"result"');
    await client.send(postText("/mcp", PING));
    await client.closed;
    assertEquals(client.received.split('"result"').length, 3);
  }));

Deno.test("a stalled upload gets 408, and its socket is closed", () =>
  served({ MCP_BODY_TIMEOUT_MS: 100 }, async (port) => {
    using client = await RawClient.connect(port);
    await client.send(postText("/mcp", PING).replace(/Content-Length: \d+/, "Content-Length: 999"));
    await client.closed;
    assertMatch(client.status, /408/);
  }));

Deno.test("a body over MCP_MAX_BODY_BYTES gets 413, and its socket is closed", () =>
  served({ MCP_MAX_BODY_BYTES: 1_024 }, async (port) => {
    using client = await RawClient.connect(port);
    await client.send(
      postText("/mcp", PING).replace(/Content-Length: \d+/, "Content-Length: 9999"),
    );
    await client.closed;
    assertMatch(client.received, /413/);
  }));

/** Each is answered before its body is read. */
const UNREAD = {
  "a GET": ["GET", "/healthz", ""],
  "a DELETE": ["DELETE", "/mcp", ""],
  "a path that does not exist": ["POST", "/nowhere", ""],
  "a wrong type": ["POST", "/mcp", "Content-Type: text/plain\r\n"],
  "a refused host": ["POST", "/mcp", "Origin: http://evil.example\r\n"],
} as const;
const headOf = ([method, path, headers]: readonly string[], length: number) =>
  `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}Content-Length: ${length}\r\n\r\n`;

for (const [what, request] of Object.entries(UNREAD)) {
  Deno.test(`a body that nobody reads is discarded, and the next request is answered: ${what}`, () =>
    served({}, async (port) => {
      using client = await RawClient.connect(port);
      const body = "x".repeat(4_000_000);
      await client.send(`${headOf(request, body.length)}${body}${postText("/mcp", PING)}`);
      await client.until('"result"');
      assertEquals(client.received.split("HTTP/1.1").length, 3);
    }));

  Deno.test(`a body that nobody reads and that does not end closes its socket: ${what}`, () =>
    served({ MCP_BODY_TIMEOUT_MS: 100 }, async (port) => {
      using client = await RawClient.connect(port);
      await client.send(`${headOf(request, 4_000_000)}${"x".repeat(100_000)}`);
      await client.closed;
      assertEquals(client.received.split("HTTP/1.1").length, 2);
    }));
}

Deno.test("what is no HTTP gets 400, and its socket is closed", () =>
  served({}, async (port) => {
    using client = await RawClient.connect(port);
    await client.send("\x16\x03\x01\x02\x00\x01\x00");
    await client.closed;
    if (client.received !== "") assertMatch(client.status, /400/);
  }));

Deno.test("bytes that the kernel has not taken count, and the socket of a stalled reader goes", async () => {
  const settings = { MCP_MAX_QUEUED_BYTES: 200_000, MCP_PING_INTERVAL_MS: 50 };
  const stopped = Promise.withResolvers<void>();
  const flood = toolThat(async (ctx) => {
    while (!ctx.signal.aborted) {
      ctx.log.info("x".repeat(30_000));
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    stopped.resolve();
  });
  await served(settings, async (port, app) => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    const text = postText("/mcp/sse", JSON.stringify(toolCall(flood.name)), [
      "Accept: text/event-stream",
    ]);
    await connection.write(new TextEncoder().encode(text));
    while (app.connections.ledger().opened === 0 || app.connections.ledger().open > 0) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const { closed } = app.connections.ledger();
    assertEquals((closed.ping_failed ?? 0) + (closed.queue_full ?? 0), 1);
    // Its reader still reads nothing, and the socket goes all the same.
    while (app.connections.ledger().lingering > 0) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    connection.close();
    await stopped.promise;
  }, testApp({ settings, tools: [flood], wheel: {} }));
});

Deno.test("more headers than MCP_MAX_HEADERS get 431, and their socket is closed", () =>
  served({ MCP_MAX_HEADERS: 6 }, async (port) => {
    using client = await RawClient.connect(port);
    const padding = Array.from({ length: 4 }, (_, number) => `X-${number}: x`);
    await client.send(postText("/mcp", PING, padding));
    await client.closed;
    assertMatch(client.status, /431/);
  }));

/** The same app behaves alike on either listener. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { AppOptions } from "../../../lib/mod.ts";
import { settingsWith } from "../../../lib/base/settings.ts";
import { listenWithDeno } from "../../../lib/runtime/listen/deno_listener.ts";
import type { Listen } from "../../../lib/runtime/listen/listener.ts";
import { listenWithNode } from "../../../lib/runtime/listen/node_listener.ts";
import { rpc, type TestApp, testApp, toolCall } from "../../helpers/app.ts";
import { HeldTool } from "../../helpers/tools.ts";
import { postText, RawClient } from "./raw_client.ts";

const LISTENERS: readonly (readonly [string, Listen])[] = [
  ["deno", listenWithDeno],
  ["node", listenWithNode(settingsWith())],
];

interface Scene {
  readonly app: TestApp;
  readonly port: number;
  readonly origin: string;
}

/** The test on each listener. */
function onEach(
  behaviour: string,
  test: (scene: Scene) => Promise<void>,
  options: AppOptions = {},
): void {
  for (const [name, listen] of LISTENERS) {
    Deno.test(`${name}: ${behaviour}`, async () => {
      using app = testApp(options);
      const listener = await listen(app, { hostname: "127.0.0.1", port: 0 });
      const { port } = listener;
      await test({ app, port, origin: `http://127.0.0.1:${port}` });
      await app.drain(0);
      await listener.stop();
    });
  }
}

const JSON_HEADERS = { "content-type": "application/json" };
const ECHO = JSON.stringify(toolCall("echo", { message: "hello ü €" }));

onEach("a call is answered as JSON, with its length declared or not", async ({ origin }) => {
  for (const body of [ECHO, ReadableStream.from([new TextEncoder().encode(ECHO)])]) {
    const response = await fetch(`${origin}/mcp`, { method: "POST", headers: JSON_HEADERS, body });
    assertEquals(response.status, 200);
    assertEquals((await response.json()).result.content[0].text, "hello ü €");
  }
});

onEach("bodies that are wrong get the same refusals", async ({ origin }) => {
  const post = async (body: BodyInit | null, headers: HeadersInit = JSON_HEADERS) => {
    const response = await fetch(`${origin}/mcp`, { method: "POST", headers, body });
    return [response.status, (await response.json()).error.code];
  };
  assertEquals(await post("{"), [400, -32700]);
  assertEquals(await post(""), [400, -32700]);
  assertEquals(await post("{}", { "content-type": "text/plain" }), [415, -32600]);
});

onEach("a POST without a body, as curl sends it, opens a stream", async ({ port, app }) => {
  using client = await RawClient.connect(port);
  await client.send(
    `POST /mcp/sse HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: text/event-stream\r\n\r\n`,
  );
  await client.until("event: welcome");
  assertEquals(client.status, "HTTP/1.1 200 OK");
  assertEquals(app.connections.ledger().open, 1);
});

onEach("a body without a type is refused, its length declared or not", async ({ port }) => {
  const bodies = [
    "Content-Length: 2\r\n\r\n{}",
    "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
  ];
  for (const body of bodies) {
    using client = await RawClient.connect(port);
    await client.send(
      `POST /mcp/sse HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: text/event-stream\r\n${body}`,
    );
    await client.until("Content-Type (none)");
    assertMatch(client.status, / 415 /);
  }
});

onEach("pages, HEAD, 404 and preflights are answered", async ({ origin }) => {
  const page = await fetch(`${origin}/sse-test.html`);
  assertMatch(await page.text(), /^<!doctype html>/i);
  const head = await fetch(`${origin}/sse-test.html`, { method: "HEAD" });
  assertEquals([head.status, await head.text()], [200, ""]);
  const missing = await fetch(`${origin}/nowhere`);
  assertEquals(missing.status, 404);
  await missing.body?.cancel();
  const preflight = await fetch(`${origin}/mcp`, {
    method: "OPTIONS",
    headers: { origin: "http://localhost:3000", "access-control-request-method": "POST" },
  });
  assertEquals([preflight.status, await preflight.text()], [204, ""]);
});

onEach("a stream carries each message as it comes, and ends when its client leaves", async (
  { app, port },
) => {
  using client = await RawClient.connect(port);
  await client.send(postText("/mcp/sse", ECHO, ["Accept: text/event-stream"]));
  await client.until("event: response");
  assertStringIncludes(client.received, "event: welcome");
  assertEquals(app.connections.ledger().open, 1);
  client[Symbol.dispose]();
  while (app.connections.ledger().open > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  assertEquals(app.connections.ledger().closed.client_closed, 1);
});

const held = new HeldTool();

onEach("a call is told that its client has left", async ({ port }) => {
  using client = await RawClient.connect(port);
  await client.send(postText("/mcp/sse", JSON.stringify(toolCall(held.tool.name)), [
    "Accept: text/event-stream",
  ]));
  const call = await held.next();
  client[Symbol.dispose]();
  await new Promise((resolve) => call.ctx.signal.addEventListener("abort", resolve));
}, { tools: [held.tool] });

onEach("a drain says goodbye, and the socket closes", async ({ app, port }) => {
  using client = await RawClient.connect(port);
  await client.send(postText("/mcp/sse", "", ["Accept: text/event-stream"]));
  await client.until("event: welcome");
  await app.drain(0);
  await client.until('"reason":"drain"');
  await client.until("\r\n0\r\n\r\n");
});

onEach("requests on one socket are answered in their order", async ({ port }) => {
  using client = await RawClient.connect(port);
  const call = (id: number) => postText("/mcp", JSON.stringify(rpc("ping", {}, id)));
  await client.send(call(1) + call(2) + call(3));
  await client.until('"id":3');
  assertEquals([...client.received.matchAll(/"id":(\d)/g)].map(([, id]) => id), ["1", "2", "3"]);
});

const REFUSED_HEADS: readonly (readonly [what: string, head: string, status: RegExp])[] = [
  ["no Host over HTTP/1.1", "GET /healthz HTTP/1.1", / 400 /],
  ["no Host over HTTP/1.0", "GET /healthz HTTP/1.0", / 400 /],
  ["no Host, and a kept socket", "GET /healthz HTTP/1.0\r\nConnection: keep-alive", / 400 /],
  ["no Host for a stream", "POST /mcp/sse HTTP/1.0\r\nAccept: text/event-stream", / 400 /],
  ["no version", "GET /healthz", / (400|505) /],
  ["HTTP/0.9", "GET /healthz HTTP/0.9\r\nHost: localhost", / (400|505) /],
  ["HTTP/2.0 as text", "GET /healthz HTTP/2.0\r\nHost: localhost", / (400|505) /],
  ["all of the server", "GET * HTTP/1.1\r\nHost: localhost", / (400|404) /],
  ["options of the server", "OPTIONS * HTTP/1.1\r\nHost: localhost", / 404 /],
  [
    "chunks over HTTP/1.0",
    "POST /mcp HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked",
    / 400 /,
  ],
];

for (const [what, head, status] of REFUSED_HEADS) {
  onEach(`a request with ${what} is refused (RFC 9112)`, async ({ port, app }) => {
    using client = await RawClient.connect(port);
    await client.send(`${head}\r\n\r\n`);
    await client.until("\r\n\r\n");
    assertMatch(client.status, status);
    assertEquals(app.connections.ledger().opened, 0);
  });
}

onEach("a target in absolute form needs no Host over HTTP/1.0", async ({ port }) => {
  using client = await RawClient.connect(port);
  await client.send("GET http://localhost/healthz HTTP/1.0\r\n\r\n");
  await client.closed;
  assertMatch(client.status, / 200 /);
});

onEach("copies of a header that differ are refused", async ({ port }) => {
  using client = await RawClient.connect(port);
  await client.send(postText("/mcp", ECHO, [
    "MCP-Protocol-Version: 2025-11-25",
    "MCP-Protocol-Version: 2025-06-18",
  ]));
  await client.until('"error"');
  assertMatch(client.status, /400/);
});

/** Clients that send requests before they have answers, on the listener on `node:http`. */
import { assertEquals } from "@std/assert";
import { settingsWith } from "../../../lib/base/settings.ts";
import { listenWithNode } from "../../../lib/runtime/listen/node_listener.ts";
import { rpc, type TestApp, testApp, toolCall } from "../../helpers/app.ts";
import { toolThat } from "../../helpers/tools.ts";
import { postText, RawClient } from "./raw_client.ts";

const settings = settingsWith({ MCP_CALLS_PER_SECOND: 100_000, MCP_CALLS_BURST: 100_000 });

async function served(
  test: (port: number, app: TestApp) => Promise<void>,
  app: TestApp = testApp({ settings, wheel: {} }),
): Promise<void> {
  using _app = app;
  const listener = await listenWithNode(settings)(app, { hostname: "127.0.0.1", port: 0 });
  await test(listener.port, app);
  await app.drain(0);
  await listener.stop();
}

const echoes = (count: number, more = "") =>
  Array.from({ length: count }, (_, n) => JSON.stringify(toolCall("echo", { message: more }, n)));
const idsOf = (text: string) => [...text.matchAll(/"id":(\d+)/g)].map(([, id]) => Number(id));
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);
const moment = () => new Promise((resolve) => setTimeout(resolve, 20));

Deno.test("requests that come at once are all answered, in their order and with their bodies", () =>
  served(async (port) => {
    using client = await RawClient.connect(port);
    await client.send(echoes(300).map((text) => postText("/mcp", text)).join(""));
    await client.until('"result"', 300);
    assertEquals(idsOf(client.received), upTo(300));
  }));

Deno.test("requests of every shape are answered behind each other", () =>
  served(async (port) => {
    const ping = JSON.stringify(rpc("ping"));
    const chunked = `${ping.length.toString(16)}\r\n${ping}\r\n0\r\nX-Late: 1\r\n\r\n`;
    const many = Array.from({ length: 60 }, (_, n) => `X-${n}: x`);
    using client = await RawClient.connect(port);
    await client.send([
      postText("/mcp", ping),
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
      postText("/mcp", chunked, ["Transfer-Encoding: chunked"])
        .replace(/Content-Length: \d+\r\n/, ""),
      "HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
      postText("/mcp", ping, many),
      postText("/no/such/path", ping),
      postText("/mcp", ping, ["Connection: close"]),
    ].join(""));
    await client.closed;
    const statuses = [...client.received.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    assertEquals(statuses, ["200", "200", "200", "200", "200", "404", "200"]);
    assertEquals(client.received.split('"result"').length, 5);
  }));

Deno.test("many pipelines of clients that read nothing hold up no other client", async () => {
  const clients = 40;
  const each = 200;
  let handled = 0;
  using app = testApp({ settings, wheel: {} });
  const counting: TestApp = Object.assign(Object.create(app), {
    fetch: (...request: Parameters<TestApp["fetch"]>) => {
      handled++;
      return app.fetch(...request);
    },
  });
  const listener = await listenWithNode(settings)(counting, { hostname: "127.0.0.1", port: 0 });
  {
    const greedy = await Promise.all(
      Array.from(
        { length: clients },
        () => Deno.connect({ hostname: "127.0.0.1", port: listener.port }),
      ),
    );
    const text = new TextEncoder().encode(
      "GET /no/such/path HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(each),
    );
    for (const connection of greedy) await connection.write(text);
    while (handled === 0) await moment();
    using honest = await RawClient.connect(listener.port);
    await honest.send(postText("/mcp", JSON.stringify(rpc("ping"))));
    await honest.until('"result"');
    assertEquals(handled < clients * each / 4, true, `${handled} answered before`);
    for (const connection of greedy) connection.close();
  }
  await app.drain(0);
  await listener.stop();
});

Deno.test("a socket is read no further while requests wait on it, and they are all answered", () => {
  const running = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const slow = toolThat(async () => {
    running.resolve();
    await release.promise;
  });
  const size = 1_000_000;
  const count = 40;
  return served(async (port) => {
    using client = await RawClient.connect(port);
    await client.send(postText("/mcp", JSON.stringify(toolCall(slow.name))));
    await running.promise;
    let sent = 0;
    const sending = (async () => {
      for (const text of echoes(count, "x".repeat(size))) {
        await client.send(postText("/mcp", text));
        sent++;
      }
    })();
    // The kernel takes what its buffers hold, and then nothing more.
    for (let before = -1; before < sent; await moment()) before = sent;
    await moment();
    assertEquals(sent < count, true, `all ${sent} sent`);
    release.resolve();
    await sending;
    await client.until('"id"', count + 1);
    assertEquals(idsOf(client.received).slice(1), upTo(count));
  }, testApp({ settings, tools: [slow], wheel: {} }));
});

Deno.test("a client that leaves its stream is noticed, whatever it sent behind the request", () =>
  served(async (port, app) => {
    {
      using client = await RawClient.connect(port);
      const open = postText("/mcp/sse", "", ["Accept: text/event-stream"]);
      await client.send(open + postText("/mcp", JSON.stringify(rpc("ping"))).repeat(100));
      await client.until("event: welcome");
    }
    while (app.connections.ledger().open > 0) await moment();
    assertEquals(app.connections.ledger().closed.client_closed, 1);
  }));

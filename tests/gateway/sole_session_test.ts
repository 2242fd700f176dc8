/** Log messages of a shared process that name no call: they reach its only client, and no other. */
import { assertEquals } from "@std/assert";
import type { TestClient } from "../../lib/testing.ts";
import { testClient } from "../../lib/testing.ts";
import { settled } from "../helpers/time.ts";
import { until } from "../helpers/until.ts";
import { at, gatewayApp } from "./gateway_app.ts";
import { closeAll, connectAll, listen, requestsOf, talkative } from "./talkative_server.ts";

const answering = talkative((message) =>
  message.method === "tools/call" ? { content: [] } : undefined
);
const logOf = (data: string, level = "error") => ({
  jsonrpc: "2.0",
  method: "notifications/message",
  params: { level, data, _meta: { a: 1 } },
});
const dataOf = ({ logs }: TestClient) => logs.map(({ data }) => data);

Deno.test("the only client of a process gets messages between its calls, by its level", async () => {
  await using served = gatewayApp({ one: answering });
  const [client] = await connectAll(served, 1) as [TestClient];
  const [server] = served.runs.one!;
  // Test clients ask for the level `debug` when they connect.
  server!.send(logOf("before any call"));
  await client.call("one__work");
  server!.send(logOf("debug", "debug"));
  server!.send(logOf("error"));
  await until(() => client.logs.length === 3);
  assertEquals(client.logs[2], { level: "error", data: "error", _meta: { a: 1 } } as never);
  await client.request("logging/setLevel", { level: "warning" });
  server!.send(logOf("info", "info"));
  server!.send(logOf("warning", "warning"));
  await until(() => client.logs.length === 4);
  assertEquals(dataOf(client), ["before any call", "debug", "error", "warning"]);
  await client.close();
});

Deno.test("a message while several calls of one client run goes to that client, whoever else is there", async () => {
  await using served = gatewayApp({ one: talkative() });
  const clients = await connectAll(served, 2) as [TestClient, TestClient];
  const calls = [clients[0].call("one__work"), clients[0].call("one__work")];
  const server = served.runs.one![0]!;
  await until(() => requestsOf(server, "tools/call").length === 2);
  server.send(logOf("of both"));
  await until(() => clients[0].logs.length > 0);
  for (const { id, method } of server.received) {
    if (method === "tools/call") server.send({ jsonrpc: "2.0", id, result: { content: [] } });
  }
  await Promise.all(calls);
  assertEquals(clients.map(dataOf), [["of both"], []]);
  await closeAll(clients);
});

Deno.test("once a second client has used the process nobody gets such messages, until it starts anew", async () => {
  await using served = gatewayApp({ one: answering });
  const [first, second] = await connectAll(served, 2) as [TestClient, TestClient];
  await first.call("one__work");
  await second.call("one__work");
  served.runs.one![0]!.send(logOf("whose?"));
  await second.close();
  served.runs.one![0]!.send(logOf("still whose?"));
  await settled();
  assertEquals(dataOf(first), []);
  served.runs.one![0]!.die();
  await until(() => served.runs.one!.length === 2);
  await first.call("one__work");
  served.runs.one![1]!.send(logOf("mine"));
  await until(() => first.logs.length > 0);
  assertEquals([dataOf(first), dataOf(second)], [["mine"], []]);
  await first.close();
});

const OTHERS: Readonly<Record<string, (served: ReturnType<typeof gatewayApp>) => Promise<void>>> = {
  "a call without a session": async ({ app }) => {
    const body = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "work" } };
    const request = new Request("http://localhost/mcp/one", {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(body),
    });
    await (await app.fetch(request)).json();
  },
  "a call of 2026-07-28": async ({ app }) => {
    await using client = await testClient(app, { keepApp: true });
    await client.call("one__work");
  },
  "a subscription of 2026-07-28": async ({ app, runs }) => {
    const listening = await listen(at("/mcp/one", app), { resourceSubscriptions: ["a:y"] });
    await until(() => requestsOf(runs.one![0]!, "resources/subscribe").length > 0);
    await listening.leave();
  },
  "a session that has ended": async (served) => {
    const [client] = await connectAll(served, 1) as [TestClient];
    await client.request("resources/subscribe", { uri: "a:x" });
    await client.close();
  },
};

for (const [other, use] of Object.entries(OTHERS)) {
  Deno.test(`after ${other} a client is not the only one`, async () => {
    await using served = gatewayApp({ one: answering });
    await served.app.start();
    await use(served);
    const [client] = await connectAll(served, 1) as [TestClient];
    await client.call("one__work");
    served.runs.one![0]!.send(logOf("whose?"));
    await settled();
    assertEquals(dataOf(client), []);
    await client.close();
  });
}

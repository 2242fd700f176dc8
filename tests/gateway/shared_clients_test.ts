/** Clients that share one process: nothing of one of them reaches another. */
import { assertEquals } from "@std/assert";
import { type TestClient, testClient, type TestClientOptions } from "../../lib/testing.ts";
import { META_KEYS } from "../../lib/wire/meta.ts";
import { settled } from "../helpers/time.ts";
import { until } from "../helpers/until.ts";
import { at, gatewayApp } from "./gateway_app.ts";
import type { Script, ScriptedServer } from "./scripted_server.ts";

const CLIENTS = 20;
const UPDATED = "notifications/resources/updated";

/** A server with resources and log messages; `rest` answers its calls. */
function talkative(rest: Script = () => undefined): Script {
  return (message, server) => {
    if (message.method === "initialize") {
      return {
        protocolVersion: "2025-11-25",
        serverInfo: { name: "scripted", version: "1" },
        capabilities: { tools: {}, logging: {}, resources: { subscribe: true } },
      };
    }
    const results: Record<string, unknown> = {
      "tools/list": { tools: [{ name: "work", inputSchema: { type: "object" } }] },
      "resources/list": { resources: ["a:x", "a:y"].map((uri) => ({ uri, name: uri })) },
      "resources/templates/list": { resourceTemplates: [] },
      "resources/subscribe": {},
      "resources/unsubscribe": {},
      "logging/setLevel": {},
    };
    return results[message.method] ?? rest(message, server);
  };
}

/** Logs on three levels in each call, before its answer. */
const logging = talkative((message, server) => {
  if (message.method !== "tools/call") return undefined;
  for (const level of ["debug", "info", "error"]) {
    server.send({
      jsonrpc: "2.0",
      method: "notifications/message",
      params: { level, data: level },
    });
  }
  return { content: [] };
});

async function connectAll(
  served: ReturnType<typeof gatewayApp>,
  count: number,
  options: TestClientOptions = {},
): Promise<TestClient[]> {
  const clients = [];
  for (let n = 0; n < count; n++) {
    clients.push(await testClient(served.app, { era: "2025-11-25", keepApp: true, ...options }));
  }
  return clients;
}

const requestsOf = ({ received }: ScriptedServer, method: string) =>
  received.filter((message) => message.method === method).map(({ params }) => params);
const closeAll = (clients: readonly TestClient[]) =>
  Promise.all(clients.map((client) => client.close()));
const updatesOf = ({ notifications }: TestClient) =>
  notifications.filter(({ method }) => method === UPDATED).map(({ params }) => params?.uri);
const update = (uri: string) => ({ jsonrpc: "2.0", method: UPDATED, params: { uri } });

Deno.test("twenty clients with the same request ids and progress tokens get their own answers and progress", async () => {
  const calls: { id: number; params: { arguments: object; _meta: { progressToken: number } } }[] =
    [];
  await using served = gatewayApp({
    one: talkative((message) => void (message.method === "tools/call" && calls.push(message))),
  });
  const clients = await connectAll(served, CLIENTS);
  const results = clients.map((client, n) =>
    client.request("tools/call", {
      name: "one__work",
      arguments: { n },
      _meta: { progressToken: "same" },
    })
  );
  await until(() => calls.length === CLIENTS);
  const [server] = served.runs.one!;
  // The last comes first.
  for (const { id, params } of calls.toReversed()) {
    const { progressToken } = params._meta;
    const progress = { progressToken, progress: 1, message: JSON.stringify(params.arguments) };
    server!.send({ jsonrpc: "2.0", method: "notifications/progress", params: progress });
    server!.send({
      jsonrpc: "2.0",
      id,
      result: { content: [], structuredContent: params.arguments },
    });
  }
  assertEquals(
    (await Promise.all(results)).map(({ structuredContent }) => structuredContent),
    clients.map((_, n) => ({ n })),
  );
  assertEquals(
    clients.map(({ progress }) => progress.map(({ message }) => message)),
    clients.map((_, n) => [`{"n":${n}}`]),
  );
  assertEquals([served.runs.one!.length, new Set(calls.map(({ id }) => id)).size], [1, CLIENTS]);
  await closeAll(clients);
});

Deno.test("an update reaches the clients that subscribed, over one subscription at the server", async () => {
  await using served = gatewayApp({ one: talkative() });
  const clients = await connectAll(served, CLIENTS);
  const [server] = served.runs.one!;
  for (const [n, client] of clients.entries()) {
    await client.request("resources/subscribe", { uri: n % 2 === 0 ? "a:x" : "a:y" });
  }
  await settled();
  assertEquals(requestsOf(server!, "resources/subscribe"), [{ uri: "a:x" }, { uri: "a:y" }]);
  server!.send(update("a:x"));
  await until(() => clients.every((client, n) => n % 2 === 1 || updatesOf(client).length > 0));
  assertEquals(clients.map(updatesOf), clients.map((_, n) => n % 2 === 0 ? ["a:x"] : []));

  const [first, second, ...others] = clients as [TestClient, TestClient, ...TestClient[]];
  for (const client of others) await client.close();
  await first.request("resources/unsubscribe", { uri: "a:x" });
  await until(() => requestsOf(server!, "resources/unsubscribe").length > 0);
  assertEquals(requestsOf(server!, "resources/unsubscribe"), [{ uri: "a:x" }]);
  await closeAll([first, second]);
  await until(() => requestsOf(server!, "resources/unsubscribe").length === 2);
  assertEquals(requestsOf(server!, "resources/unsubscribe")[1], { uri: "a:y" });
});

Deno.test("subscriptions are made anew at a server that was restarted", async () => {
  await using served = gatewayApp({ one: talkative() });
  const [client] = await connectAll(served, 1) as [TestClient];
  await client.request("resources/subscribe", { uri: "a:x" });
  await client.request("logging/setLevel", { level: "debug" });
  served.runs.one![0]!.die();
  await until(() => served.runs.one!.length === 2);
  await until(() => requestsOf(served.runs.one![1]!, "resources/subscribe").length === 1);
  assertEquals(requestsOf(served.runs.one![1]!, "logging/setLevel"), [{ level: "debug" }]);
  served.runs.one![1]!.send(update("a:x"));
  await until(() => updatesOf(client).length === 1);
  await client.close();
});

Deno.test("a subscription at /mcp reaches the server whose resource it is, and hears of that one alone", async () => {
  const other: Script = (message, server) =>
    message.method === "resources/list"
      ? { resources: [{ uri: "b:x", name: "b" }] }
      : talkative()(message, server);
  await using served = gatewayApp({ one: talkative(), two: other });
  const [client] = await connectAll(served, 1) as [TestClient];
  await client.request("resources/subscribe", { uri: "b:x" });
  await settled();
  const [one, two] = [served.runs.one![0]!, served.runs.two![0]!];
  assertEquals(requestsOf(one, "resources/subscribe"), []);
  assertEquals(requestsOf(two, "resources/subscribe"), [{ uri: "b:x" }]);
  one.send(update("b:x"));
  await settled();
  assertEquals(updatesOf(client), []);
  two.send(update("b:x"));
  await until(() => updatesOf(client).length === 1);
  await client.close();
});

Deno.test("a client of 2026-07-28 that listens hears of updates and of changed lists", async () => {
  await using served = gatewayApp({ one: talkative() });
  const app = at("/mcp/one", served.app);
  const meta = {
    [META_KEYS.protocolVersion]: "2026-07-28",
    [META_KEYS.clientInfo]: { name: "test", version: "1" },
    [META_KEYS.clientCapabilities]: {},
  };
  await served.app.start();
  const response = await app.fetch(
    new Request("http://localhost/mcp", {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "subscriptions/listen",
      },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "subscriptions/listen",
        params: {
          notifications: { resourceSubscriptions: ["a:x"], toolsListChanged: true },
          _meta: meta,
        },
      }),
    }),
  );
  let text = "";
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const reading = (async () => {
    for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
  })();
  const server = served.runs.one![0]!;
  await until(() => requestsOf(server, "resources/subscribe").length === 1);
  server.send(update("a:x"));
  server.send({ jsonrpc: "2.0", method: "notifications/tools/list_changed" });
  await until(() => text.includes("a:x") && text.includes("tools/list_changed"));
  await reader.cancel();
  await reading;
  await until(() => requestsOf(server, "resources/unsubscribe").length === 1);
});

Deno.test("a log message goes to the client of the call, by the level of that client", async () => {
  await using served = gatewayApp({ one: logging });
  const clients = await connectAll(served, 3);
  // A test client begins with the level `debug`.
  await clients[1]!.request("logging/setLevel", { level: "error" });
  await clients[2]!.request("logging/setLevel", { level: "info" });
  for (const client of clients) await client.call("one__work");
  const [server] = served.runs.one!;
  assertEquals(
    clients.map(({ logs }) => logs.map(({ level }) => level)),
    [["debug", "info", "error"], ["error"], ["info", "error"]],
  );
  assertEquals(requestsOf(server!, "logging/setLevel"), [{ level: "debug" }]);
  await clients[0]!.close();
  await until(() => requestsOf(server!, "logging/setLevel").length === 2);
  assertEquals(requestsOf(server!, "logging/setLevel")[1], { level: "info" });
  await closeAll(clients.slice(1));
});

Deno.test("a log message that may belong to one of two calls, or to none, goes to no client", async () => {
  await using served = gatewayApp({ one: talkative() });
  const clients = await connectAll(served, 2);
  const server = () => served.runs.one![0]!;
  const message = { level: "error", data: "whose?" };
  const notice = { jsonrpc: "2.0", method: "notifications/message", params: message };
  await clients[0]!.list("tools");
  server().send(notice);
  const calls = clients.map((client) => client.call("one__work"));
  await until(() => requestsOf(server(), "tools/call").length === 2);
  server().send(notice);
  for (const { id, method } of server().received) {
    if (method === "tools/call") server().send({ jsonrpc: "2.0", id, result: { content: [] } });
  }
  await Promise.all(calls);
  assertEquals(clients.map(({ logs }) => logs), [[], []]);
  await closeAll(clients);
});

Deno.test("a request of 2026-07-28 that wants the level debug gets it, whatever others want", async () => {
  await using served = gatewayApp({ one: logging });
  const [other] = await connectAll(served, 1) as [TestClient];
  await other.request("logging/setLevel", { level: "error" });
  const client = await testClient(served.app, { keepApp: true });
  await client.request("tools/call", {
    name: "one__work",
    arguments: {},
    _meta: { [META_KEYS.logLevel]: "debug" },
  });
  assertEquals(client.logs.map(({ level }) => level), ["debug", "info", "error"]);
  assertEquals(other.logs, []);
  const levels = requestsOf(served.runs.one![0]!, "logging/setLevel").map(({ level }) => level);
  assertEquals(levels, ["debug", "info", "debug", "info"]);
  await closeAll([client, other]);
});

Deno.test("a client with a server of its own hears nothing of what others share", async () => {
  await using served = gatewayApp({ one: talkative() });
  const [sharing] = await connectAll(served, 1) as [TestClient];
  const [own] = await connectAll(served, 1, { elicit: () => ({ action: "decline" }) }) as [
    TestClient,
  ];
  for (const client of [sharing, own]) {
    await client.request("resources/subscribe", { uri: "a:x" });
  }
  const [shared, itsOwn] = served.runs.one!;
  await until(() => requestsOf(itsOwn!, "resources/subscribe").length === 1);
  shared!.send(update("a:x"));
  await until(() => updatesOf(sharing).length === 1);
  assertEquals(updatesOf(own), []);
  itsOwn!.send(update("a:x"));
  await until(() => updatesOf(own).length === 1);
  assertEquals(updatesOf(sharing).length, 1);
  await closeAll([sharing, own]);
});

Deno.test("an update of a sub-resource reaches the clients that subscribed to a parent, and no others", async () => {
  await using served = gatewayApp({ one: talkative() });
  const clients = await connectAll(served, 4);
  const uris = ["a:x", "a:x/1", "a:xy", "a:y"];
  for (const [n, client] of clients.entries()) {
    await client.request("resources/subscribe", { uri: uris[n] });
  }
  served.runs.one![0]!.send(update("a:x/1"));
  served.runs.one![0]!.send(update("a:y"));
  await until(() => updatesOf(clients[3]!).length === 1);
  assertEquals(clients.map(updatesOf), [["a:x/1"], ["a:x/1"], [], ["a:y"]]);
  await closeAll(clients);
});

Deno.test("a session with its own server hears of sub-resources of what it subscribed to", async () => {
  await using served = gatewayApp({ one: talkative() });
  const [own] = await connectAll(served, 1, { elicit: () => ({ action: "decline" }) }) as [
    TestClient,
  ];
  await own.request("resources/subscribe", { uri: "a:x" });
  const server = served.runs.one!.at(-1)!;
  for (const uri of ["a:xy", "a:x/1"]) server.send(update(uri));
  await until(() => updatesOf(own).length === 1);
  assertEquals(updatesOf(own), ["a:x/1"]);
  await own.close();
});

/** Clients that share one process: nothing of one of them reaches another. */
import { assertEquals } from "@std/assert";
import { type TestClient, testClient } from "../../lib/testing.ts";
import { META_KEYS } from "../../lib/wire/meta.ts";
import { until } from "../helpers/until.ts";
import { gatewayApp } from "./gateway_app.ts";
import {
  closeAll,
  connectAll,
  requestsOf,
  talkative,
  update,
  updatesOf,
} from "./talkative_server.ts";

const CLIENTS = 20;

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

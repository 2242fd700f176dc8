/** Subscriptions to the resources of servers: who hears of an update, and who learns of a refusal. */
import { assertEquals, assertRejects } from "@std/assert";
import { RpcError, type TestClient, type TestClientOptions } from "../../lib/testing.ts";
import { settled } from "../helpers/time.ts";
import { until } from "../helpers/until.ts";
import { at, gatewayApp } from "./gateway_app.ts";
import { ordinary, type Script, SILENCE } from "./scripted_server.ts";
import {
  closeAll,
  connectAll,
  listen,
  requestsOf,
  talkative,
  update,
  updatesOf,
} from "./talkative_server.ts";

const CLIENTS = 20;
const ASKED: TestClientOptions = { elicit: () => ({ action: "decline" }) };

/** Refuses subscriptions to anything but `a:x`. */
const strict: Script = (message, server) => {
  if (message.method !== "resources/subscribe" || message.params.uri === "a:x") {
    return talkative()(message, server);
  }
  const error = { code: -32002, message: "No such resource", data: { uri: message.params.uri } };
  server.send({ jsonrpc: "2.0", id: message.id, error });
  return SILENCE;
};

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
  const listening = await listen(at("/mcp/one", served.app), {
    resourceSubscriptions: ["a:x"],
    toolsListChanged: true,
  });
  const server = served.runs.one![0]!;
  await until(() => requestsOf(server, "resources/subscribe").length === 1);
  server.send(update("a:x"));
  server.send({ jsonrpc: "2.0", method: "notifications/tools/list_changed" });
  await until(() => listening.messages().length === 3);
  assertEquals(listening.messages().map(({ method }) => method).sort(), [
    "notifications/resources/updated",
    "notifications/subscriptions/acknowledged",
    "notifications/tools/list_changed",
  ]);
  await listening.leave();
  await until(() => requestsOf(server, "resources/unsubscribe").length === 1);
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

for (const [policy, options] of [["a shared process", {}], ["its own process", ASKED]] as const) {
  Deno.test(`a client of ${policy} gets the error of a server that refuses a subscription`, async () => {
    await using served = gatewayApp({ one: strict });
    const [client] = await connectAll(served, 1, options) as [TestClient];
    const refused = await assertRejects(
      () => client.request("resources/subscribe", { uri: "a:y" }),
      RpcError,
      "No such resource",
    );
    assertEquals([refused.code, refused.data], [-32002, { uri: "a:y" }]);
    await client.request("resources/subscribe", { uri: "a:x" });
    const server = served.runs.one!.at(-1)!;
    for (const uri of ["a:y", "a:x"]) server.send(update(uri));
    await until(() => updatesOf(client).length > 0);
    assertEquals(updatesOf(client), ["a:x"]);
    assertEquals(requestsOf(server, "resources/unsubscribe"), []);
    await client.close();
  });
}

Deno.test("each of several clients that ask at a time learns of a refusal, and a later one asks anew", async () => {
  let isRefused = true;
  const open: (() => void)[] = [];
  const script: Script = (message, server) => {
    if (message.method !== "resources/subscribe") return talkative()(message, server);
    const { id } = message;
    const error = { code: -32602, message: "Not yet" };
    const answer = isRefused ? { error } : { result: {} };
    open.push(() => server.send({ jsonrpc: "2.0", id, ...answer }));
    return SILENCE;
  };
  await using served = gatewayApp({ one: script });
  const clients = await connectAll(served, 2);
  const subscribe = () =>
    clients.map((client) => client.request("resources/subscribe", { uri: "a:x" }));
  const asked = Promise.allSettled(subscribe());
  await until(() => open.length === 1);
  await settled();
  open.pop()!();
  assertEquals((await asked).map(({ status }) => status), ["rejected", "rejected"]);
  isRefused = false;
  const again = Promise.all(subscribe());
  await until(() => open.length === 1);
  open.pop()!();
  assertEquals(await again, [{}, {}]);
  await closeAll(clients);
});

Deno.test("a subscription to a server that has none is refused by its name", async () => {
  await using served = gatewayApp({ one: ordinary() });
  for (const options of [{}, ASKED]) {
    const [client] = await connectAll(served, 1, options) as [TestClient];
    const refused = await assertRejects(
      () => client.request("resources/subscribe", { uri: "a:y" }),
      RpcError,
      "the server scripted has no subscriptions to resources",
    );
    assertEquals(refused.code, -32601);
    await client.close();
  }
});

Deno.test("at /mcp one of the servers that may have a resource has to accept the subscription", async () => {
  await using served = gatewayApp({ one: ordinary(), two: strict, three: talkative() });
  const clients = [...await connectAll(served, 1), ...await connectAll(served, 1, ASKED)];
  for (const client of clients) {
    assertEquals(await client.request("resources/subscribe", { uri: "z:new" }), {});
  }
  await closeAll(clients);
});

Deno.test("a stream of 2026-07-28 is acknowledged once the server has accepted, without what it refused", async () => {
  const held: Script = (message, server) =>
    message.method === "resources/subscribe" && message.params.uri === "a:x"
      ? SILENCE
      : strict(message, server);
  await using served = gatewayApp({ one: held });
  const listening = await listen(at("/mcp/one", served.app), {
    resourceSubscriptions: ["a:x", "a:y"],
    promptsListChanged: true,
  });
  const server = served.runs.one![0]!;
  const [asked] = server.received.filter(({ method }) => method === "resources/subscribe");
  server.send(update("a:x"));
  await settled();
  assertEquals(listening.messages(), []);
  server.send({ jsonrpc: "2.0", id: asked!.id, result: {} });
  await until(() => listening.messages().length === 2);
  assertEquals(listening.messages(), [
    {
      method: "notifications/subscriptions/acknowledged",
      notifications: { promptsListChanged: true, resourceSubscriptions: ["a:x"] },
    },
    { method: "notifications/resources/updated", uri: "a:x" },
  ]);
  await listening.leave();
  await until(() => requestsOf(server, "resources/unsubscribe").length === 1);
  assertEquals(requestsOf(server, "resources/unsubscribe"), [{ uri: "a:x" }]);
});

Deno.test("a server that does not answer a subscription holds its stream up for two seconds at most", async () => {
  const silent: Script = (message, server) =>
    message.method === "resources/subscribe" ? SILENCE : talkative()(message, server);
  await using served = gatewayApp({ one: silent });
  const listening = await listen(at("/mcp/one", served.app), { resourceSubscriptions: ["a:x"] });
  await until(() => listening.messages().length === 1);
  assertEquals(listening.messages()[0].notifications, { resourceSubscriptions: ["a:x"] });
  await listening.leave();
});

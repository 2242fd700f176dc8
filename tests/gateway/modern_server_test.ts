/** Servers that speak 2026-07-28 only, for clients of every era. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { ProtocolError } from "../../lib/base/errors.ts";
import { RpcError, testClient, type TestClientOptions } from "../../lib/testing.ts";
import { META_KEYS } from "../../lib/wire/meta.ts";
import { FakeTime, settled } from "../helpers/time.ts";
import { until } from "../helpers/until.ts";
import { gatewayApp } from "./gateway_app.ts";
import {
  ordinary,
  type Script,
  scripted,
  type ScriptedServer,
  SILENCE,
} from "./scripted_server.ts";

const NAME = { name: "Ada" };
const question = {
  method: "elicitation/create",
  params: {
    message: "Your name?",
    requestedSchema: { type: "object", properties: { name: { type: "string" } } },
  },
};

function acknowledge(server: ScriptedServer, id: unknown, notifications: object): void {
  server.send({
    jsonrpc: "2.0",
    method: "notifications/subscriptions/acknowledged",
    params: { notifications, _meta: { [META_KEYS.subscriptionId]: id } },
  });
}

/** A server of 2026-07-28 whose tool asks twice; `rest` answers other requests. */
function modern(rest: Script = () => undefined): Script {
  return ({ id, method, params }, server) => {
    const own = rest({ id, method, params }, server);
    if (own !== undefined) return own;
    if (method === "server/discover") {
      return {
        resultType: "complete",
        supportedVersions: ["2026-07-28"],
        capabilities: {
          logging: {},
          tools: { listChanged: true },
          resources: { subscribe: true, listChanged: true },
        },
        instructions: "Ask me.",
        _meta: { [META_KEYS.serverInfo]: { name: "modern", version: "3" } },
      };
    }
    if (method === "subscriptions/listen") {
      acknowledge(server, id, params.notifications);
      return SILENCE;
    }
    const cached = { resultType: "complete", ttlMs: 1_000, cacheScope: "public" };
    if (method === "tools/list") {
      return { ...cached, tools: [{ name: "ask", inputSchema: { type: "object" } }] };
    }
    if (method === "resources/list") {
      return { ...cached, resources: [{ uri: "a:x", name: "x" }] };
    }
    if (method === "resources/templates/list") return { ...cached, resourceTemplates: [] };
    if (method !== "tools/call") return undefined;
    const { requestState = "0", inputResponses = {} } = params;
    const round = Number(requestState);
    const answers = Object.values(inputResponses) as { content?: typeof NAME }[];
    if (round < 2) {
      return {
        resultType: "input_required",
        requestState: String(round + 1),
        inputRequests: { [`q${round}`]: question },
      };
    }
    return {
      resultType: "complete",
      content: [{ type: "text", text: answers.map(({ content }) => content?.name).join() }],
      _meta: { [META_KEYS.serverInfo]: { name: "modern", version: "3" }, "com.example/a": 1 },
    };
  };
}

const gateway = (script: Script) =>
  gatewayApp({ one: script }, { entries: { one: { prefix: "" } } });
const requestsOf = (runs: readonly ScriptedServer[], method: string) =>
  runs.flatMap(({ received }) => received.filter((message) => message.method === method));

const CLIENTS: readonly TestClientOptions[] = [
  { era: "2026-07-28" },
  { era: "2025-11-25" },
  { era: "2025-03-26" },
  { era: "2024-11-05" },
  { dialect: "stdio", era: "2025-11-25" },
];

for (const options of CLIENTS) {
  Deno.test(`a server of 2026-07-28 asks a client of ${options.era} ${options.dialect ?? ""}, in rounds`, async () => {
    await using served = gateway(modern());
    const client = await testClient(served.app, {
      ...options,
      keepApp: true,
      elicit: () => ({ action: "accept", content: NAME }),
    });
    const { content, _meta, ...rest } = await client.request("tools/call", { name: "ask" });
    assertEquals(content, [{ type: "text", text: "Ada" }]);
    assertEquals((_meta as Record<string, unknown>)["com.example/a"], 1);
    assertEquals(rest, {});
    const calls = requestsOf(served.runs.one!, "tools/call");
    assertEquals(calls.map(({ params }) => params.requestState), [undefined, "1", "2"]);
    const { params } = calls[0]!;
    assertEquals(params._meta[META_KEYS.protocolVersion], "2026-07-28");
    assertEquals(params._meta[META_KEYS.clientInfo].name, "lifeline-gateway");
    assert(params._meta[META_KEYS.clientCapabilities].elicitation !== undefined);
    await client.close();
  });
}

Deno.test("a server of 2026-07-28 that asks a client that cannot be asked gets no answer, and its call fails", async () => {
  await using served = gateway(modern());
  for (const era of ["2026-07-28", "2025-11-25"] as const) {
    const client = await testClient(served.app, { era, keepApp: true });
    const { message } = await assertRejects(() => client.call("ask"), Error);
    assertMatch(message, /clients of this gateway cannot be asked/);
    await client.close();
  }
  assertEquals(requestsOf(served.runs.one!, "tools/call").length, 2);
});

Deno.test("a server that asks without end is stopped", async () => {
  const endless = modern(({ method }) =>
    method === "tools/call" ? { resultType: "input_required", requestState: "1" } : undefined
  );
  await using one = scripted(endless);
  const error = await assertRejects(
    () => one.server.request("tools/call", { name: "ask" }),
    ProtocolError,
  );
  assertMatch(error.message, /asked for input more than 50 times/);
});

Deno.test("subscriptions of clients share one listen stream, which is replaced without a gap", async () => {
  await using served = gateway(modern());
  const clients = [];
  for (let n = 0; n < 3; n++) {
    const client = await testClient(served.app, { era: "2025-11-25", keepApp: true });
    await client.request("resources/subscribe", { uri: "a:x" });
    clients.push(client);
  }
  await until(() => requestsOf(served.runs.one!, "notifications/cancelled").length === 1);
  const listens = requestsOf(served.runs.one!, "subscriptions/listen");
  assertEquals(listens.map(({ params }) => params.notifications), [
    { toolsListChanged: true, resourcesListChanged: true },
    { toolsListChanged: true, resourcesListChanged: true, resourceSubscriptions: ["a:x"] },
  ]);
  served.runs.one![0]!.send({
    jsonrpc: "2.0",
    method: "notifications/resources/updated",
    params: { uri: "a:x", _meta: { [META_KEYS.subscriptionId]: listens[1]!.id } },
  });
  for (const client of clients) {
    await until(() => client.notifications.some(({ method }) => method.endsWith("updated")));
  }
  assertEquals(served.gateway.reports()[0]!.children[0]!.open, 0);
  for (const client of clients) await client.close();
});

Deno.test("a client learns of a subscription that a server of 2026-07-28 does not accept", async () => {
  const error = { code: -32602, message: "No such resource" };
  const strict = modern(({ id, method, params }, server) => {
    const uris = params?.notifications?.resourceSubscriptions ?? [];
    if (method !== "subscriptions/listen" || !uris.some((uri: string) => uri !== "a:x")) return;
    if (uris.includes("a:refused")) server.send({ jsonrpc: "2.0", id, error });
    else acknowledge(server, id, { resourceSubscriptions: ["a:x"] });
    return SILENCE;
  });
  await using served = gateway(strict);
  const client = await testClient(served.app, { era: "2025-11-25", keepApp: true });
  const subscribe = (uri: string) => client.request("resources/subscribe", { uri });
  await assertRejects(() => subscribe("a:refused"), RpcError, "No such resource");
  await assertRejects(() => subscribe("a:left-out"), RpcError, "did not accept");
  assertEquals(await subscribe("a:x"), {});
  const listens = requestsOf(served.runs.one!, "subscriptions/listen");
  const { resourceSubscriptions } = listens.at(-1)!.params.notifications;
  assertEquals(resourceSubscriptions, ["a:x"]);
  await client.close();
});

Deno.test("a log message of a server of 2026-07-28 is asked for by each request, at the level that clients want", async () => {
  await using served = gateway(modern(({ method }, server) => {
    if (method !== "tools/call") return undefined;
    const params = { level: "debug", data: "in the call" };
    server.send({ jsonrpc: "2.0", method: "notifications/message", params });
    return { resultType: "complete", content: [] };
  }));
  const client = await testClient(served.app, { era: "2025-11-25", keepApp: true });
  await client.call("ask");
  assertEquals(client.logs.map(({ data }) => data), ["in the call"]);
  const [call] = requestsOf(served.runs.one!, "tools/call");
  assertEquals(call.params._meta[META_KEYS.logLevel], "debug");
  await client.close();
});

Deno.test("a server that ignores server/discover is initialized after two seconds, and never asked again", async () => {
  using time = new FakeTime();
  const legacy = ordinary();
  const known = { isLegacy: false };
  const received: string[] = [];
  await using one = scripted((message, server) => {
    received.push(message.method);
    return message.method === "server/discover" ? SILENCE : legacy(message, server);
  }, { known });
  const connecting = one.server.connect();
  await time.advance(2_100);
  await connecting;
  assertEquals(received.slice(0, 2), ["server/discover", "initialize"]);
  one.run().die();
  await settled();
  await time.advance(1_000);
  await one.server.connect();
  assertEquals(received.filter((method) => method === "server/discover").length, 1);
});

Deno.test("metadata of a request reaches the server, and that of its result the client, without the keys of the connections", async () => {
  await using served = gateway(
    ordinary(({ method }) =>
      method === "tools/call" ? { content: [], _meta: { "com.example/back": true } } : undefined
    ),
  );
  const sent = {
    "com.example/trace": "1",
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  };
  for (const era of ["2026-07-28", "2025-11-25"] as const) {
    const client = await testClient(served.app, { era, keepApp: true });
    const { _meta } = await client.request("tools/call", { name: "add", _meta: sent });
    assertEquals((_meta as Record<string, unknown>)["com.example/back"], true);
    const { progressToken, ...got } =
      requestsOf(served.runs.one!, "tools/call").at(-1)!.params._meta;
    assertEquals(got, sent);
    assertEquals(typeof progressToken, "number");
    await client.close();
  }
});

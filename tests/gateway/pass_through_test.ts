/** What a server says reaches clients unchanged, and the other way round, in each pair of eras. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { RpcError, testClient, type TestClientOptions } from "../../lib/testing.ts";
import { META_KEYS, metaOf } from "../../lib/wire/meta.ts";
import { until } from "../helpers/until.ts";
import { at, gatewayApp } from "./gateway_app.ts";
import { type Script, SILENCE } from "./scripted_server.ts";

const ICONS = [{ src: "data:image/png;base64,AA==", mimeType: "image/png", sizes: ["any"] }];
const META = { "com.example/a": { deep: [1, null] }, plain: "b" };
const EXTRA = { title: "Title", icons: ICONS, _meta: META, "x-unknown": { kept: true } };
const object = (properties = {}) => ({ type: "object", properties });
const TOOLS = [
  {
    name: "rich",
    description: "All that a tool may have",
    inputSchema: object({ a: { type: "string", "x-hint": 1 } }),
    outputSchema: object({ n: { type: "number" } }),
    annotations: { readOnlyHint: true, title: "Rich", unknownHint: 1 },
    execution: { taskSupport: "optional" },
    ...EXTRA,
  },
  { name: "a tool/with spaces, ümlauts", inputSchema: object() },
  { name: "x".repeat(200), inputSchema: object() },
];
const RESOURCES = [
  {
    uri: "a:x",
    name: "x",
    size: 7,
    mimeType: "text/plain",
    annotations: { audience: ["user"], priority: 0.5 },
    ...EXTRA,
  },
];
const TEMPLATES = [{ uriTemplate: "a:t/{id}", name: "t", annotations: { priority: 1 }, ...EXTRA }];
const PROMPTS = [
  {
    name: "p",
    description: "P",
    arguments: [{ name: "who", required: true, title: "Who", "x-y": 1 }],
    ...EXTRA,
  },
];
const CONTENT = [
  {
    type: "text",
    text: "t",
    annotations: { audience: ["assistant"], priority: 1, lastModified: "2026-01-01T00:00:00Z" },
    _meta: META,
  },
  { type: "image", data: "AA==", mimeType: "image/png", _meta: META },
  { type: "audio", data: "AA==", mimeType: "audio/wav", annotations: { priority: 0 } },
  { type: "resource_link", uri: "a:linked", name: "linked", size: 3, ...EXTRA },
  {
    type: "resource",
    resource: { uri: "a:e", mimeType: "text/plain", text: "e", _meta: META },
    annotations: { priority: 1 },
  },
  { type: "resource", resource: { uri: "a:b", blob: "AA==" } },
  { type: "com.example/unknown", anything: [1, { b: null }] },
];
const RICH = {
  content: CONTENT,
  structuredContent: { n: 1, more: "x" },
  isError: true,
  _meta: META,
  extra: [1],
};
const READ = {
  contents: [{ uri: "a:x", text: "x", _meta: META, "x-more": 1 }, { uri: "a:x/1", blob: "AA==" }],
  _meta: META,
  extra: 1,
};
const GOT = {
  description: "d",
  messages: [{ role: "assistant", content: CONTENT[2], extra: 1 }],
  _meta: META,
  extra: 1,
};
const COMPLETED = {
  completion: { values: ["b", "a", "b"], total: 1_000, hasMore: true, extra: 1 },
  _meta: META,
  extra: 1,
};

/** A server with all that the protocol has; `rest` comes first. */
function rich(rest: Script = () => undefined): Script {
  return (message, server) => {
    const own = rest(message, server);
    if (own !== undefined) return own;
    if (message.method === "initialize") {
      return {
        protocolVersion: "2025-11-25",
        serverInfo: { name: "rich", version: "1", title: "Rich" },
        capabilities: {
          tools: {},
          prompts: {},
          completions: {},
          logging: {},
          resources: { subscribe: true },
        },
      };
    }
    const results: Record<string, unknown> = {
      "tools/list": { tools: TOOLS },
      "resources/list": { resources: RESOURCES },
      "resources/templates/list": { resourceTemplates: TEMPLATES },
      "prompts/list": { prompts: PROMPTS },
      "tools/call": RICH,
      "resources/read": READ,
      "prompts/get": GOT,
      "completion/complete": COMPLETED,
      "resources/subscribe": {},
      "logging/setLevel": {},
    };
    return results[message.method];
  };
}

/** The same server, in the words of 2026-07-28. */
function inModern(script: Script): Script {
  return (message, server) => {
    if (message.method === "initialize") return SILENCE;
    if (message.method === "subscriptions/listen") {
      const { notifications } = message.params;
      const _meta = { [META_KEYS.subscriptionId]: message.id };
      const method = "notifications/subscriptions/acknowledged";
      server.send({ jsonrpc: "2.0", method, params: { notifications, _meta } });
      return SILENCE;
    }
    if (message.method === "server/discover") {
      const { capabilities } = script({ method: "initialize" }, server) as { capabilities: object };
      return { resultType: "complete", supportedVersions: ["2026-07-28"], capabilities };
    }
    const result = script(message, server);
    return typeof result === "object" ? { resultType: "complete", ...result } : result;
  };
}

const ASKED: TestClientOptions = { elicit: () => ({ action: "decline" }) };
const CLIENTS: readonly [name: string, options: TestClientOptions][] = [
  ["a client of 2025-11-25", { era: "2025-11-25" }],
  ["a client of 2025-11-25 with its own process", { era: "2025-11-25", ...ASKED }],
  ["a client of 2024-11-05", { era: "2024-11-05" }],
  ["a client of 2026-07-28", {}],
  ["a client of 2026-07-28 that can be asked", ASKED],
];
const PAIRS = CLIENTS.flatMap(([client, options]) =>
  ([["2025-11-25", rich], ["2026-07-28", (rest?: Script) => inModern(rich(rest))]] as const).map((
    [era, server],
  ) => ({ name: `${client} and a server of ${era}`, options, server }))
);

function plain(result: Record<string, unknown>): unknown {
  const { resultType: _, ttlMs: _ttl, cacheScope: _scope, _meta, ...rest } = result;
  const meta = Object.entries(_meta ?? {}).filter(([key]) => key !== META_KEYS.serverInfo);
  return { ...rest, ...(meta.length > 0 && { _meta: Object.fromEntries(meta) }) };
}

for (const { name, options, server } of PAIRS) {
  const connect = async (script: Script) => {
    const served = gatewayApp({ one: script });
    const client = await testClient(at("/mcp/one", served.app), { ...options, keepApp: true });
    const request = async (method: string, params = {}) =>
      plain(await client.request(method, params));
    return {
      client,
      request,
      runs: () => served.runs.one!,
      received: (method: string) =>
        served.runs.one!.flatMap((run) => run.received).filter((one) => one.method === method),
      [Symbol.asyncDispose]: async () => {
        await client.close();
        await served[Symbol.asyncDispose]();
      },
    };
  };

  Deno.test(`between ${name} lists, results and completions pass with all their members`, async () => {
    await using one = await connect(server());
    const { request } = one;
    assertEquals(await request("tools/list"), { tools: TOOLS });
    assertEquals(await request("resources/list"), { resources: RESOURCES });
    assertEquals(await request("resources/templates/list"), { resourceTemplates: TEMPLATES });
    assertEquals(await request("prompts/list"), { prompts: PROMPTS });
    for (const tool of TOOLS) assertEquals(await request("tools/call", { name: tool.name }), RICH);
    for (const uri of ["a:x", "a:t/7"]) {
      assertEquals(await request("resources/read", { uri }), READ);
    }
    assertEquals(await request("prompts/get", { name: "p" }), GOT);
    for (
      const ref of [{ type: "ref/prompt", name: "p" }, { type: "ref/resource", uri: "a:t/{id}" }]
    ) {
      const params = {
        ref,
        argument: { name: "unlisted", value: "b" },
        context: { arguments: { who: "a" }, extra: 1 },
        _meta: META,
      };
      assertEquals(await request("completion/complete", params), COMPLETED);
      const { _meta, ...sent } = one.received("completion/complete").at(-1)!.params;
      const { _meta: _, ...asked } = params;
      assertEquals(sent, asked);
      assertEquals([_meta["com.example/a"], _meta.plain], [META["com.example/a"], META.plain]);
    }
  });

  Deno.test(`between ${name} a resource that is not listed can be read, and its error passes`, async () => {
    await using one = await connect(server((message, run) => {
      if (message.method !== "resources/read" || message.params.uri !== "a:none") return undefined;
      const error = { code: -32002, message: "Not there", data: { uri: "a:none", more: 1 } };
      run.send({ jsonrpc: "2.0", id: message.id, error });
      return SILENCE;
    }));
    assertEquals(await one.request("resources/read", { uri: "a:linked" }), READ);
    const error = await assertRejects(
      () => one.client.request("resources/read", { uri: "a:none" }),
      RpcError,
      "Not there",
    );
    const isModern = options.era === undefined;
    assertEquals([error.code, error.data], [isModern ? -32602 : -32002, {
      uri: "a:none",
      more: 1,
    }]);
  });

  Deno.test(`between ${name} errors pass with code and data`, async () => {
    const error = { code: -32042, message: "Sign in", data: { elicitations: [{ mode: "url" }] } };
    await using one = await connect(server((message, run) => {
      if (message.method !== "tools/call") return undefined;
      run.send({ jsonrpc: "2.0", id: message.id, error });
      return SILENCE;
    }));
    const failed = await assertRejects(() => one.client.call("rich"), RpcError, "Sign in");
    assertEquals([failed.code, failed.data], [error.code, error.data]);
  });

  Deno.test(`between ${name} progress and log messages pass with their metadata`, async () => {
    await using one = await connect(server((message, run) => {
      if (message.method !== "tools/call") return undefined;
      const { progressToken } = message.params._meta;
      const send = (method: string, params: object) => run.send({ jsonrpc: "2.0", method, params });
      send("notifications/progress", {
        progressToken,
        progress: 1,
        total: 2,
        message: "m",
        _meta: META,
      });
      send("notifications/message", { level: "error", logger: "l", data: { a: 1 }, _meta: META });
      return undefined;
    }));
    await one.client.request("tools/call", {
      name: "rich",
      arguments: {},
      _meta: { [META_KEYS.logLevel]: "debug" },
    });
    assertEquals(one.client.progress, [
      { progress: 1, total: 2, message: "m", _meta: META } as never,
    ]);
    await until(() => one.client.logs.length > 0);
    assertEquals(one.client.logs, [
      { level: "error", logger: "l", data: { a: 1 }, _meta: META } as never,
    ]);
  });

  if (options.era !== undefined) {
    Deno.test(`between ${name} an update of a resource passes with its metadata`, async () => {
      await using one = await connect(server());
      await one.client.request("resources/subscribe", { uri: "a:x" });
      const _meta = { ...META, [META_KEYS.subscriptionId]: 7 };
      const params = { uri: "a:x", _meta };
      one.runs().at(-1)!.send({
        jsonrpc: "2.0",
        method: "notifications/resources/updated",
        params,
      });
      const updates = () =>
        one.client.notifications.filter(({ method }) => method.endsWith("updated"));
      await until(() => updates().length > 0);
      assertEquals(updates()[0]!.params, { uri: "a:x", _meta: META });
    });
  }
}

Deno.test("a server is asked for progress only if the client asks for it", async () => {
  await using served = gatewayApp({ one: rich() });
  await served.app.start();
  const call = async (_meta?: object) => {
    const body = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "rich", _meta } };
    const response = await served.app.fetch(
      new Request("http://localhost/mcp/one", {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json" },
        body: JSON.stringify(body),
      }),
    );
    await response.json();
    const { params } = served.runs.one![0]!.received.at(-1)!;
    return metaOf(params)?.progressToken;
  };
  assertEquals(await call(), undefined);
  assertEquals(await call({ other: 1 }), undefined);
  assert(typeof await call({ progressToken: "p" }) === "number");
});

/** The tables of methods of each era, and what each adds to the shared methods. */
import { assertEquals, assertMatch } from "@std/assert";
import * as z from "zod";
import { ProtocolError } from "../../lib/base/errors.ts";
import { TimerWheel } from "../../lib/base/timer_wheel.ts";
import type { MethodTable } from "../../lib/mcp/methods/table.ts";
import type { RequestScope } from "../../lib/mcp/scope.ts";
import type { McpServer } from "../../lib/mcp/server.ts";
import { ClientState } from "../../lib/mcp/session/client_state.ts";
import { Catalog } from "../../lib/registry/catalog.ts";
import { defineResource } from "../../lib/registry/resource.ts";
import { defineTool } from "../../lib/registry/tool.ts";
import { testScope, testServer } from "../helpers/scope.ts";
import { FakeTime } from "../helpers/time.ts";

// deno-lint-ignore no-explicit-any -- a test looks into whatever came
type Answer = any;

/** The result of a request, or its error. */
async function ask<S extends RequestScope>(
  server: McpServer,
  table: MethodTable<S>,
  method: string,
  params?: object,
  scope: RequestScope = testScope(),
): Promise<Answer> {
  const request = { jsonrpc: "2.0", id: 1, method, params: { ...params } } as const;
  const response = await server.dispatch(request, scope as S, table) as {
    result?: unknown;
    error?: unknown;
  };
  return JSON.parse(JSON.stringify(response.result ?? response.error));
}

function sessionOf(scopes?: readonly string[]) {
  const caller = { address: "127.0.0.1", ...(scopes !== undefined && { scopes }) };
  const session = new ClientState(
    { wheel: new TimerWheel(), settings: { MCP_REQUEST_TIMEOUT_MS: 1_000 } },
    caller,
  );
  return { session, scope: testScope({ session, caller }) };
}

const SHARED = [
  "completion/complete",
  "prompts/get",
  "prompts/list",
  "resources/list",
  "resources/read",
  "resources/templates/list",
  "tools/call",
  "tools/list",
];
const OF_SESSIONS = [
  "initialize",
  "logging/setLevel",
  "resources/subscribe",
  "resources/unsubscribe",
];

Deno.test("each table has its methods, and a refusal names them or the missing session", () => {
  const { legacy, sessionless, modern } = testServer();
  const names = ({ requests }: { requests: ReadonlyMap<string, unknown> }) =>
    [...requests.keys()].sort();
  const withPing = [...SHARED, "ping"].sort();
  assertEquals(names(sessionless), withPing);
  assertEquals(names(legacy), [...withPing, ...OF_SESSIONS].sort());
  assertEquals(names(modern), [...SHARED, "server/discover"].sort());
  const unknown = (method: string, known: string[]) =>
    `Method not found: ${method}; this revision has ${known.join(", ")}`;
  for (const table of [legacy, sessionless, modern]) {
    const long = "x".repeat(201);
    const { kind, message } = table.refuse(long);
    assertEquals([kind, message], ["method_not_found", unknown(long.slice(0, 200), names(table))]);
  }
  for (const method of OF_SESSIONS) {
    assertEquals(
      sessionless.refuse(method).message,
      `Method not found: ${method} needs a session; send initialize first, and then this request ` +
        "within its session",
    );
    assertEquals(modern.refuse(method).message, unknown(method, names(modern)));
  }
});

const tool = (name: string, result: unknown, output?: z.ZodType) =>
  defineTool({ name, description: "", ...(output && { output }), run: () => result } as never);

Deno.test("before 2026-07-28 structured content and output schemas are objects", async () => {
  using _time = new FakeTime();
  const tools = [
    tool("list", [1], z.array(z.number())),
    tool("object", { a: 1 }, z.object({ a: z.number() })),
    tool("text", "a"),
  ];
  const server = testServer({ catalog: new Catalog({ tools }) });
  const { legacy, sessionless, modern } = server;
  const { scope } = sessionOf();
  for (
    const [table, isModern] of [[legacy, false], [sessionless, false], [modern, true]] as const
  ) {
    const call = async (name: string) =>
      (await ask(server, table as MethodTable, "tools/call", { name }, scope)).structuredContent;
    assertEquals([await call("list"), await call("object"), await call("text")], [
      isModern ? [1] : undefined,
      { a: 1 },
      undefined,
    ]);
    const list = await ask(server, table as MethodTable, "tools/list", {}, scope);
    assertEquals(
      list.tools.map(({ outputSchema }: { outputSchema?: { type: string } }) => outputSchema?.type),
      [isModern ? "array" : undefined, "object", undefined],
    );
  }
});

Deno.test("`initialize` answers with what the server is, and begins the session once", async () => {
  const server = testServer({ instructions: () => "Be kind" });
  const { session, scope } = sessionOf();
  for (const protocolVersion of [undefined, 1, null]) {
    assertEquals(await ask(server, server.legacy, "initialize", { protocolVersion }, scope), {
      code: -32602,
      message: 'Invalid params: "protocolVersion" must be a string',
    });
  }
  assertEquals(session.isInitialized, false);
  const capabilities = {
    completions: {},
    logging: {},
    prompts: { listChanged: true },
    resources: { listChanged: true, subscribe: true },
    tools: { listChanged: true },
  };
  const params = { protocolVersion: "2025-06-18" };
  assertEquals(await ask(server, server.legacy, "initialize", params, scope), {
    protocolVersion: "2025-06-18",
    capabilities,
    serverInfo: { name: "test", version: "1" },
    instructions: "Be kind",
  });
  assertEquals([session.isInitialized, session.version], [true, "2025-06-18"]);
  const found = await ask(testServer(), testServer().modern, "server/discover");
  assertEquals([found.capabilities, "instructions" in found], [capabilities, false]);
});

Deno.test("a session sets one of the eight levels of log messages", async () => {
  const server = testServer();
  const { session, scope } = sessionOf();
  const levels = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];
  assertEquals(session.logLevel, "info");
  for (const level of levels) {
    assertEquals(await ask(server, server.legacy, "logging/setLevel", { level }, scope), {});
    assertEquals(session.logLevel, level);
  }
  for (const level of [undefined, "loud", "toString", 3]) {
    assertEquals(await ask(server, server.legacy, "logging/setLevel", { level }, scope), {
      code: -32602,
      message: `Invalid params: "level" must be one of ${levels.join(", ")}`,
    });
  }
  assertEquals(session.logLevel, "emergency");
});

Deno.test("a session subscribes to up to 1,000 resources, each up to 2,048 characters", async () => {
  const server = testServer();
  const { session, scope } = sessionOf();
  const to = async (method: "subscribe" | "unsubscribe", uri: unknown) =>
    await ask(server, server.legacy, `resources/${method}`, { uri }, scope);
  for (let index = 0; index < 999; index++) session.subscriptions.add(`x://${index}`);
  const long = "x://".padEnd(2_048, "a");
  assertEquals([await to("subscribe", long), session.subscriptions.size], [{}, 1_000]);
  assertEquals(await to("subscribe", "x://one/more"), {
    code: -32603,
    message: "Too many subscriptions: a session may have 1000; unsubscribe from another resource " +
      "first",
  });
  assertEquals([await to("subscribe", "x://1"), session.subscriptions.size], [{}, 1_000]);
  assertEquals([await to("unsubscribe", long), session.subscriptions.has(long)], [{}, false]);
  assertEquals([await to("unsubscribe", long), session.subscriptions.size], [{}, 999]);
  for (const uri of [`${long}a`, undefined, 1, null]) {
    for (const method of ["subscribe", "unsubscribe"] as const) {
      assertEquals(await to(method, uri), {
        code: -32602,
        message: 'Invalid params: "uri" must be a string of at most 2048 characters',
      });
    }
  }
});

Deno.test("a subscription waits for whoever has the resource, and does not stay where that refuses", async () => {
  using _time = new FakeTime();
  const catalog = new Catalog();
  const asked: string[] = [];
  catalog.watcher = {
    subscribed: () => {},
    unsubscribed: () => {},
    holding: (uri) => {
      asked.push(uri);
      if (uri === "x://free") return undefined;
      return uri === "x://held"
        ? Promise.resolve()
        : Promise.reject(new ProtocolError("not_found", "Nobody has it"));
    },
  };
  const server = testServer({ catalog });
  const { session, scope } = sessionOf(["a"]);
  const subscribe = async (uri: string) =>
    await ask(server, server.legacy, "resources/subscribe", { uri }, scope);
  assertEquals([await subscribe("x://free"), await subscribe("x://held")], [{}, {}]);
  assertEquals((await subscribe("x://none")).message, "Nobody has it");
  assertEquals([[...session.subscriptions], session.granted], [["x://free", "x://held"], ["a"]]);
  session.ignoreChanges();
  assertEquals(await subscribe("x://none"), {});
  assertEquals(asked, ["x://free", "x://held", "x://none"]);
});

Deno.test("results of 2026-07-28 say how long and for whom they may be kept", async () => {
  using _time = new FakeTime();
  const read = () => "a";
  const resources = [defineResource({ uri: "x://a", name: "a", read })];
  const tools = [tool("text", "a")];
  const server = testServer({ catalog: new Catalog({ tools, resources }) });
  const known = testScope({ caller: { address: "127.0.0.1", principal: "ada" } });
  const caching = async (of: McpServer, method: string, params?: object, scope?: RequestScope) => {
    const { ttlMs, cacheScope, resultType, _meta } = await ask(
      of,
      of.modern,
      method,
      params,
      scope,
    );
    assertEquals([resultType, _meta], ["complete", {
      "io.modelcontextprotocol/serverInfo": { name: "test", version: "1" },
    }]);
    return [ttlMs, cacheScope];
  };
  const lists = [
    "server/discover",
    "tools/list",
    "resources/list",
    "resources/templates/list",
    "prompts/list",
  ];
  const through = testServer({ use: [(_call, next) => next()] });
  const guarded = testServer({
    catalog: new Catalog({
      tools: [defineTool({ name: "g", description: "", scopes: ["a"], run: () => "" })],
    }),
  });
  for (const method of lists) {
    assertEquals(await caching(server, method), [300_000, "public"], method);
    assertEquals(await caching(server, method, {}, known), [300_000, "private"], method);
    assertEquals(await caching(through, method), [300_000, "private"], method);
    assertEquals(
      await caching(guarded, method),
      [300_000, method === "tools/list" ? "private" : "public"],
      method,
    );
  }
  assertEquals(await caching(server, "resources/read", { uri: "x://a" }), [0, "private"]);
  assertEquals(await caching(server, "tools/call", { name: "text" }), [undefined, undefined]);
});

Deno.test("the metadata of a result stays beside the server's", async () => {
  using _time = new FakeTime();
  const tools = [tool("meta", { content: [], _meta: { a: 1 } })];
  const server = testServer({ catalog: new Catalog({ tools }) });
  const { _meta } = await ask(server, server.modern, "tools/call", { name: "meta" });
  assertEquals(Object.keys(_meta).sort(), ["a", "io.modelcontextprotocol/serverInfo"]);
  assertMatch(JSON.stringify(_meta), /"a":1/);
});

Deno.test("in 2026-07-28 only the error for a missing resource gets another code", async () => {
  using _time = new FakeTime();
  const resources = (["resource_not_found", "forbidden"] as const).map((kind) =>
    defineResource({
      uri: `x://${kind}`,
      name: kind,
      read: () => {
        throw new ProtocolError(kind, kind);
      },
    })
  );
  const server = testServer({ catalog: new Catalog({ resources }) });
  const codes = async (table: MethodTable) =>
    await Promise.all(
      resources.map(async ({ name }) =>
        (await ask(server, table, "resources/read", { uri: name })).code
      ),
    );
  assertEquals([await codes(server.sessionless), await codes(server.modern)], [
    [-32002, -32600],
    [-32602, -32600],
  ]);
});

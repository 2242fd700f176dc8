/** The features that a caller sees and may use by the scopes of its token, in every dialect. */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  type AppOptions,
  definePrompt,
  defineResource,
  defineResourceTemplate,
  defineTool,
  group,
  RegistrationError,
} from "../../lib/mod.ts";
import { initializeRequest, rpc, type TestApp, testApp, toolCall } from "../helpers/app.ts";
import { BOTH, TestSession } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";
import type { Message } from "../spec/support/inbox.ts";
import { PipeClient } from "../spec/support/stdio_client.ts";

const READER = { authorization: "Bearer the-key-of-the-reader" };
const WRITER = { authorization: "Bearer the-key-of-the-writer" };
const WRITE = ["orders:write"];
let written = 0;

const FEATURES: AppOptions = {
  tools: [
    defineTool({
      name: "whoami",
      description: "Tells the caller",
      run: (_input, { caller }) => JSON.stringify([caller.principal, caller.scopes, caller.claims]),
    }),
    defineTool({
      name: "order",
      description: "Orders",
      scopes: WRITE,
      run: () => `ordered ${++written}`,
    }),
    defineTool({
      name: "refund",
      description: "Pays back, and everybody may know that it can",
      scopes: ["orders:refund", "orders:write"],
      listedFor: "everybody",
      run: () => "refunded",
    }),
  ],
  resources: [
    defineResource({ uri: "orders://open", name: "open", read: () => "none" }),
    defineResource({ uri: "orders://all", name: "all", scopes: WRITE, read: () => "all" }),
  ],
  resourceTemplates: [
    defineResourceTemplate({
      uriTemplate: "orders://order/{id}",
      name: "order",
      scopes: WRITE,
      complete: { id: () => ["17"] },
      read: ({ id }) => `order ${id}`,
    }),
  ],
  prompts: [
    definePrompt({ name: "plain", run: () => "plain" }),
    definePrompt({
      name: "reorder",
      scopes: WRITE,
      run: () => "order again",
    }),
  ],
};

function shop(options: AppOptions = {}): TestApp {
  return testApp({
    ...FEATURES,
    auth: {
      keys: [
        { name: "reader", key: "the-key-of-the-reader", scopes: ["orders:read"] },
        { name: "writer", key: "the-key-of-the-writer", scopes: ["orders:read", ...WRITE] },
      ],
    },
    ...options,
  });
}

async function ask(
  app: TestApp,
  headers: Record<string, string>,
  method: string,
  params: Record<string, unknown> = {},
) {
  return await (await app.post("/mcp", rpc(method, params), headers)).json();
}

/** A call of 2026-07-28, as headers and body. */
function modern(method: string, params: Record<string, unknown>, name?: string) {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  return {
    body: rpc(method, { ...params, _meta }),
    headers: {
      accept: BOTH,
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(name !== undefined && { "mcp-name": name }),
    },
  };
}

/** Asserts that status, header and message tell a caller the missing scope. */
async function assertChallenged(response: Response, what: string, scope = "orders:write") {
  assertEquals(response.status, 403, what);
  const challenge = response.headers.get("www-authenticate") ?? "";
  assertMatch(challenge, /^Bearer error="insufficient_scope"/, what);
  assert(challenge.includes(`scope="${scope}"`), `${what}: ${challenge}`);
  const { error } = await response.json();
  assertMatch(error.message, /needs the scopes? .*orders:write/, what);
}

const LISTS = [
  ["tools/list", "tools", "name"],
  ["resources/list", "resources", "uri"],
  ["resources/templates/list", "resourceTemplates", "uriTemplate"],
  ["prompts/list", "prompts", "name"],
] as const;

const SEEN = {
  reader: [["whoami", "refund"], ["orders://open"], [], ["plain"]],
  writer: [
    ["whoami", "order", "refund"],
    ["orders://open", "orders://all"],
    ["orders://order/{id}"],
    ["plain", "reorder"],
  ],
};

Deno.test("lists hold what their caller may see, whoever asked before", async () => {
  using app = shop();
  for (
    const [caller, headers] of [["reader", READER], ["writer", WRITER], ["reader", READER]] as const
  ) {
    for (const [index, [method, key, name]] of LISTS.entries()) {
      const { result } = await ask(app, headers, method);
      const seen = result[key].map((one: Record<string, string>) => one[name]);
      assertEquals(seen, SEEN[caller][index], `${caller}: ${method}`);
      const { body, headers: more } = modern(method, {});
      const answer = await (await app.post("/mcp", body, { ...headers, ...more })).json();
      assertEquals(answer.result[key].map((one: Record<string, string>) => one[name]), seen);
    }
  }
});

Deno.test("server information holds what its caller may see, under both names", async () => {
  using app = shop();
  for (const [caller, headers] of [["reader", READER], ["writer", WRITER]] as const) {
    for (const path of ["/mcp/info", "/mcp/stdio"]) {
      const info = await (await app.request(path, { headers })).json();
      const seen = LISTS.map(([, key, name]) =>
        info[key].map((one: Record<string, string>) => one[name])
      );
      assertEquals(seen, SEEN[caller]);
    }
  }
});

Deno.test("a page of a list ends where the caller's entries end", async () => {
  using app = shop({ settings: { MCP_PAGE_SIZE: 1 } });
  const names: string[] = [];
  let cursor: string | undefined;
  do {
    const { result } = await ask(app, READER, "tools/list", { ...(cursor && { cursor }) });
    names.push(...result.tools.map(({ name }: { name: string }) => name));
    cursor = result.nextCursor;
  } while (cursor !== undefined);
  assertEquals(names, ["whoami", "refund"]);
});

Deno.test("lists of known callers are private to caches, lists without scopes are public", async () => {
  using app = shop();
  using open = testApp();
  const { body, headers } = modern("tools/list", {});
  const scopeOf = async (one: TestApp, more: Record<string, string>) =>
    (await (await one.post("/mcp", body, { ...headers, ...more })).json()).result.cacheScope;
  assertEquals(await scopeOf(app, WRITER), "private");
  assertEquals(await scopeOf(open, {}), "public");
  const tools = [defineTool({ name: "free", description: "", run: () => "" })];
  using known = testApp({
    tools,
    auth: { keys: [{ name: "writer", key: "the-key-of-the-writer" }] },
  });
  assertEquals(await scopeOf(known, WRITER), "private", "a known caller, though all see the same");
  using anonymous = shop({ auth: {} });
  assertEquals(await scopeOf(anonymous, {}), "private", "callers without scopes see less");
});

const CALLS: readonly [string, string, Record<string, unknown>, string?][] = [
  ["a tool", "tools/call", { name: "order", arguments: {} }, "order"],
  ["a resource", "resources/read", { uri: "orders://all" }, "orders://all"],
  ["a resource of a template", "resources/read", { uri: "orders://order/17" }, "orders://order/17"],
  ["a prompt", "prompts/get", { name: "reorder" }, "reorder"],
  ["a completion of a template", "completion/complete", {
    ref: { type: "ref/resource", uri: "orders://order/{id}" },
    argument: { name: "id", value: "" },
  }],
];

for (const [what, method, params, name] of CALLS) {
  Deno.test(`${what} needs its scope, in every dialect, before anything runs or streams`, async () => {
    using app = shop();
    const before = written;
    const message = rpc(method, params, 7);
    await assertChallenged(await app.post("/mcp", message, READER), "without a session");
    const { body, headers } = modern(method, params, name);
    await assertChallenged(await app.post("/mcp", body, { ...READER, ...headers }), "2026-07-28");
    await assertChallenged(
      await app.post("/mcp/sse", message, { ...READER, accept: "text/event-stream" }),
      "a plain stream that begins with it",
    );
    const initialize = await app.post("/mcp", INITIALIZE, READER);
    const session = { "mcp-session-id": initialize.headers.get("mcp-session-id") ?? "" };
    await assertChallenged(
      await app.post("/mcp", message, { ...READER, ...session, accept: BOTH }),
      "a session",
    );
    await assertChallenged(
      await app.post("/mcp", [rpc("ping"), message], { ...READER, ...session, accept: BOTH }),
      "a batch",
    );
    assertEquals(app.ledger().opened, 0);
    assertEquals(written, before);
    const allowed = await app.post("/mcp", message, WRITER);
    assertEquals(allowed.status, 200);
    assert("result" in await allowed.json());
  });
}

const INITIALIZE = initializeRequest("2025-03-26");

Deno.test("a further message on an open stream needs the scope by its own token", async () => {
  using app = shop();
  const opened = await app.request("/mcp/sse", {
    method: "POST",
    headers: { ...READER, accept: "text/event-stream" },
  });
  const plain = new EventReader(opened);
  const id = opened.headers.get("mcp-connection-id") ?? "";
  const further = { "mcp-connection-id": id };
  await assertChallenged(
    await app.post("/mcp/sse", toolCall("order"), { ...READER, ...further }),
    "plain",
  );
  await plain.leave();
  const sse = new EventReader(
    await app.request("/mcp", { headers: { ...READER, accept: "text/event-stream" } }),
  );
  const { search } = new URL((await sse.nextNamed("endpoint")).data, "http://localhost/mcp");
  await assertChallenged(await app.post(`/mcp${search}`, toolCall("order"), READER), "2024-11-05");
  await assertChallenged(await app.post(`/${search}`, toolCall("order"), READER), "at the origin");
  await sse.leave();
});

Deno.test("a scope that was lost between two POSTs of a session is missing from then on", async () => {
  const keys = [{ name: "writer", key: "the-key-of-the-writer", scopes: [...WRITE] }, {
    name: "writer",
    key: "the-later-key-of-the-writer",
    scopes: ["orders:read"],
  }];
  using app = shop({ auth: { keys } });
  const initialize = await app.post("/mcp", INITIALIZE, WRITER);
  const session = { "mcp-session-id": initialize.headers.get("mcp-session-id") ?? "" };
  const call = (headers: Record<string, string>) =>
    app.post("/mcp", toolCall("order"), { ...headers, ...session, accept: "application/json" });
  assertEquals((await call(WRITER)).status, 200);
  const later = { authorization: "Bearer the-later-key-of-the-writer" };
  await assertChallenged(await call(later), "the same principal with less scope");
  assertEquals((await call(WRITER)).status, 200, "the session goes on");
});

Deno.test("what stands in a group needs its scopes, too", async () => {
  const order = defineTool({ name: "order", description: "", scopes: WRITE, run: () => "ordered" });
  using app = shop({ tools: [group("shop", { tools: [order], use: [(_call, next) => next()] })] });
  const { result } = await ask(app, READER, "tools/list");
  assertEquals(result.tools, []);
  await assertChallenged(await app.post("/mcp", toolCall("shop_order"), READER), "in a group");
  assertEquals((await app.post("/mcp", toolCall("shop_order"), WRITER)).status, 200);
});

Deno.test("subscribing needs the scopes of what is subscribed to, in both eras", async () => {
  using app = shop();
  const initialize = await app.post("/mcp", INITIALIZE, READER);
  const session = { "mcp-session-id": initialize.headers.get("mcp-session-id") ?? "" };
  const subscribe = rpc("resources/subscribe", { uri: "orders://order/17" });
  await assertChallenged(
    await app.post("/mcp", subscribe, { ...READER, ...session, accept: BOTH }),
    "resources/subscribe",
  );
  const { body, headers } = modern("subscriptions/listen", {
    notifications: { resourceSubscriptions: ["orders://open", "orders://all"] },
  });
  await assertChallenged(await app.post("/mcp", body, { ...READER, ...headers }), "listen");
});

Deno.test("one challenge names all scopes that the operation needs", async () => {
  using app = shop({ settings: { MCP_AUTH_SCOPES: ["orders:read"] } });
  await assertChallenged(
    await app.post("/mcp", toolCall("refund"), READER),
    "refund",
    "orders:read orders:refund orders:write",
  );
});

Deno.test("a handler learns principal, scopes and claims of the request's own token", async () => {
  const verify = (token: string) =>
    token === "mine"
      ? { subject: "grace", scopes: ["a"], claims: { tenant: { id: 7 } } }
      : undefined;
  using app = shop({ auth: { verify } });
  const { result } = await ask(app, { authorization: "Bearer mine" }, "tools/call", {
    name: "whoami",
  });
  assertEquals(JSON.parse(result.content[0].text), [
    '["urn:lifeline:verify","grace"]',
    ["a"],
    { tenant: { id: 7 } },
  ]);
});

Deno.test("claims that a handler alters are not those of the next call", async () => {
  const claims = { tenant: { id: 7 } };
  const alter = defineTool({
    name: "alter",
    description: "Alters what it is given",
    run: (_input, { caller }) => {
      const tenant = caller.claims?.tenant as { id: number };
      return String(tenant.id++);
    },
  });
  using app = testApp({
    tools: [alter],
    auth: { verify: () => ({ subject: "g", claims }), cacheMs: 60_000 },
  });
  for (let call = 0; call < 2; call++) {
    const { result } = await ask(app, { authorization: "Bearer mine" }, "tools/call", {
      name: "alter",
    });
    assertEquals(result.content[0].text, "7");
  }
});

Deno.test("where no authorization is set up, nobody has a scope", async () => {
  using app = shop({ auth: {} });
  const { result } = await ask(app, {}, "tools/list");
  assertEquals(result.tools.map(({ name }: { name: string }) => name), ["whoami", "refund"]);
  assertEquals((await app.post("/mcp", toolCall("order"))).status, 403);
});

Deno.test("who starts the server over a pipe may use everything", async () => {
  using app = shop();
  await using pipe = new PipeClient(app);
  await pipe.request(
    initializeRequest() as Message,
  );
  const { result } = await pipe.request(toolCall("order", {}, 2) as Message);
  assertMatch(result.content[0].text, /ordered/);
});

Deno.test("a scope that no token can carry is refused at the definition", () => {
  for (const scope of ["", "two words", 'a"b', "caf\u00e9"]) {
    assertThrows(
      () => defineTool({ name: "a", description: "", scopes: [scope], run: () => "" }),
      RegistrationError,
      "is not a scope",
    );
  }
});

Deno.test("a list that changes is shown anew to every view of it", async () => {
  using app = shop();
  await ask(app, READER, "tools/list");
  app.catalog.tools.remove("whoami");
  const { result } = await ask(app, READER, "tools/list");
  assertEquals(result.tools.map(({ name }: { name: string }) => name), ["refund"]);
});

Deno.test("a session that is opened by a reader shows a reader's lists", async () => {
  using app = shop();
  const response = await app.post("/mcp", INITIALIZE, READER);
  const session = new TestSession(app, response.headers.get("mcp-session-id") ?? "", {
    version: "2025-03-26",
  });
  const list = await session.post(rpc("tools/list"), READER);
  const { result } = await list.json();
  assertEquals(result.tools.map(({ name }: { name: string }) => name), ["whoami", "refund"]);
});

/** The methods for features in every table: what they take, refuse and answer. */
import { assertEquals, assertMatch } from "@std/assert";
import { ALL_SCOPES } from "../../lib/auth/scopes.ts";
import { ProtocolError } from "../../lib/base/errors.ts";
import type { MethodTable } from "../../lib/mcp/methods/table.ts";
import type { RequestScope } from "../../lib/mcp/scope.ts";
import type { McpServer, McpServerOptions } from "../../lib/mcp/server.ts";
import { Catalog, type UnlistedReader } from "../../lib/registry/catalog.ts";
import { definePrompt } from "../../lib/registry/prompt.ts";
import { defineResource, defineResourceTemplate } from "../../lib/registry/resource.ts";
import { defineTool } from "../../lib/registry/tool.ts";
import { CapturedLog } from "../helpers/log.ts";
import { testScope, testServer } from "../helpers/scope.ts";
import { FakeTime } from "../helpers/time.ts";

const seenContexts: unknown[] = [];
const complete = {
  city: (typed: string, context: unknown) => (seenContexts.push(context), [`${typed}!`]),
};
const FEATURES = {
  tools: [
    defineTool({ name: "free", description: "", run: () => "free ran" }),
    defineTool({ name: "guarded", description: "", scopes: ["a", "b"], run: () => "guarded ran" }),
  ],
  resources: [
    defineResource({ uri: "x://a", name: "a", read: () => "a" }),
    defineResource({ uri: "x://g", name: "g", scopes: ["a"], read: () => "g" }),
  ],
  resourceTemplates: [
    defineResourceTemplate({
      uriTemplate: "t://{city}",
      name: "t",
      complete,
      read: ({ city }) => city,
    }),
    defineResourceTemplate({
      uriTemplate: "u://{city}",
      name: "u",
      scopes: ["a"],
      read: ({ city }) => city,
    }),
  ],
  prompts: [
    definePrompt({ name: "ask", run: () => "asked" }),
    definePrompt({ name: "secret", scopes: ["a"], run: () => "secret" }),
  ],
};

function serverOf(catalog = new Catalog(FEATURES), options: Partial<McpServerOptions> = {}) {
  return testServer({ catalog, ...options });
}

/** The result of a request, or its error. */
async function ask(
  server: McpServer,
  method: string,
  params: object = {},
  members: Partial<RequestScope> & { table?: MethodTable } = {},
  // deno-lint-ignore no-explicit-any -- a test looks into whatever came
): Promise<any> {
  const { table = server.sessionless, ...scope } = members;
  const request = { jsonrpc: "2.0", id: 1, method, params: { ...params } } as const;
  const response = await server.dispatch(request, testScope(scope), table) as {
    result?: unknown;
    error?: unknown;
  };
  return JSON.parse(JSON.stringify(response.result ?? response.error));
}

const as = (...scopes: string[]) => ({ caller: { address: "127.0.0.1", scopes } });

Deno.test("a feature that needs scopes runs for those who have them all, in every way to ask", async () => {
  using _time = new FakeTime();
  const server = serverOf();
  const WAYS = [
    ["tools/call", { name: "guarded" }, ["a", "b"]],
    ["prompts/get", { name: "secret" }, ["a"]],
    ["resources/read", { uri: "x://g" }, ["a"]],
    ["resources/read", { uri: "u://1" }, ["a"]],
    [
      "completion/complete",
      { ref: { type: "ref/prompt", name: "secret" }, argument: { name: "n", value: "" } },
      ["a"],
    ],
    [
      "completion/complete",
      { ref: { type: "ref/resource", uri: "u://{city}" }, argument: { name: "n", value: "" } },
      ["a"],
    ],
  ] as const;
  for (const [method, params, scopes] of WAYS) {
    const label = JSON.stringify([method, params]);
    assertEquals("code" in await ask(server, method, params, as(...scopes)), false, label);
    const all = { caller: { address: "127.0.0.1", scopes: ALL_SCOPES } };
    assertEquals("code" in await ask(server, method, params, all), false, label);
    for (const few of [undefined, as(), as(...scopes.slice(1), "c")]) {
      const { code, message } = await ask(server, method, params, few);
      assertEquals(code, -32600, label);
      assertMatch(message, /^This needs the scopes? a( b)?, which the token does not have$/, label);
    }
  }
  assertEquals((await ask(server, "tools/call", { name: "free" })).content[0].text, "free ran");
  assertEquals((await ask(server, "prompts/get", { name: "ask" })).messages.length, 1);
  assertEquals((await ask(server, "resources/read", { uri: "x://a" })).contents[0].text, "a");
});

Deno.test("an unknown name is refused with its first 200 characters and the list that has the others", async () => {
  const server = serverOf();
  const long = "x".repeat(201);
  for (
    const [method, params, message] of [
      [
        "tools/call",
        { name: long },
        `Unknown tool: ${"x".repeat(200)}; tools/list names those there are`,
      ],
      [
        "prompts/get",
        { name: long },
        `Unknown prompt: ${"x".repeat(200)}; prompts/list names those there are`,
      ],
      ["completion/complete", {
        ref: { type: "ref/prompt", name: long },
        argument: { name: "n", value: "" },
      }, `Unknown prompt: ${"x".repeat(200)}`],
      ["completion/complete", {
        ref: { type: "ref/resource", uri: long },
        argument: { name: "n", value: "" },
      }, `Unknown resource template: ${"x".repeat(200)}`],
    ] as const
  ) assertEquals(await ask(server, method, params), { code: -32602, message });
});

Deno.test("a URI that nobody has is not found, and one longer than 8,192 characters is refused", async () => {
  using _time = new FakeTime();
  const server = serverOf();
  const uri = "x://".padEnd(8_192, "z");
  assertEquals(await ask(server, "resources/read", { uri }), {
    code: -32002,
    message: `Resource not found: ${uri.slice(0, 200)}`,
    data: { uri },
  });
  assertEquals(await ask(server, "resources/read", { uri: `${uri}z` }), {
    code: -32602,
    message: 'Invalid params: "uri" is longer than 8192 characters',
  });
  // The newest revision has another code for it, with the same words.
  assertEquals(await ask(server, "resources/read", { uri }, { table: server.modern }), {
    code: -32602,
    message: `Resource not found: ${uri.slice(0, 200)}`,
    data: { uri },
  });
  assertEquals(await ask(server, "resources/read", { uri: 1 }), {
    code: -32602,
    message: 'Invalid params: "uri" must be a string',
  });
});

const refusing = (kind: ConstructorParameters<typeof ProtocolError>[0]): UnlistedReader => ({
  read: () => Promise.reject(new ProtocolError(kind, kind)),
});
const silent: UnlistedReader = { read: () => undefined };
const having: UnlistedReader = {
  read: (uri) => Promise.resolve({ contents: [{ uri, text: "had" }] }),
};
const guarded: UnlistedReader = { ...having, scopes: ["z"] };

Deno.test("readers of unlisted resources are asked in order, and the error that says most is sent", async () => {
  using _time = new FakeTime();
  using _log = new CapturedLog();
  for (
    const [readers, expected] of [
      [[silent, having], "had"],
      [[refusing("not_found"), having], "had"],
      [[guarded, having], "had"],
      [[], "Resource not found: x://z"],
      [[silent], "Resource not found: x://z"],
      [[refusing("not_found"), refusing("forbidden")], "not_found"],
      [[guarded, refusing("not_found")], "not_found"],
      [[refusing("not_found"), guarded], "not_found"],
      [[refusing("not_found"), refusing("overloaded")], "overloaded"],
      [[guarded], "This needs the scope z, which the token does not have"],
      [[{ read: () => Promise.reject(new Error("broken")) }, having], "Internal error"],
    ] as const
  ) {
    const catalog = new Catalog();
    for (const reader of readers) catalog.addUnlisted(reader);
    const answer = await ask(serverOf(catalog), "resources/read", { uri: "x://z" });
    assertEquals(answer.message ?? answer.contents[0].text, expected);
  }
});

const city = (members: object = {}) => ({
  ref: { type: "ref/resource", uri: "t://{city}" },
  argument: { name: "city", value: "Ber" },
  ...members,
});

Deno.test("a completion asks the argument's completer, with the arguments that are texts", async () => {
  const server = serverOf();
  const values = async (params: object) =>
    (await ask(server, "completion/complete", params)).completion.values;
  seenContexts.length = 0;
  assertEquals(await values(city()), ["Ber!"]);
  assertEquals(await values(city({ context: { arguments: { a: "b", c: 1 } } })), ["Ber!"]);
  assertEquals(await values(city({ context: { arguments: ["a"] } })), ["Ber!"]);
  assertEquals(await values(city({ context: "a" })), ["Ber!"]);
  assertEquals(seenContexts, [
    { arguments: {} },
    { arguments: { a: "b" } },
    { arguments: {} },
    { arguments: {} },
  ]);
  for (const name of ["other", "toString"]) {
    assertEquals(await values(city({ argument: { name, value: "" } })), []);
  }
  assertEquals(await values(city({ ref: { type: "ref/resource", uri: "x://a" } })), []);
});

Deno.test("a feature of another server completes by itself, and gets what the client sent", async () => {
  const asked: unknown[] = [];
  const prompt = {
    ...definePrompt({ name: "far", run: () => "" }),
    answerCompletion: (params: unknown) => {
      asked.push(params);
      return { completion: { values: ["far"] } };
    },
  };
  const server = serverOf(new Catalog({ prompts: [prompt] }));
  const ref = { type: "ref/prompt", name: "far" };
  const argument = { name: "n", value: "v" };
  const context = { arguments: { a: "b" } };
  const { completion } = await ask(server, "completion/complete", { ref, argument });
  await ask(server, "completion/complete", { ref, argument, context, _meta: { x: 1 } });
  assertEquals([completion, asked], [{ values: ["far"] }, [
    { argument },
    { argument, context, _meta: { x: 1 } },
  ]]);
});

Deno.test("a completion without an argument or a reference is refused with what is needed", async () => {
  const server = serverOf();
  for (
    const argument of [undefined, "city", {}, { name: "city" }, { value: "" }, {
      name: 1,
      value: "",
    }, { name: "city", value: 1 }]
  ) {
    assertEquals(await ask(server, "completion/complete", city({ argument })), {
      code: -32602,
      message: 'Invalid params: "argument" needs a "name" and a "value", both strings',
    });
  }
  for (
    const ref of [
      undefined,
      "t",
      {},
      { type: "ref/prompt" },
      { type: "ref/prompt", name: 1, uri: "t://{city}" },
      { type: "ref/resource", name: "ask" },
      { type: "ref/resource", uri: 1 },
      { type: "prompt", name: "ask" },
      { type: "resource", uri: "t://{city}" },
    ]
  ) {
    assertEquals(await ask(server, "completion/complete", city({ ref })), {
      code: -32602,
      message: 'Invalid params: "ref" is {"type":"ref/prompt","name":…} or ' +
        '{"type":"ref/resource","uri":…}',
    });
  }
});

Deno.test("a completer that returns something else is named with its owner", async () => {
  using _log = new CapturedLog();
  using _time = new FakeTime();
  for (const values of [[1], Promise.resolve([1])]) {
    const broken = defineResourceTemplate({
      uriTemplate: "b://{city}",
      name: "b",
      complete: { city: () => values as unknown as string[] },
      read: () => "",
    });
    const params = city({ ref: { type: "ref/resource", uri: "b://{city}" } });
    const server = serverOf(new Catalog({ resourceTemplates: [broken] }));
    const { code, message } = await ask(server, "completion/complete", params);
    assertEquals([code, message], [
      -32603,
      "Completer of b://{city}, argument city, returned values[0], which is not a string",
    ]);
  }
});

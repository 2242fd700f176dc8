/** The messages that clients get for exceptions that were not written for them. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import * as z from "zod";
import { definePrompt, defineResource, defineTool, group, ToolError } from "../../lib/mod.ts";
import type { AppOptions } from "../../lib/mod.ts";
import { initializeRequest, rpc, testApp, toolCall } from "../helpers/app.ts";
import { CapturedLog } from "../helpers/log.ts";
import { TestSession } from "../helpers/session.ts";
import { modernRequest } from "../spec/support/modern.ts";
import { PipeClient } from "../spec/support/stdio_client.ts";

const SECRET = "postgres://user:hunter2@db";
const ON = { MCP_MASK_ERRORS: "on" } as const;

const throwing = (name: string, error: Error) =>
  defineTool({
    name,
    description: "Throws",
    run: () => {
      throw error;
    },
  });
const TOOLS = [
  throwing("leaky", new Error(SECRET)),
  throwing("meant", new ToolError("No such city: Atlantis")),
  defineTool({
    name: "later",
    description: "Rejects",
    run: () => Promise.reject(new Error(SECRET)),
  }),
  defineTool({
    name: "schema",
    description: "Has a schema that throws",
    input: z.object({
      a: z.string().refine(() => {
        throw new Error(SECRET);
      }),
    }),
    run: () => "never",
  }),
  defineTool({
    name: "output",
    description: "Returns what its schema refuses",
    output: z.object({ a: z.string().refine(() => false, SECRET) }),
    run: () => ({ a: "b" }),
  }),
];
const CALLS = [
  ["leaky", {}],
  ["later", {}],
  ["schema", { a: "b" }],
  ["output", {}],
] as const;

/** Checks that a result names the log line that has the secret, and nothing of it. */
function assertMasked(answer: unknown, log: CapturedLog): void {
  const text = JSON.stringify(answer);
  assert(!text.includes("hunter2"), text);
  const [, reference] = /reference ([\da-f]{8})/.exec(text) ?? [];
  assert(reference !== undefined, text);
  const line = log.parsed().find(({ fields }) => fields.reference === reference);
  assertStringIncludes(JSON.stringify(line?.fields), "hunter2");
}

Deno.test("a masked exception of a tool is a reference that finds its log line, in every dialect", async () => {
  using log = new CapturedLog("warning");
  using app = testApp({ tools: TOOLS, settings: ON });
  const session = await TestSession.open(app);
  await using pipe = new PipeClient(app);
  await pipe.request(initializeRequest());
  let id = 1;
  for (const [name, args] of CALLS) {
    const call = toolCall(name, args);
    assertMasked(await (await app.post("/mcp", call)).json(), log);
    assertMasked(await session.ask({ ...call, id: ++id }), log);
    assertMasked(await modernRequest(app, "tools/call", { name, arguments: args }), log);
    assertMasked(await pipe.request({ ...call, id: ++id }), log);
    const plain = await app.open(call);
    assertMasked((await plain.events.nextNamed("response")).json, log);
    await plain.events.leave();
  }
});

Deno.test("what middleware throws is masked, and a result that it copies stays masked", async () => {
  using log = new CapturedLog("warning");
  const fails = () => Promise.reject(new Error(SECRET));
  const inner = group("inner", { tools: [TOOLS[0]!], use: [fails] });
  const copies: AppOptions["use"] = [async (call, next) => ({ ...await next(call) })];
  for (const use of [copies, [fails]]) {
    using app = testApp({ tools: TOOLS, groups: [inner], use, settings: ON } as AppOptions);
    assertMasked(await (await app.post("/mcp", toolCall("leaky"))).json(), log);
  }
});

Deno.test("the message of a ToolError always passes, from tools, prompts and resources", async () => {
  const fails = () => {
    throw new ToolError("Not today");
  };
  using app = testApp({
    tools: TOOLS,
    prompts: [definePrompt({ name: "p", description: "", run: fails })],
    resources: [defineResource({ name: "r", uri: "test://r", read: fails })],
    settings: ON,
  });
  const ask = async (message: unknown) => await (await app.post("/mcp", message)).json();
  const { result } = await ask(toolCall("meant"));
  assertEquals(result.content, [{ type: "text", text: "No such city: Atlantis" }]);
  assertEquals((await ask(rpc("prompts/get", { name: "p" }))).error.message, "Not today");
  assertEquals((await ask(rpc("resources/read", { uri: "test://r" }))).error.message, "Not today");
});

Deno.test("auto masks beyond this machine and where callers are asked who they are, not over stdio", async () => {
  const textOf = async (options: AppOptions, headers = {}): Promise<string> => {
    using app = testApp({ tools: TOOLS, ...options });
    const response = await app.post("/mcp", toolCall("leaky"), headers);
    return (await response.json()).result.content[0].text;
  };
  const masked = /reference [\da-f]{8}/;
  assertEquals(await textOf({}), SECRET);
  assertMatch(await textOf({ settings: { HOST: "0.0.0.0" } }), masked);
  assertEquals(await textOf({ settings: { HOST: "0.0.0.0", MCP_MASK_ERRORS: "off" } }), SECRET);
  const auth = { verify: () => ({ subject: "ann" }) };
  assertMatch(await textOf({ auth }, { authorization: "Bearer good" }), masked);
  using app = testApp({ tools: TOOLS, settings: { HOST: "0.0.0.0" } });
  await using pipe = new PipeClient(app);
  await pipe.request(initializeRequest());
  const { result } = await pipe.request(toolCall("leaky"));
  assertEquals(result.content[0].text, SECRET);
});

const meansIt = () => {
  throw new ToolError("Amounts end at 100");
};

Deno.test("a ToolError that an output schema throws passes, with masking and without", async () => {
  const returning = (name: string, check: (text: string) => unknown) =>
    defineTool({
      name,
      description: "Has an output schema that throws for the client",
      input: z.object({ a: z.string() }),
      output: z.object({ a: z.string().refine(check) }),
      run: (input) => input,
    });
  const tools = [
    returning("now", (text) => text === "good" || meansIt()),
    returning("later", async (text) => await Promise.resolve(text) === "good" || meansIt()),
  ];
  for (const MCP_MASK_ERRORS of ["on", "off"] as const) {
    using app = testApp({ tools, settings: { MCP_MASK_ERRORS } });
    for (const { name } of tools) {
      const call = async (a: string) =>
        (await (await app.post("/mcp", toolCall(name, { a }))).json()).result;
      assertEquals((await call("good")).structuredContent, { a: "good" });
      const content = [{ type: "text", text: "Amounts end at 100" }];
      assertEquals(await call("bad"), { content, isError: true });
    }
  }
});

Deno.test("what the schema of a question throws is masked, and a ToolError passes", async () => {
  using log = new CapturedLog("warning");
  const asking = (name: string, check: () => never) =>
    defineTool({
      name,
      description: "Asks with a schema that throws",
      run: async (_input, ctx) => {
        const schema = z.object({ a: z.string().refine(check) });
        return JSON.stringify(await ctx.elicit({ message: "What?", schema, key: "q" }));
      },
    });
  const leaky = () => {
    throw new Error(SECRET);
  };
  using app = testApp({
    tools: [asking("leaky", leaky), asking("meant", meansIt)],
    settings: ON,
  });
  const answer = async (name: string) => {
    const params = { name, arguments: {} };
    const options = { capabilities: { elicitation: {} } };
    const { result } = await modernRequest(app, "tools/call", params, options);
    return await modernRequest(app, "tools/call", {
      ...params,
      requestState: result.requestState,
      inputResponses: { q: { action: "accept", content: { a: "b" } } },
    }, options);
  };
  assertMasked(await answer("leaky"), log);
  assertMatch(JSON.stringify(await answer("meant")), /Amounts end at 100/);
});

Deno.test("what a getter of a returned value throws stays in the log", async () => {
  using log = new CapturedLog("warning");
  const leaky = {
    get a(): string {
      throw new Error(SECRET);
    },
  };
  using app = testApp({
    tools: [defineTool({
      name: "leaky",
      description: "Returns what cannot be read",
      output: z.unknown(),
      run: () => leaky,
    })],
    prompts: [definePrompt({
      name: "p",
      run: () =>
        ({
          messages: [{ role: "user", content: { type: "text", text: "a", _meta: leaky } }],
        }) as never,
    })],
    resources: [defineResource({
      name: "r",
      uri: "test://r",
      read: () => ({ contents: [{ uri: "test://r", text: "a", _meta: leaky }] }) as never,
    })],
    settings: ON,
  });
  for (
    const message of [
      toolCall("leaky"),
      rpc("prompts/get", { name: "p" }),
      rpc("resources/read", { uri: "test://r" }),
    ]
  ) {
    const text = await (await app.post("/mcp", message)).text();
    assert(!text.includes("hunter2"), text);
  }
  assert(log.lines.some((line) => line.includes("hunter2")), "the operator is told");
});

import { assert, assertEquals, assertFalse, assertMatch, assertNotEquals } from "@std/assert";
import * as z from "zod";
import type { ToolContext } from "../../lib/registry/context.ts";
import { defineTool, type Tool } from "../../lib/registry/tool.ts";
import { ASKING_TOOLS, specApp } from "./support/fixtures.ts";
import { connect, connectStreamable } from "./support/legacy_client.ts";
import { TRUSTING } from "./support/tour.ts";

type Conversation = Parameters<ToolContext["sample"]>[0]["messages"];

const SEARCH = { name: "search", inputSchema: { type: "object" as const } };
const ASK = user({ type: "text", text: "Find it" });
const USE = { role: "assistant" as const, content: [use("a"), use("b")] };

Deno.test("an elicitation by form carries message and a flat schema", async () => {
  using app = specApp();
  await using client = await connect(app, TRUSTING);
  await client.request("tools/call", { name: "ask" });
  const { params } = await client.inbox.method("elicitation/create");
  assert(["form", undefined].includes(params.mode));
  assertEquals(params.message, "Your name?");
  assertEquals(params.requestedSchema, {
    type: "object",
    properties: { name: { type: "string" } },
    required: ["name"],
  });
});

Deno.test("a form that is not flat is not sent", async () => {
  using app = specApp();
  const nested: z.ZodObject[] = [
    z.object({ inner: z.object({ x: z.string() }) }),
    z.object({ list: z.array(z.object({ x: z.string() })) }),
    z.object({ numbers: z.array(z.number()) }),
    z.object({ mixed: z.array(z.union([z.object({}), z.string()])) }),
    z.object({ either: z.union([z.string(), z.number()]) }),
    z.object({ anything: z.unknown() }),
  ];
  for (const [index, schema] of nested.entries()) {
    app.catalog.tools.add(toolThat(`nested_${index}`, async ({ elicit }) => {
      await elicit({ message: "Nested?", schema });
    }));
  }
  await using client = await connect(app, TRUSTING);
  for (const index of nested.keys()) {
    const { result } = await client.request("tools/call", { name: `nested_${index}` });
    assertEquals([result.isError, index], [true, index]);
  }
  assertEquals(client.inbox.named("elicitation/create"), []);
});

Deno.test("every kind of field that a form may have is sent", async () => {
  using app = specApp();
  const schema = z.object({
    text: z.string().min(1).max(9).optional(),
    mail: z.email(),
    count: z.int().min(0).max(9),
    share: z.number().default(0.5),
    sure: z.boolean(),
    color: z.enum(["red", "blue"]),
    colors: z.array(z.enum(["red", "blue"])).max(2),
  });
  app.catalog.tools.add(toolThat("rich", async ({ elicit }) => {
    await elicit({ message: "All of it?", schema });
  }));
  await using client = await connect(app, {
    ...TRUSTING,
    answer: () => ({ result: { action: "decline" } }),
  });
  await client.request("tools/call", { name: "rich" });
  const { params } = await client.inbox.method("elicitation/create");
  assertEquals(Object.keys(params.requestedSchema.properties), Object.keys(schema.shape));
});

Deno.test("an elicitation by URL carries mode, message, URL and a unique id", async () => {
  using app = specApp();
  await using client = await connect(app, TRUSTING);
  await Promise.all([1, 2, 3].map(() => client.request("tools/call", { name: "ask_url" })));
  const asked = client.inbox.named("elicitation/create").map(({ params }) => params);
  for (const { mode, message, url } of asked) {
    assertEquals([mode, message, url], ["url", "Your key, please", "https://example.com/key"]);
  }
  const ids = asked.map(({ elicitationId }) => elicitationId);
  assert(ids.every((id) => typeof id === "string" && id !== ""));
  assertEquals([asked.length, new Set(ids).size], [3, 3]);
});

Deno.test("an elicitation by something that is no URL is not sent", async () => {
  using app = specApp();
  await using client = await connect(app, TRUSTING);
  for (const url of ["", "example.com/key", "/key", "https://", "two words"]) {
    const { result } = await client.request("tools/call", { name: "ask_url", arguments: { url } });
    assertEquals(result.isError, true, url);
  }
  assertEquals(client.inbox.named("elicitation/create"), []);
});

Deno.test("an elicitation in a mode that the client lacks is not sent", async () => {
  const clients = [
    { elicitation: { form: {} }, served: ["ask"], refused: ["ask_url"] },
    { elicitation: {}, served: ["ask"], refused: ["ask_url"] },
    { elicitation: { url: {} }, served: ["ask_url"], refused: ["ask"] },
    { elicitation: undefined, served: [], refused: ["ask", "ask_url"] },
  ];
  for (const { elicitation, served, refused } of clients) {
    using app = specApp();
    const capabilities = elicitation === undefined ? {} : { elicitation };
    await using client = await connect(app, { ...TRUSTING, capabilities });
    for (const name of [...served, ...refused]) {
      const { result } = await client.request("tools/call", { name });
      assertEquals(result.isError === true, refused.includes(name), name);
    }
    assertEquals(client.inbox.named("elicitation/create").length, served.length);
  }
});

Deno.test("a question that the client does not support is refused with the capability that it lacks", async () => {
  const withTools = toolThat("with_tools", async ({ sample }) => {
    await sample({ messages: [ASK], maxTokens: 5, tools: [SEARCH] });
  });
  using app = specApp({ tools: [...ASKING_TOOLS, withTools] });
  await using client = await connect(app, { ...TRUSTING, capabilities: {} });
  for (
    const [name, method, capability] of [
      ["ask", "elicitation/create", "elicitation.form"],
      ["ask_url", "elicitation/create", "elicitation.url"],
      ["sample", "sampling/createMessage", "sampling"],
      ["with_tools", "sampling/createMessage", "sampling.tools"],
      ["roots", "roots/list", "roots"],
    ]
  ) {
    const { result } = await client.request("tools/call", { name });
    assertEquals(
      result.content[0].text,
      `Client does not support ${method}: it declared no capability ${capability}`,
    );
  }
});

Deno.test("an answer to an elicitation counts only from the session that was asked", async () => {
  using app = specApp();
  await using asked = await connectStreamable(app, { ...TRUSTING, answer: () => undefined });
  await using other = await connectStreamable(app, TRUSTING);
  const post = asked.post({
    jsonrpc: "2.0",
    id: "call",
    method: "tools/call",
    params: { name: "ask" },
  });
  void post.then((response) => asked.take(response));
  const { id } = await asked.inbox.method("elicitation/create");
  const forged = { action: "accept", content: { name: "Eve" } };
  await other.post({ jsonrpc: "2.0", id, result: forged });
  await asked.request("ping");
  assertFalse(asked.inbox.messages.some((message) => message.id === "call"));
  await asked.post({ jsonrpc: "2.0", id, result: { action: "accept", content: { name: "Ada" } } });
  const { result } = await asked.inbox.response("call");
  assertEquals(JSON.parse(result.content[0].text).content, { name: "Ada" });
});

Deno.test("a tool learns that the user declined, cancelled or answered wrongly", async () => {
  const answers = [
    { result: { action: "decline" } },
    { result: { action: "cancel" } },
    { result: { action: "accept", content: { name: 7 } } },
    { result: { action: "maybe" } },
    { result: {} },
    { error: { code: -32603, message: "No user here" } },
  ];
  const outcomes: unknown[] = [];
  for (const answer of answers) {
    using app = specApp();
    await using client = await connect(app, { ...TRUSTING, answer: () => answer });
    const { result } = await client.request("tools/call", { name: "ask" });
    outcomes.push(result.isError === true ? "error" : JSON.parse(result.content[0].text).action);
  }
  assertEquals(outcomes, ["decline", "cancel", "error", "error", "error", "error"]);
});

Deno.test("an answer is checked by what a form cannot say, for both kinds of schema", async () => {
  using app = specApp();
  const requestedSchema = {
    type: "object" as const,
    properties: { code: { type: "string" as const, pattern: "^[0-9]+$" } },
    required: ["code"],
  };
  const schema = z.object({ code: z.string().regex(/^[0-9]+$/) });
  for (const [name, question] of [["zod", { schema }], ["json", { requestedSchema }]] as const) {
    app.catalog.tools.add(defineTool({
      name,
      description: "Asks for a code",
      run: async (_input, { elicit }) => {
        const answer = await elicit(
          { message: "Code?", ...question } as { message: string } & {
            schema: typeof schema;
          },
        );
        return `${answer.action} ${JSON.stringify(answer.content)}`;
      },
    }));
  }
  let content: unknown;
  await using client = await connect(app, {
    ...TRUSTING,
    answer: () => ({ result: { action: "accept", content } }),
  });
  const answers: readonly (readonly [unknown, RegExp])[] = [
    [{ code: "12" }, /^accept \{"code":"12"\}$/],
    [{ code: "x" }, /elicitation\/create wrongly: code: /],
    [{}, /elicitation\/create wrongly: code: /],
    [undefined, /elicitation\/create wrongly: code: /],
  ];
  for (const name of ["zod", "json"]) {
    for (const [given, says] of answers) {
      content = given;
      const { result } = await client.request("tools/call", { name });
      assertMatch(result.content[0].text, says, name);
    }
  }
});

Deno.test("sampling with what JSON cannot hold is refused with the member", async () => {
  using app = specApp();
  app.catalog.tools.add(toolThat("odd", async ({ sample }) => {
    await sample({
      messages: [user({ type: "text", text: "Hello", _meta: { size: 1n } as never })],
      maxTokens: 5,
    });
  }));
  await using client = await connect(app, TRUSTING);
  const { result } = await client.request("tools/call", { name: "odd" });
  assertMatch(result.content[0].text, /messages\[0\]\.content\[0\]\._meta\.size is a BigInt/);
});

Deno.test("sampling with tools is refused where the client does not declare sampling.tools", async () => {
  const withTools = toolThat("with_tools", async ({ sample }) => {
    await sample({ messages: [ASK], maxTokens: 5, tools: [SEARCH] });
  });
  const withChoice = toolThat("with_choice", async ({ sample }) => {
    await sample({ messages: [ASK], maxTokens: 5, toolChoice: { mode: "none" } });
  });
  for (const tools of [true, false]) {
    using app = specApp({ tools: [withTools, withChoice] });
    const capabilities = { sampling: tools ? { tools: {} } : {} };
    await using client = await connect(app, { ...TRUSTING, capabilities });
    for (const name of ["with_tools", "with_choice"]) {
      const { result } = await client.request("tools/call", { name });
      assertEquals(result.isError === true, !tools, name);
    }
    assertEquals(client.inbox.named("sampling/createMessage").length, tools ? 2 : 0);
  }
});

Deno.test("sampling messages with tool results beside other content are refused", async () => {
  const mixed = user(result("a"), result("b"), { type: "text", text: "and more" });
  await assertRefused([[ASK, USE, mixed], [mixed]]);
});

Deno.test("sampling messages that leave a tool use without its result are refused", async () => {
  const wrong: Conversation[] = [
    [ASK, USE],
    [ASK, USE, ASK],
    [ASK, USE, user(result("a"))],
    [ASK, USE, user(result("a"), result("c"))],
    [ASK, USE, user(result("a"), result("b"), result("c"))],
    [ASK, USE, USE, user(result("a"), result("b"))],
    [ASK, user(result("a"))],
    [ASK, USE, { role: "assistant", content: [result("a"), result("b")] }],
  ];
  await assertRefused(wrong);
});

Deno.test("sampling messages whose tool uses have their results are sent", async () => {
  using app = specApp();
  const messages: Conversation = [
    ASK,
    USE,
    user(result("a"), result("b")),
    { role: "assistant", content: use("c") },
    { role: "user", content: result("c") },
  ];
  app.catalog.tools.add(toolThat("go_on", async ({ sample }) => {
    await sample({ messages, maxTokens: 5, tools: [SEARCH] });
  }));
  await using client = await connect(app, TRUSTING);
  const { result: answer } = await client.request("tools/call", { name: "go_on" });
  assertNotEquals(answer.isError, true);
  const { params } = await client.inbox.method("sampling/createMessage");
  assertEquals(params.messages, messages);
});

async function assertRefused(conversations: readonly Conversation[]): Promise<void> {
  using app = specApp();
  for (const [index, messages] of conversations.entries()) {
    app.catalog.tools.add(toolThat(`wrong_${index}`, async ({ sample }) => {
      await sample({ messages, maxTokens: 5, tools: [SEARCH] });
    }));
  }
  await using client = await connect(app, TRUSTING);
  for (const index of conversations.keys()) {
    const { result: answer } = await client.request("tools/call", { name: `wrong_${index}` });
    assertEquals([index, answer.isError], [index, true]);
  }
  assertEquals(client.inbox.named("sampling/createMessage"), []);
}

function toolThat(name: string, run: (ctx: ToolContext) => Promise<void>): Tool {
  return defineTool({
    name,
    description: name,
    run: async (_input, ctx) => {
      await run(ctx);
      return "done";
    },
  });
}

type Block = Extract<Conversation[number]["content"], readonly unknown[]>[number];

function user(...content: Block[]): Conversation[number] {
  return { role: "user", content };
}

function use(id: string) {
  return { type: "tool_use" as const, id, name: "search", input: {} };
}

function result(toolUseId: string) {
  return { type: "tool_result" as const, toolUseId, content: [] };
}

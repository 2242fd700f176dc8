/** The result of a tool call, as a client sees it through the app. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import fc from "../deps/fast_check.ts";
import * as z from "zod";
import { defineTool, ProtocolError, type Tool, type ToolContext } from "../../lib/mod.ts";
import { testApp, toolCall } from "../helpers/app.ts";
import { CapturedLog } from "../helpers/log.ts";
import { toolThat } from "../helpers/tools.ts";

/** A result as JSON gave it. */
interface CallResult {
  readonly content: readonly { readonly type: string; readonly text: string }[];
  readonly structuredContent?: unknown;
  readonly isError?: boolean;
  readonly _meta?: unknown;
}

interface CallResponse {
  readonly result?: CallResult;
  readonly error?: { readonly code: number; readonly message: string };
}

async function respond(tool: Tool, args?: Record<string, unknown>): Promise<CallResponse> {
  using app = testApp({ tools: [tool] });
  const response = await app.post("/mcp", toolCall(tool.name, args), {
    accept: "application/json",
  });
  return await response.json();
}

async function call(tool: Tool, args?: Record<string, unknown>): Promise<CallResult> {
  const { result, error } = await respond(tool, args);
  if (result === undefined) throw new Error(`No result but ${JSON.stringify(error)}`);
  return result;
}

const base = { name: "subject", description: "Does what the test says" };
const text = (value: string) => [{ type: "text", text: value }];

Deno.test("a string becomes text content", async () => {
  assertEquals(await call(toolThat(() => "hello")), { content: text("hello") });
  assertEquals(await call(toolThat(() => Promise.resolve("later"))), { content: text("later") });
  assertEquals(await call(toolThat(() => "")), { content: text("") });
});

Deno.test("a tool that returns nothing gives empty content", async () => {
  assertEquals(await call(toolThat(() => undefined)), { content: [] });
});

Deno.test("full MCP content is passed on as it is", async () => {
  const result = {
    content: [
      { type: "text", text: "a", annotations: { priority: 1 } },
      { type: "image", data: "AAAA", mimeType: "image/png" },
      { type: "resource_link", uri: "file:///a", name: "a" },
    ],
    isError: false,
    _meta: { "example.test/key": "value" },
  };
  assertEquals(await call(toolThat(() => result)) as unknown, result);
});

for (const value of [42, true, null, [1], { a: 1 }, { content: "no list" }]) {
  Deno.test(`${JSON.stringify(value)} from a tool without output schema is an error that says so`, async () => {
    const { isError, content } = await call(toolThat(() => value));
    assertEquals(isError, true);
    assertMatch(content[0]!.text, /subject returned neither text nor MCP content/);
  });
}

Deno.test("a value of the output schema is given as structure, and as its JSON text", async () => {
  const tool = defineTool({
    ...base,
    output: z.object({ sum: z.number() }),
    run: () => ({ sum: 3 }),
  });
  assertEquals(await call(tool), { content: text('{"sum":3}'), structuredContent: { sum: 3 } });
});

Deno.test("defaults of the output schema are filled in, what it does not know is left out", async () => {
  const output = z.object({ a: z.number(), unit: z.string().default("m") });
  const tool = defineTool({ ...base, output, run: () => ({ a: 1, secret: "x" }) });
  assertEquals((await call(tool)).structuredContent, { a: 1, unit: "m" });
});

Deno.test("content with a structure beside it is checked, and both are given", async () => {
  const output = z.object({ sum: z.number() });
  const good = {
    content: [{ type: "text" as const, text: "three" }],
    structuredContent: { sum: 3 },
  };
  assertEquals(await call(defineTool({ ...base, output, run: () => good })) as unknown, good);
  const bad = { ...good, structuredContent: { sum: "3" } };
  const { isError, content } = await call(defineTool({ ...base, output, run: () => bad }));
  assertEquals(isError, true);
  assertStringIncludes(content[0]!.text, "sum:");
});

Deno.test("content that says it is an error needs no structure", async () => {
  const failed = { content: [{ type: "text" as const, text: "no luck" }], isError: true };
  const tool = defineTool({ ...base, output: z.object({ sum: z.number() }), run: () => failed });
  assertEquals(await call(tool) as unknown, failed);
});

Deno.test("a structure that itself has a list named content is not taken for MCP content", async () => {
  const output = z.object({ content: z.array(z.number()) });
  const tool = defineTool({ ...base, output, run: () => ({ content: [1, 2] }) });
  assertEquals(await call(tool), {
    content: text('{"content":[1,2]}'),
    structuredContent: { content: [1, 2] },
  });
});

Deno.test("output that does not match names every wrong field, and is logged", async () => {
  using log = new CapturedLog();
  const output = z.object({ sum: z.number(), list: z.array(z.object({ id: z.string() })) });
  const tool = defineTool({
    ...base,
    output,
    run: () => ({ sum: "3", list: [{ id: "a" }, { id: 1 }] }) as unknown as z.input<typeof output>,
  });
  const { isError, content, structuredContent } = await call(tool);
  assertEquals([isError, structuredContent], [true, undefined]);
  assertMatch(content[0]!.text, /subject returned.*sum: .*list\[1\]\.id: /);
  const [line] = log.of("Tool output does not match its schema");
  assertEquals([line?.level, line?.fields.tool], ["ERROR", "subject"]);
  assertMatch(String(line?.fields.faults), /sum.*list\[1\]\.id/);
});

Deno.test("invalid arguments name every wrong field, so that a model can correct itself", async () => {
  const input = z.object({
    a: z.number(),
    b: z.string().min(3),
    deep: z.object({ list: z.array(z.enum(["x", "y"])) }),
  });
  const tool = defineTool({ ...base, input, run: () => "ran" });
  const { isError, content } = await call(tool, { a: "1", b: "no", deep: { list: ["x", "z"] } });
  assertEquals(isError, true);
  assertMatch(content[0]!.text, /^Invalid arguments for tool subject: /);
  for (const field of ["a: ", "b: ", "deep.list[1]: "]) {
    assertStringIncludes(content[0]!.text, field);
  }
});

Deno.test("arguments that are missing altogether are checked as an empty object", async () => {
  const tool = defineTool({ ...base, input: z.object({ a: z.number() }), run: () => "ran" });
  const { isError, content } = await call(tool);
  assertEquals(isError, true);
  assertStringIncludes(content[0]!.text, "a: ");
});

Deno.test("unknown arguments of a strict tool are named", async () => {
  const tool = defineTool({ ...base, input: z.strictObject({ a: z.number() }), run: () => "ran" });
  assertStringIncludes((await call(tool, { a: 1, typo: 2 })).content[0]!.text, "typo");
});

Deno.test("a tool runs with its arguments parsed: defaults and transforms applied", async () => {
  const input = z.object({
    size: z.string().transform((value) => value.length),
    level: z.string().default("low"),
  });
  const tool = defineTool({ ...base, input, run: (args) => JSON.stringify(args) });
  assertEquals((await call(tool, { size: "four" })).content, text('{"size":4,"level":"low"}'));
});

Deno.test("an argument named like a property of objects is an argument", async () => {
  const input = z.object({ constructor: z.string(), hasOwnProperty: z.string() });
  const tool = defineTool({ ...base, input, run: (args) => Object.values(args).join() });
  const args = { constructor: "a", hasOwnProperty: "b" };
  assertEquals((await call(tool, args as Record<string, unknown>)).content, text("a,b"));
});

Deno.test("schemas with asynchronous refinements are awaited, for arguments and for results", async () => {
  const even = z.number().refine((value) => Promise.resolve(value % 2 === 0), "must be even");
  const input = z.object({ a: even });
  const output = z.object({ half: even });
  const tool = defineTool({ ...base, input, output, run: ({ a }) => ({ half: a / 2 }) });
  assertEquals((await call(tool, { a: 8 })).structuredContent, { half: 4 });
  assertEquals((await call(tool, { a: 3 })).content[0]!.text.includes("a: must be even"), true);
  assertEquals((await call(tool, { a: 6 })).content[0]!.text.includes("half: must be even"), true);
});

const hostile = {
  toString() {
    throw new Error("no");
  },
};
class HostileError extends Error {
  override get message(): string {
    throw new Error("no");
  }
}

for (
  const [name, thrown, says] of [
    ["an Error", new Error("disk full"), "disk full"],
    ["an Error without message", new Error(), "Tool subject failed"],
    ["a text", "just text", "just text"],
    ["undefined", undefined, "undefined"],
    ["null", null, "null"],
    ["an object whose toString throws", hostile, "Unknown error"],
    ["an object without prototype", Object.create(null), "Unknown error"],
    ["an Error whose message throws", new HostileError(), "Unknown error"],
    ["an object with a message", { message: "quota exceeded", code: 429 }, "quota exceeded"],
    ["an object without words", { code: 429 }, '{"code":429}'],
    ["several errors", new AggregateError([new Error("a"), "b"], "All failed"), "All failed: a; b"],
    ["an Error that has only a cause", new Error("", { cause: "disk full" }), "disk full"],
    ["half a character", "a\ud83d", "a\ufffd"],
  ] as const
) {
  for (
    const [when, fail] of [
      ["at once", () => {
        throw thrown;
      }],
      ["later", () => Promise.reject(thrown)],
    ] as const
  ) {
    Deno.test(`a tool that throws ${name} ${when} is a result with isError and its message`, async () => {
      using log = new CapturedLog("info");
      assertEquals(await call(toolThat(fail)), { content: text(says), isError: true });
      assertEquals(log.of("Tool failed").map(({ level, fields }) => [level, fields.tool]), [
        ["WARNING", "subject"],
      ]);
    });
  }
}

Deno.test("the stack of what a tool throws is in the log, with those of its causes, and goes to no client", async () => {
  using log = new CapturedLog();
  const response = await respond(toolThat(() => {
    throw new Error("Cannot save", { cause: new TypeError("disk full") });
  }));
  assertEquals(response.result?.content, text("Cannot save"));
  assertEquals(/\bat .*\.ts|disk full/.test(JSON.stringify(response)), false);
  const [line] = log.of("Tool failed");
  assertMatch(
    String(line?.fields.stack),
    /Cannot save\n +at [^]*\nCaused by: TypeError: disk full\n +at /,
  );
});

Deno.test("a tool may answer with a protocol error of its own", async () => {
  const { error, result } = await respond(toolThat(() => {
    throw new ProtocolError("invalid_params", "No such file", { data: { path: "/a" } });
  }));
  assertEquals([error?.code, error?.message, result], [-32602, "No such file", undefined]);
});

Deno.test("property: whatever a tool returns, its client gets a valid response", async () => {
  using app = testApp({ tools: [toolThat(() => returned)] });
  let returned: unknown;
  await fc.assert(
    fc.asyncProperty(fc.anything({ withBigInt: true, withNullPrototype: true }), async (value) => {
      returned = value;
      const response = await app.post("/mcp", toolCall("subject", {}, 3), {
        accept: "application/json",
      });
      const { jsonrpc, id, result, error } = await response.json();
      assertEquals([response.status, jsonrpc, id], [200, "2.0", 3]);
      if (error === undefined) assertEquals(Array.isArray(result.content), true);
      else assertEquals(error, { code: -32603, message: "Internal error" });
    }),
  );
});

Deno.test("property: whatever arguments are sent, a tool gets what its schema says or does not run", async () => {
  const input = z.object({ a: z.number(), b: z.array(z.string()).optional() });
  let got: unknown;
  const tool = defineTool({
    ...base,
    input,
    run: (args) => {
      got = args;
      return "ran";
    },
  });
  using app = testApp({ tools: [tool] });
  const args = fc.dictionary(fc.constantFrom("a", "b", "c", "__proto__"), fc.jsonValue());
  await fc.assert(fc.asyncProperty(args, async (sent) => {
    got = undefined;
    const response = await app.post("/mcp", toolCall("subject", sent), {
      accept: "application/json",
    });
    const { result } = await response.json();
    if (result.isError) assertEquals(got, undefined);
    else input.parse(got);
  }));
});

Deno.test("a tool that its author calls directly tells what went wrong", async () => {
  const tool = defineTool({
    ...base,
    input: z.object({ a: z.string().transform(() => fail("check broke")) }),
    run: () => "done",
  });
  const bare = defineTool({ ...base, run: () => fail("handler broke") });
  for (const [one, says] of [[tool, "check broke"], [bare, "handler broke"]] as const) {
    const { content, isError } = await one.call({ a: "b" }, {} as ToolContext);
    assertEquals(isError, true);
    assertStringIncludes(JSON.stringify(content), says);
  }
});

function fail(message: string): never {
  throw new Error(message);
}

for (
  const [returned, says] of [
    [
      5,
      "returned neither text nor MCP content, but 5; give { content: […] }, or declare an output",
    ],
    [{ content: "x" }, "but an object; give { content: […] }"],
    [{ content: [], isError: "yes" }, "Result of tool subject: its isError must be true or false"],
    [{ content: [], _meta: [] }, "Result of tool subject: its _meta must be an object, not a list"],
  ] as const
) {
  Deno.test(`a tool that returns ${JSON.stringify(returned)} is told what it may return`, async () => {
    const { content, isError } = await call(toolThat(() => returned as never));
    assertEquals(isError, true);
    assertStringIncludes(JSON.stringify(content).replaceAll("\\", ""), says);
  });
}

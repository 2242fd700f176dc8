/**
 * The types that a tool's author sees in the editor. The compiler checks most of them: a wrong
 * type, or an expected error that does not occur, fails the type check.
 */
import { assertEquals, assertThrows } from "@std/assert";
import * as z from "zod";
import {
  cacheResults,
  createApp,
  definePrompt,
  defineResource,
  defineResourceTemplate,
  defineTool,
  group,
  limitOutput,
  type Middleware,
  rateLimit,
  type ToolContext,
  type ToolResult,
} from "../../lib/mod.ts";

/** True only for the very same type: `any` equals nothing but `any`. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true
  : false;
type IsAny<T> = 0 extends 1 & T ? true : false;
type HasAny<T> = IsAny<T> extends true ? true
  : T extends object ? true extends { [K in keyof T]: IsAny<T[K]> }[keyof T] ? true : false
  : false;

function assertType<_T extends true>(): void {
  // The compiler has done it.
}

const base = { name: "subject", description: "A tool for the type checker" };

Deno.test("the type helpers tell `any` from everything else", () => {
  assertType<Same<IsAny<unknown>, false>>();
  // deno-lint-ignore no-explicit-any -- it is what the helpers are there to find
  assertType<IsAny<any>>();
  // deno-lint-ignore no-explicit-any -- as above
  assertType<Same<Same<{ a: any }, { a: number }>, false>>();
  // deno-lint-ignore no-explicit-any -- as above
  assertType<HasAny<{ a: any }>>();
  assertType<Same<HasAny<{ a: unknown }>, false>>();
});

Deno.test("the arguments of `run` have the types of the input schema, defaults and transforms applied", () => {
  defineTool({
    ...base,
    input: z.object({
      text: z.string(),
      count: z.number().optional(),
      level: z.enum(["low", "high"]).default("low"),
      size: z.string().transform((text) => text.length),
      list: z.array(z.object({ id: z.bigint().optional() }).omit({ id: true })),
    }),
    run: (input) => {
      assertType<
        Same<typeof input, {
          text: string;
          count?: number | undefined;
          level: "low" | "high";
          size: number;
          list: Record<string, never>[];
        }>
      >();
      return input.text;
    },
  });
});

Deno.test("no `any` reaches an author: neither in the arguments nor in the context", () => {
  defineTool({
    ...base,
    input: z.object({ a: z.number() }),
    run: (input, ctx) => {
      assertType<Same<HasAny<typeof input>, false>>();
      assertType<Same<typeof ctx, ToolContext>>();
      assertType<Same<HasAny<typeof ctx>, false>>();
      assertType<Same<HasAny<typeof ctx.caller>, false>>();
      assertType<Same<typeof ctx.signal, AbortSignal>>();
      assertType<Same<typeof ctx.connectionId, string | undefined>>();
      assertType<
        Same<
          Parameters<typeof ctx.progress>,
          [
            number,
            (number | undefined)?,
            (string | undefined)?,
            (Readonly<Record<string, unknown>> | undefined)?,
          ]
        >
      >();
      assertType<Same<Parameters<typeof ctx.log.info>[0], unknown>>();
      return "";
    },
  });
});

Deno.test("a tool without an input schema has arguments that hold no `any` either", () => {
  defineTool({
    ...base,
    run: (input) => {
      assertType<Same<IsAny<typeof input>, false>>();
      assertType<Same<HasAny<typeof input>, false>>();
      return "";
    },
  });
});

Deno.test("without an output schema `run` gives text or MCP content, now or later", () => {
  defineTool({ ...base, run: () => "text" });
  defineTool({ ...base, run: () => Promise.resolve("text") });
  defineTool({ ...base, run: async () => await Promise.resolve("text") });
  defineTool({ ...base, run: (): ToolResult => ({ content: [] }) });
  defineTool({ ...base, run: () => ({ content: [{ type: "text", text: "a" }], isError: true }) });
  // @ts-expect-error: a number is neither
  defineTool({ ...base, run: () => 42 });
  // @ts-expect-error: an object without content is neither
  defineTool({ ...base, run: () => ({ sum: 1 }) });
  // @ts-expect-error: nothing is neither
  defineTool({ ...base, run: () => {} });
  // @ts-expect-error: nor does it help to give it later
  defineTool({ ...base, run: () => Promise.resolve(42) });
  // @ts-expect-error: content of an unknown kind
  defineTool({ ...base, run: () => ({ content: [{ type: "smell", text: "a" }] }) });
});

Deno.test("with an output schema `run` gives a value of it, or MCP content", () => {
  const output = z.object({ sum: z.number(), unit: z.string().default("m") });
  defineTool({ ...base, output, run: () => ({ sum: 1 }) });
  defineTool({ ...base, output, run: () => Promise.resolve({ sum: 1, unit: "km" }) });
  defineTool({ ...base, output, run: () => ({ content: [], structuredContent: { sum: 1 } }) });
  // @ts-expect-error: text is not structured
  defineTool({ ...base, output, run: () => "1" });
  // @ts-expect-error: the wrong type of a field
  defineTool({ ...base, output, run: () => ({ sum: "1" }) });
  // @ts-expect-error: a field is missing
  defineTool({ ...base, output, run: () => ({ unit: "km" }) });
  // @ts-expect-error: the same, later
  defineTool({ ...base, output, run: () => Promise.resolve({ sum: "1" }) });
});

Deno.test("an output that is no object is inferred as well", () => {
  defineTool({ ...base, output: z.array(z.number()), run: () => [1, 2] });
  // @ts-expect-error: a list of texts is no list of numbers
  defineTool({ ...base, output: z.array(z.number()), run: () => ["1"] });
});

Deno.test("the variables of a template have the types of what a URI may leave out", () => {
  defineResourceTemplate({
    uriTemplate: "acme://{shop}/{+path}{/part*}{?page,limit*}{#top}",
    name: "products",
    read: (variables) => {
      assertType<Same<typeof variables.shop, string>>();
      assertType<Same<typeof variables.path, string>>();
      assertType<Same<typeof variables.part, readonly string[]>>();
      assertType<Same<typeof variables.page, string | undefined>>();
      assertType<Same<typeof variables.limit, readonly string[]>>();
      assertType<Same<typeof variables.top, string | undefined>>();
      // @ts-expect-error: no such variable
      return variables.other;
    },
  });
});

Deno.test("what a handler wants of ctx.app is what onStart returns, also in groups and for every kind", () => {
  type Pool = { readonly pool: { readonly size: number } };
  const tool = defineTool({ ...base, run: (_i, { app }: ToolContext<Pool>) => `${app.pool.size}` });
  const inner = group("inner", { tools: [tool] });
  const outer = group("outer", { tools: [inner] });
  const resource = defineResource({
    uri: "a://b",
    name: "b",
    read: (_uri, { app }: ToolContext<Pool>) => `${app.pool.size}`,
  });
  const template = defineResourceTemplate({
    uriTemplate: "a://{id}",
    name: "a",
    read: ({ id }, { app }: ToolContext<Pool>) => `${id} ${app.pool.size}`,
  });
  const prompt = definePrompt({
    name: "p",
    arguments: z.object({ a: z.string() }),
    run: ({ a }, { app }: ToolContext<Pool>) => `${a} ${app.pool.size}`,
  });
  const right = () => ({ pool: { size: 1 }, other: "" });
  const wrong = () => ({ pool: { size: "1" } });
  const never = () => [
    createApp({ tools: [tool, inner, outer], onStart: right }),
    createApp({ resources: [resource], resourceTemplates: [template], onStart: right }),
    createApp({
      prompts: [prompt],
      onStart: right,
      onStop: ({ pool }) => void pool.size.toFixed(),
    }),
    // @ts-expect-error: another pool
    createApp({ tools: [inner], onStart: wrong }),
    // @ts-expect-error: another pool
    createApp({ tools: [outer], onStart: wrong }),
    // @ts-expect-error: another pool
    createApp({ resources: [resource], onStart: wrong }),
    // @ts-expect-error: another pool
    createApp({ resourceTemplates: [template], onStart: wrong }),
    // @ts-expect-error: another pool
    createApp({ prompts: [prompt], onStart: wrong }),
    // @ts-expect-error: no pool
    createApp({ tools: [outer] }),
    // @ts-expect-error: onStop gets what onStart returns
    createApp({ onStart: right, onStop: ({ poool }) => void poool }),
  ];
  assertEquals(typeof never, "function");
});

Deno.test("answers, sessions and arguments have types that follow from the schemas", () => {
  defineTool({
    ...base,
    run: async (_input, { elicit, session }) => {
      const answer = await elicit({ message: "", schema: z.object({ guests: z.number() }) });
      // @ts-expect-error: only an accepted form has content
      const guests = answer.content.guests;
      if (answer.action === "accept") assertType<Same<typeof answer.content.guests, number>>();
      // @ts-expect-error: there may be no session
      const value = session.get("a");
      assertType<Same<ReturnType<NonNullable<typeof session>["get"]>, unknown>>();
      return `${guests} ${value}`;
    },
  });
  // @ts-expect-error: there is no such argument
  definePrompt({ name: "p", arguments: z.object({ a: z.string() }), run: ({ b }) => `${b}` });
  const read = () => "";
  assertThrows(() =>
    // @ts-expect-error: there is no such variable to complete
    defineResourceTemplate({ uriTemplate: "a://{x}", name: "a", read, complete: { y: () => [] } })
  );
});

Deno.test("middleware that returns nothing, and options that are missing, do not compile", () => {
  // @ts-expect-error: it forgets the result
  const forgetful: Middleware = async (_call, next) => {
    await next();
  };
  const never = () => [
    // @ts-expect-error: no rate
    rateLimit({}),
    // @ts-expect-error: no tools
    cacheResults({ ttlMs: 1 }),
    // @ts-expect-error: no size
    limitOutput({}),
    // @ts-expect-error: a tag is one text
    createApp({ use: [forgetful] }).catalog.tools.enable({ tags: ["a"] }),
    // @ts-expect-error: no such setting
    createApp({ settings: { MCP_PAGE_SIZES: 1 } }),
  ];
  assertEquals(typeof never, "function");
});

Deno.test("what is misspelt or missing in a definition does not compile", () => {
  // @ts-expect-error: no description
  const noDescription = () => defineTool({ name: "a", run: () => "" });
  // @ts-expect-error: no run
  const noRun = () => defineTool({ ...base });
  // @ts-expect-error: an unknown member
  const unknown = () => defineTool({ ...base, run: () => "", outptu: z.object({}) });
  // @ts-expect-error: a JSON Schema is no zod schema
  const plain = () => defineTool({ ...base, input: { type: "object" }, run: () => "" });
  // @ts-expect-error: an unknown annotation
  const hint = () => defineTool({ ...base, annotations: { readOnly: true }, run: () => "" });
  assertEquals([noDescription, noRun, unknown, plain, hint].length, 5);
});

Deno.test("using an argument as another type does not compile", () => {
  defineTool({
    ...base,
    input: z.object({ a: z.number() }),
    // @ts-expect-error: a number has no such method
    run: ({ a }) => a.toUpperCase(),
  });
  defineTool({
    ...base,
    input: z.object({ a: z.number() }),
    // @ts-expect-error: there is no such argument
    run: ({ b }) => `${b}`,
  });
});

Deno.test("an app and a group take lists of features, and each wrong item is an error at its place", () => {
  const motto = defineResource({ uri: "x://motto", name: "motto", read: () => "" });
  const needsPool = defineTool({
    name: "a",
    description: "",
    run: (_input, { app }: ToolContext<{ pool: string }>) => app.pool,
  });
  const attempts = [
    () =>
      createApp({
        tools: [
          // @ts-expect-error -- a resource is no tool
          motto,
        ],
      }),
    () =>
      createApp({
        tools: [
          // @ts-expect-error -- a plain definition is no tool
          { name: "b", description: "", run: () => "" },
        ],
      }),
    () =>
      createApp({
        onStart: () => ({ pool: 5 }),
        tools: [
          // @ts-expect-error -- onStart gives a number
          needsPool,
        ],
      }),
  ];
  assertEquals(attempts.length, 3);
});

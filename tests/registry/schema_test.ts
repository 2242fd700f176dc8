/** JSON Schemas of zod schemas of every shape, as tools list them. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import * as z from "zod";
import * as mini from "zod/mini";
import * as z3 from "zod/v3";
import { RegistrationError } from "../../lib/base/errors.ts";
import { defineTool, type ToolContext } from "../../lib/mod.ts";
import { definitionOf } from "../../lib/registry/schema_references.ts";
import type { JsonObject } from "../../lib/wire/json_rpc.ts";
import { testApp, toolCall } from "../helpers/app.ts";

const base = { name: "subject", description: "Takes arguments of some shape" };

function inputOf(input: unknown): JsonObject {
  const { inputSchema } =
    defineTool({ ...base, input: input as z.ZodObject, run: () => "" }).listing;
  return { ...inputSchema };
}

function outputOf(output: z.ZodType): JsonObject {
  return { ...defineTool({ ...base, output, run: () => ({}) as never }).listing.outputSchema };
}

function refusal(definition: Record<string, unknown>): string {
  const define = () => defineTool({ ...base, run: () => "", ...definition } as never);
  return assertThrows(define, RegistrationError).message;
}

/** Fails for a reference that leads nowhere, as strict clients do. */
function assertReferences(value: unknown, root: JsonObject): void {
  if (typeof value !== "object" || value === null) return;
  const { $ref } = value as JsonObject;
  if (typeof $ref === "string") {
    assert(definitionOf($ref, root) !== undefined, `${$ref} leads nowhere`);
    assert(/^#(\/\$defs\/[A-Za-z0-9._-]+)?$/.test($ref), `${$ref} needs escapes`);
  }
  for (const member of Object.values(value)) assertReferences(member, root);
}

const a = z.object({ a: z.string() });
const b = z.object({ b: z.number() });
const tree: z.ZodObject = z.object({
  name: z.string(),
  get children() {
    return z.array(tree);
  },
});
const namedTree: z.ZodObject = z.object({
  name: z.string(),
  get children() {
    return z.array(namedTree);
  },
}).meta({ id: "Tree" });

const SHAPES: readonly (readonly [string, z.ZodType, Record<string, unknown>])[] = [
  ["an object with an id", a.meta({ id: "Root A" }), { a: "x" }],
  ["an object with an id of odd characters", a.meta({ id: "a/b~c%d #e" }), { a: "x" }],
  ["a tree", tree, { name: "x", children: [{ name: "y", children: [] }] }],
  ["a tree with an id", namedTree, { name: "x", children: [{ name: "y", children: [] }] }],
  ["a list of trees", z.object({ trees: z.array(tree) }), { trees: [{ name: "x", children: [] }] }],
  ["a union", z.union([a, b]), { b: 1 }],
  ["a union of objects with ids", z.union([a.meta({ id: "UA" }), b.meta({ id: "UB" })]), { b: 1 }],
  ["a union with an id", z.union([a, b]).meta({ id: "Union" }), { a: "x" }],
  ["a union within a union", z.union([z.union([a, b]), z.object({ c: z.string() })]), { c: "x" }],
  ["a union with a tree", z.union([tree, b]), { b: 1 }],
  [
    "a discriminated union",
    z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("file"), path: z.string() }),
      z.object({ kind: z.literal("url"), url: z.url() }),
    ]),
    { kind: "file", path: "/a" },
  ],
  ["an intersection", z.intersection(a, b), { a: "x", b: 1 }],
  ["an intersection with a union", z.intersection(z.union([a, b]), z.object({ c: z.number() })), {
    a: "x",
    c: 1,
  }],
  ["a record", z.record(z.string(), z.number()), { x: 1 }],
  ["a record of named keys", z.record(z.enum(["x", "y"]), z.number()), { x: 1, y: 2 }],
  ["a lazy object", z.lazy(() => a), { a: "x" }],
  ["a lazy union", z.lazy(() => z.union([a, b])), { a: "x" }],
  ["an object with a transform", a.transform((value) => value), { a: "x" }],
  ["a pipe", a.pipe(z.any()), { a: "x" }],
  ["a preprocessed object", z.preprocess((value) => value, a), { a: "x" }],
  ["an object with a default", a.default({ a: "x" }), { a: "y" }],
  ["an object with a prefault", a.prefault({ a: "x" }), { a: "y" }],
  ["an optional object", a.optional(), { a: "x" }],
  ["a readonly object", a.readonly(), { a: "x" }],
  ["a branded object", a.brand("A"), { a: "x" }],
  ["an object with a catch", a.catch({ a: "" }), { a: "x" }],
  ["a refined object", a.refine(() => true), { a: "x" }],
  ["a strict object", z.strictObject({ a: z.string() }), { a: "x" }],
  ["a loose object", z.looseObject({ a: z.string() }), { a: "x", more: 1 }],
  ["a codec", z.codec(a, z.any(), { decode: (value) => value, encode: (value) => value }), {
    a: "x",
  }],
  [
    "coerced fields",
    z.object({ n: z.coerce.number(), s: z.coerce.string(), b: z.coerce.boolean() }),
    { n: 1, s: "x", b: true },
  ],
  [
    "fields of many kinds",
    z.object({
      tuple: z.tuple([z.string(), z.number()]).rest(z.boolean()),
      literal: z.literal(["x", 1]),
      text: z.templateLiteral(["id-", z.number()]),
      flag: z.stringbool(),
      at: z.codec(z.iso.datetime(), z.date(), {
        decode: (text) => new Date(text),
        encode: (date) => date.toISOString(),
      }),
      whatever: z.unknown(),
      shared: z.string().meta({ id: "Shared" }),
    }),
    {
      tuple: ["x", 1, true],
      literal: 1,
      text: "id-7",
      flag: "yes",
      at: "2026-01-01T00:00:00Z",
      whatever: [],
      shared: "x",
    },
  ],
  ["a schema of zod/mini", mini.object({ a: mini.string() }) as never, { a: "x" }],
];

for (const [name, schema, args] of SHAPES) {
  Deno.test(`${name} as input is listed as an object without a reference at its root, and called`, async () => {
    const json = inputOf(schema);
    assertEquals([json.type, "$ref" in json], ["object", false]);
    assertReferences(json, json);
    let ran = false;
    const tool = defineTool({
      ...base,
      input: schema as z.ZodObject,
      run: () => {
        ran = true;
        return "ran";
      },
    });
    using app = testApp({ tools: [tool] });
    const response = await app.post("/mcp", toolCall("subject", args), {
      accept: "application/json",
    });
    assertEquals([(await response.json()).result.content[0].text, ran], ["ran", true]);
  });
}

Deno.test("a reference at the root keeps what stands beside it, and leaves no definition unused", () => {
  const json = inputOf(a.meta({ id: "Beside", description: "Own words" }));
  assertEquals(json, {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    properties: { a: { type: "string" } },
    required: ["a"],
    description: "Own words",
  });
  assertEquals(Object.keys(inputOf(namedTree).$defs as JsonObject), ["Tree"]);
});

Deno.test("a union is listed with its members, a discriminated one as `oneOf`", () => {
  const { anyOf } = inputOf(z.union([a, b])) as { anyOf: JsonObject[] };
  assertEquals(anyOf.map(({ required }) => required), [["a"], ["b"]]);
  const kinds = z.discriminatedUnion("k", [
    z.object({ k: z.literal("x") }),
    z.object({ k: z.literal("y") }),
  ]);
  assertEquals((inputOf(kinds).oneOf as unknown[]).length, 2);
});

for (
  const [name, output] of [
    ["an object with an id", a.meta({ id: "Output A" })],
    ["a union of objects", z.union([a, b])],
    ["a tree with an id", namedTree],
  ] as const
) {
  Deno.test(`${name} as output is listed as an object, in every revision`, async () => {
    const json = outputOf(output);
    assertEquals([json.type, "$ref" in json], ["object", false]);
    const tool = defineTool({ ...base, output, run: () => ({}) as never });
    using app = testApp({ tools: [tool] });
    const list = { jsonrpc: "2.0", id: 1, method: "tools/list" };
    const response = await app.post("/mcp", list, { accept: "application/json" });
    assertEquals((await response.json()).result.tools[0].outputSchema.type, "object");
  });
}

Deno.test("a union as output whose member has a list named content is not taken for MCP content", async () => {
  const output = z.union([
    z.object({ content: z.array(z.number()) }).meta({ id: "WithContent" }),
    z.object({ none: z.literal(true) }),
  ]);
  const tool = defineTool({ ...base, output, run: () => ({ content: [1, 2] }) });
  using app = testApp({ tools: [tool] });
  const response = await app.post("/mcp", toolCall("subject"), { accept: "application/json" });
  assertEquals((await response.json()).result.structuredContent, { content: [1, 2] });
});

Deno.test("MCP content is taken for content where no member of the output's union has a list named content", async () => {
  const output = z.union([z.object({ a: z.string() }), z.object({ b: z.string() })]);
  const content = [{ type: "text" as const, text: "own words" }];
  const run = () => ({ content, structuredContent: { b: "x" } });
  const tool = defineTool({ ...base, output, run: run as never });
  assertEquals(await tool.call({}, {} as ToolContext), run() as never);
});

for (
  const [name, schema, says] of [
    ["a zod 3 schema", z3.z.object({ a: z3.z.string() }), "is a zod 3 schema, not a zod 4 schema"],
    ["a raw shape", { a: z.string() }, "is a raw shape, not a zod 4 schema; wrap it in z.object()"],
    ["a raw shape of zod 3", { a: z3.z.string() }, "is a raw shape, not a zod 4 schema"],
    [
      "JSON Schema",
      { type: "object", properties: { a: { type: "string" } } },
      "is JSON Schema, not a zod 4 schema",
    ],
    ["JSON Schema with its type alone", { type: "object" }, "is JSON Schema, not a zod 4 schema"],
    ["JSON Schema with its dialect alone", { $schema: "x" }, "is JSON Schema, not a zod 4 schema"],
    ["JSON Schema of properties", { properties: {} }, "is JSON Schema, not a zod 4 schema"],
    ["text", "string", "is not a zod 4 schema"],
    ["null", null, "is not a zod 4 schema"],
    ["an empty object", {}, "is not a zod 4 schema"],
    ["a function", () => a, "is not a zod 4 schema"],
    [
      "a field of zod 3",
      z.object({ a: z.string(), b: z3.z.string() as never }),
      "b is a zod 3 schema",
    ],
  ] as const
) {
  Deno.test(`${name} in place of a zod 4 schema is refused in words`, () => {
    const input = refusal({ input: schema });
    assertStringIncludes(input, 'Cannot serve tool "subject": its input schema ');
    assertStringIncludes(input, says);
    assertStringIncludes(refusal({ output: schema }), says);
  });
}

Deno.test("a field that JSON Schema cannot express is named with its path", () => {
  const input = z.object({ ok: z.any(), trip: z.object({ properties: z.date() }) });
  assertStringIncludes(
    refusal({ input }),
    "its input schema has no JSON Schema: trip.properties: Date",
  );
  const list = z.object({ a: z.array(z.object({ b: z.bigint() })) });
  assertStringIncludes(refusal({ input: list }), "JSON Schema: a[].b: BigInt");
  assertStringIncludes(refusal({ input: z.date() }), "JSON Schema: Date");
  const among = z.object({
    a: z.unknown(),
    b: z.date(),
    c: z.any(),
    d: z.bigint(),
    e: z.unknown(),
  });
  assertStringIncludes(refusal({ input: among }), "JSON Schema: b: Date");
});

Deno.test("what JSON cannot hold in a definition is refused, with the tool's name and the member", () => {
  for (
    const [definition, says] of [
      [{ _meta: { deep: [1n] } }, "_meta.deep[0] is a BigInt"],
      [{ annotations: { title: Symbol("x") } }, "annotations.title must be a text, not Symbol(x)"],
      [{ description: () => "later" }, "description must be a text, not a function"],
    ] as const
  ) {
    const message = refusal(definition);
    assertStringIncludes(message, 'tool "subject"');
    assertStringIncludes(message, says);
  }
});

Deno.test("ids that differ only in odd characters keep their own definitions", () => {
  const json = inputOf(z.object({
    flag: z.boolean().meta({ id: "x_y" }),
    text: z.string().meta({ id: "x/y" }),
    count: z.number().meta({ id: "x y" }),
  }));
  assertReferences(json, json);
  const types = Object.entries(json.properties as Record<string, JsonObject>)
    .map(([name, { $ref }]) => [name, definitionOf($ref, json)?.type]);
  assertEquals(types, [["flag", "boolean"], ["text", "string"], ["count", "number"]]);
});

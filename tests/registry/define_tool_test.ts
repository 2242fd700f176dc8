import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import * as z from "zod";
import { RegistrationError } from "../../lib/base/errors.ts";
import { defineTool } from "../../lib/mod.ts";

const run = () => "";
const base = { name: "subject", description: "Does something", run };

function refusal(definition: object): string {
  return assertThrows(() => defineTool(definition as typeof base), RegistrationError).message;
}

Deno.test("`defineTool()` takes names of 1 to 128 letters, digits, `_`, `-` and `.`", () => {
  for (const name of ["a", "A.b-c_9", "x".repeat(128), "_", "..."]) {
    assertEquals(defineTool({ ...base, name }).listing.name, name);
  }
});

for (
  const name of [
    "",
    "x".repeat(129),
    "a b",
    "a/b",
    "ä",
    "a\n",
    "\u0000",
    "a,b",
    undefined,
    null,
    1,
    {},
  ]
) {
  const shown = JSON.stringify(name) ?? "no name";
  Deno.test(`\`defineTool()\` refuses ${shown.slice(0, 20)} as a name, and shows it`, () => {
    const message = refusal({ ...base, name });
    assertStringIncludes(message, String(JSON.stringify(name)));
    assertStringIncludes(message, "1 to 128");
  });
}

Deno.test("`defineTool()` refuses a definition without `run`, with the tool's name", () => {
  assertStringIncludes(refusal({ ...base, run: undefined }), 'tool "subject": it has no run');
});

Deno.test("the listing has the JSON Schema 2020-12 of input and output, and what the author gave", () => {
  const { listing } = defineTool({
    name: "subject",
    title: "Subject",
    description: "Does something",
    input: z.object({
      a: z.number().int().min(0).describe("How many"),
      b: z.string().default("x"),
      c: z.enum(["x", "y"]).optional(),
    }),
    output: z.object({ sum: z.number() }),
    annotations: { readOnlyHint: true },
    icons: [{ src: "https://example.test/icon.png" }],
    _meta: { "example.test/key": 1 },
    run: () => ({ sum: 1 }),
  });
  assertEquals(listing as unknown, {
    name: "subject",
    title: "Subject",
    description: "Does something",
    icons: [{ src: "https://example.test/icon.png" }],
    inputSchema: {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      properties: {
        a: {
          type: "integer",
          minimum: 0,
          maximum: Number.MAX_SAFE_INTEGER,
          description: "How many",
        },
        b: { type: "string", default: "x" },
        c: { type: "string", enum: ["x", "y"] },
      },
      required: ["a"],
    },
    outputSchema: {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      properties: { sum: { type: "number" } },
      required: ["sum"],
      additionalProperties: false,
    },
    annotations: { readOnlyHint: true },
    _meta: { "example.test/key": 1 },
  });
});

Deno.test("a tool without schemas is listed with an input that takes no arguments", () => {
  assertEquals(defineTool(base).listing as unknown, {
    name: "subject",
    description: "Does something",
    inputSchema: { type: "object", additionalProperties: false },
  });
});

Deno.test("the JSON Schema is derived once, and is the same in every list", () => {
  const tool = defineTool({ ...base, input: z.object({ a: z.string() }) });
  assertEquals(tool.listing === tool.listing, true);
});

const UNSERVABLE: readonly (readonly [string, z.ZodType])[] = [
  ["a bigint", z.object({ a: z.bigint() })],
  ["a date", z.object({ a: z.date() })],
  ["a custom check", z.object({ a: z.custom((value) => value === 1) })],
  ["a map", z.object({ a: z.map(z.string(), z.string()) })],
  ["a set", z.object({ a: z.set(z.string()) })],
  ["a symbol", z.object({ a: z.symbol() })],
  ["undefined", z.object({ a: z.undefined() })],
  ["NaN", z.object({ a: z.nan() })],
  ["an instance of a class", z.object({ a: z.instanceof(URL) })],
  ["a bigint deep inside", z.object({ a: z.array(z.object({ b: z.bigint().optional() })) })],
];

for (const [name, schema] of UNSERVABLE) {
  Deno.test(`\`defineTool()\` refuses ${name} in a schema, with the tool's name and the side`, () => {
    assertStringIncludes(refusal({ ...base, input: schema }), 'tool "subject": its input schema');
    assertStringIncludes(refusal({ ...base, output: schema }), 'tool "subject": its output schema');
  });
}

Deno.test("`defineTool()` refuses a transform in the output, whose result nobody can describe", () => {
  const output = z.object({ a: z.string().transform((text) => text.length) });
  assertStringIncludes(refusal({ ...base, output }), 'tool "subject": its output schema');
});

Deno.test("`defineTool()` takes a transform in the input: callers send what goes into it", () => {
  const input = z.object({ a: z.string().transform((text) => text.length) });
  const { inputSchema } = defineTool({ ...base, input }).listing;
  assertEquals(inputSchema.properties, { a: { type: "string" } });
});

for (
  const [name, schema] of [
    ["a string", z.string()],
    ["a list", z.array(z.string())],
    ["anything", z.any()],
    ["a union with text", z.union([z.object({ a: z.string() }), z.string()])],
    ["an object or null", z.object({}).nullable()],
    ["a tuple", z.tuple([z.object({})])],
    ["a reference to a string", z.string().meta({ id: "A string" })],
  ] as const
) {
  Deno.test(`\`defineTool()\` refuses ${name} as input, with the tool's name`, () => {
    assertStringIncludes(
      refusal({ ...base, input: schema }),
      'tool "subject": its input schema must be a z.object()',
    );
  });
}

Deno.test("`defineTool()` takes objects that are strict, loose, extended or refined", () => {
  for (
    const input of [
      z.strictObject({ a: z.string() }),
      z.looseObject({ a: z.string() }),
      z.object({ a: z.string() }).extend({ b: z.number() }),
      z.object({ a: z.string() }).refine(({ a }) => a !== "b"),
    ]
  ) assertEquals(defineTool({ ...base, input }).listing.inputSchema.type, "object");
});

Deno.test("`defineTool()` takes a schema that refers to itself", () => {
  const node = z.object({
    name: z.string(),
    get children() {
      return z.array(node);
    },
  });
  const { inputSchema } = defineTool({ ...base, input: node }).listing;
  assertEquals(inputSchema.type, "object");
  assertStringIncludes(JSON.stringify(inputSchema), '"$ref"');
});

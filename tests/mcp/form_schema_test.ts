import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import * as z from "zod";
import { formSchema, rawFormSchema } from "../../lib/mcp/ask/form_schema.ts";

function fieldOf(field: z.ZodType): unknown {
  return (formSchema(z.object({ it: field })).properties as Record<string, unknown>).it;
}

const FIELDS: readonly (readonly [string, z.ZodType, unknown])[] = [
  ["text", z.string().min(1).max(9).describe("A name").meta({ title: "Name" }), {
    type: "string",
    minLength: 1,
    maxLength: 9,
    title: "Name",
    description: "A name",
  }],
  ["an email", z.email(), { type: "string", format: "email" }],
  ["a URL", z.url(), { type: "string", format: "uri" }],
  ["a date", z.iso.date(), { type: "string", format: "date" }],
  ["a date and time", z.iso.datetime(), { type: "string", format: "date-time" }],
  ["a time", z.iso.time(), { type: "string" }],
  ["a UUID", z.uuid(), { type: "string" }],
  ["an IP address", z.ipv4(), { type: "string" }],
  ["base64", z.base64(), { type: "string" }],
  ["a pattern", z.string().regex(/^x/), { type: "string" }],
  ["a template literal", z.templateLiteral(["id-", z.number()]), { type: "string" }],
  ["a number", z.number().min(1).max(5), { type: "number", minimum: 1, maximum: 5 }],
  ["a number above", z.number().gt(1).multipleOf(2), { type: "number" }],
  ["a whole number", z.int().min(0), { type: "integer", minimum: 0 }],
  ["a coerced number", z.coerce.number(), { type: "number" }],
  ["a numeric choice", z.literal([1, 2]), { type: "number" }],
  ["a flag", z.boolean().default(true), { type: "boolean", default: true }],
  ["a choice", z.enum(["a", "b"]).default("b"), { type: "string", enum: ["a", "b"], default: "b" }],
  ["one word", z.literal("yes"), { type: "string", enum: ["yes"] }],
  ["several words", z.literal(["yes", "no"]), { type: "string", enum: ["yes", "no"] }],
  ["a union of words", z.union([z.literal("a"), z.literal("b")]), {
    type: "string",
    enum: ["a", "b"],
  }],
  ["titled words", z.union([z.literal("a").meta({ title: "Apple" }), z.literal("b")]), {
    type: "string",
    oneOf: [{ const: "a", title: "Apple" }, { const: "b", title: "b" }],
  }],
  ["several of some words", z.array(z.enum(["a", "b"])).min(1).default(["a"]), {
    type: "array",
    minItems: 1,
    items: { type: "string", enum: ["a", "b"] },
    default: ["a"],
  }],
  [
    "several of titled words",
    z.array(
      z.union([z.literal("a").meta({ title: "Apple" }), z.literal("b").meta({ title: "B" })]),
    ),
    {
      type: "array",
      items: { anyOf: [{ const: "a", title: "Apple" }, { const: "b", title: "B" }] },
    },
  ],
  ["text or null", z.string().nullable(), { type: "string" }],
  ["an email or null", z.union([z.email(), z.null()]), { type: "string", format: "email" }],
  ["a choice or null", z.enum(["a"]).nullable(), { type: "string", enum: ["a"] }],
  ["text with an id", z.string().min(2).meta({ id: "FormText" }), { type: "string", minLength: 2 }],
  ["a choice with an id", z.enum(["a"]).meta({ id: "FormChoice" }), {
    type: "string",
    enum: ["a"],
  }],
  ["a transform", z.string().transform((text) => text.length), { type: "string" }],
  ["a flag as text", z.stringbool(), { type: "string" }],
];

for (const [name, field, expected] of FIELDS) {
  Deno.test(`a form shows ${name} with the keywords of the protocol alone`, () => {
    assertEquals(fieldOf(field), expected);
    assertEquals(formSchema(z.object({ it: field }).meta({ id: `Form ${name}` })).properties, {
      it: expected,
    });
  });
}

for (
  const [name, field] of [
    ["an object", z.object({})],
    ["a list of texts", z.array(z.string())],
    ["anything", z.any()],
    ["a union of text and number", z.union([z.string(), z.number()])],
    ["null", z.null()],
    ["a record", z.record(z.string(), z.string())],
    ["mixed literals", z.literal(["a", 1])],
  ] as const
) {
  Deno.test(`a form with ${name} is refused with the name of the field`, () => {
    const { message } = assertThrows(() => fieldOf(field), TypeError);
    assertStringIncludes(message, 'Cannot ask by a form: field "it" must be a string, number');
  });
}

Deno.test("a form is an object of zod 4", () => {
  const { message } = assertThrows(() => formSchema({ a: z.string() } as never));
  assertMatch(message, /raw shape/);
  const union = z.union([z.object({ a: z.string() }), z.object({ b: z.string() })]);
  assertMatch(assertThrows(() => formSchema(union)).message, /not a union/);
});

Deno.test("a form given as JSON Schema is brought to the keywords of the protocol too", () => {
  const schema = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    properties: {
      id: { type: "string", format: "uuid", pattern: "^x", title: "Id" },
      size: { type: "string", enum: ["s", "m"], enumNames: ["Small", "Medium"] },
    },
    required: ["id"],
    additionalProperties: false,
  };
  assertEquals(rawFormSchema(schema), {
    type: "object",
    properties: {
      id: { type: "string", title: "Id" },
      size: { type: "string", enum: ["s", "m"], enumNames: ["Small", "Medium"] },
    },
    required: ["id"],
  });
  for (const wrong of [undefined, "x", { type: "string" }, { type: "object" }]) {
    assertThrows(() => rawFormSchema(wrong), TypeError);
  }
  const bigint = { type: "object", properties: { a: { type: "integer", default: 1n } } };
  assertMatch(
    assertThrows(() => rawFormSchema(bigint)).message,
    /properties\.a\.default is a BigInt/,
  );
});

import { assertEquals, assertThrows } from "@std/assert";
import * as z from "zod";
import { toObjectSchema } from "../../lib/registry/schema.ts";
import { argumentsOf, FieldError, fieldsOf, fieldText } from "../../static/client/schema_fields.js";

const schemaOf = (schema: z.ZodType) => toObjectSchema(schema, "input", "tool");

/** What the form sends when each field is left as it shows at first, but for these. */
function send(schema: z.ZodType, typed: Record<string, string | boolean> = {}): unknown {
  const fields = fieldsOf(schemaOf(schema)) ?? [];
  return argumentsOf(fields, (name) => {
    const field = fields.find((one) => one.name === name)!;
    return typed[name] ?? fieldText(field, field.initial);
  });
}

Deno.test("fieldsOf() gives each simple type a field of its own kind", () => {
  const fields = fieldsOf(schemaOf(z.object({
    text: z.string().min(2).max(9).describe("Some text"),
    ratio: z.number(),
    count: z.number().int().gt(0).max(10),
    on: z.boolean(),
    color: z.enum(["red", "green"]),
    size: z.union([z.literal(1), z.literal("big")]),
  })));
  assertEquals(
    fields?.map(({ name, kind, required }) => [name, kind, required]),
    [
      ["text", "text", true],
      ["ratio", "number", true],
      ["count", "integer", true],
      ["on", "boolean", true],
      ["color", "choice", true],
      ["size", "choice", true],
    ],
  );
  assertEquals(fields?.[0]?.hint, "Some text");
  assertEquals([fields?.[0]?.minLength, fields?.[0]?.maxLength], [2, 9]);
  assertEquals([fields?.[2]?.min, fields?.[2]?.max], [1, 10]);
  assertEquals(fields?.[5]?.options, [1, "big"]);
});

Deno.test("fieldsOf() leaves out the bounds that every integer schema has", () => {
  const [field] = fieldsOf(schemaOf(z.object({ n: z.number().int() }))) ?? [];
  assertEquals([field?.min, field?.max], [undefined, undefined]);
});

Deno.test("fieldsOf() falls back to raw JSON for one field that no input can show", () => {
  const fields = fieldsOf(schemaOf(z.object({
    list: z.array(z.string()),
    nested: z.object({ a: z.number() }),
    maybe: z.string().nullable(),
    either: z.union([z.string(), z.number()]),
  })));
  assertEquals(fields?.map(({ kind }) => kind), ["json", "json", "json", "json"]);
});

Deno.test("fieldsOf() gives up on a schema that is no plain object", () => {
  assertEquals(fieldsOf({ type: "object", anyOf: [{}, {}] }), undefined);
  assertEquals(fieldsOf({ type: "array" }), undefined);
  assertEquals(fieldsOf({}), undefined);
});

Deno.test("fieldsOf() follows a reference inside the schema", () => {
  const [field] = fieldsOf({
    type: "object",
    properties: { color: { $ref: "#/$defs/Color", description: "Which" } },
    $defs: { Color: { enum: ["red"] } },
  }) ?? [];
  assertEquals([field?.kind, field?.hint], ["choice", "Which"]);
});

Deno.test("argumentsOf() sends values in their own types", () => {
  const schema = z.object({
    text: z.string(),
    ratio: z.number(),
    on: z.boolean(),
    size: z.union([z.literal(1), z.literal("big")]),
    list: z.array(z.number()),
  });
  const typed = { text: " 7 ", ratio: "1e3", on: true, size: '"big"', list: "[1, 2]" };
  const args = send(schema, typed);
  assertEquals(args, { text: " 7 ", ratio: 1000, on: true, size: "big", list: [1, 2] });
  assertEquals(schema.parse(args), args);
});

Deno.test("argumentsOf() leaves empty optional fields out and sends defaults", () => {
  const schema = z.object({
    text: z.string().optional(),
    count: z.number().optional(),
    on: z.boolean().optional(),
    color: z.enum(["red"]).optional(),
    list: z.array(z.string()).optional(),
    interval: z.number().default(1_000),
    loud: z.boolean().default(true),
    mode: z.enum(["a", "b"]).default("b"),
  });
  assertEquals(send(schema), { interval: 1_000, loud: true, mode: "b" });
  assertEquals(send(schema, { on: "false", loud: false, mode: "" }), {
    on: false,
    interval: 1_000,
    loud: false,
  });
});

Deno.test("argumentsOf() sends an empty text where the text is required", () => {
  assertEquals(send(z.object({ text: z.string() }), { text: "" }), { text: "" });
});

Deno.test("argumentsOf() names the field whose value is none", () => {
  const schema = z.object({ n: z.number(), list: z.array(z.string()) });
  for (const typed of [{ n: "" }, { n: "x" }, { n: "1", list: "[" }]) {
    const error = assertThrows(() => send(schema, typed), FieldError);
    assertEquals(error.field, "list" in typed ? "list" : "n");
  }
});

Deno.test("argumentsOf() treats __proto__ as a name like any other", () => {
  const [field] =
    fieldsOf({ type: "object", properties: JSON.parse('{"__proto__":{"type":"string"}}') }) ??
      [];
  assertEquals(Object.keys(argumentsOf([field!], () => "x")), ["__proto__"]);
});

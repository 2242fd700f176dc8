import { assertEquals, assertThrows } from "@std/assert";
import * as z from "zod";
import { toObjectSchema } from "../../lib/registry/schema.ts";
import { FieldError, rawValues, readValue } from "../../static/client/field_values.js";
import { formOf } from "../../static/client/schema_fields.js";

const schemaOf = (schema: z.ZodType) => toObjectSchema(schema, "input", "tool");

/** The fields of a form that is one group. */
const fieldsOf = (schema: Record<string, unknown>) => formOf(schema)?.fields;

type Typed = Record<string, string | boolean | string[]>;

/** The values that the form sends if only these fields are changed. */
function send(schema: z.ZodType, typed: Typed = {}, values?: unknown): unknown {
  const form = formOf(schemaOf(schema))!;
  const shown = rawValues(form, values);
  return readValue(form, (path) => typed[path] ?? shown.get(path) ?? "");
}

Deno.test("formOf() gives each simple type a field of its own kind", () => {
  const fields = fieldsOf(schemaOf(z.object({
    text: z.string().min(2).max(9).describe("Some text"),
    ratio: z.number(),
    count: z.number().int().gt(0).max(10),
    on: z.boolean(),
    color: z.enum(["red", "green"]),
    size: z.union([z.literal(1), z.literal("big")]),
    colors: z.array(z.enum(["red", "green"])),
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
      ["colors", "choices", true],
    ],
  );
  assertEquals(fields?.[0]?.hint, "Some text");
  assertEquals([fields?.[0]?.minLength, fields?.[0]?.maxLength], [2, 9]);
  assertEquals([fields?.[2]?.min, fields?.[2]?.max], [1, 10]);
  assertEquals(fields?.[5]?.options, [1, "big"]);
});

Deno.test("formOf() leaves out the bounds that every integer schema has", () => {
  const [field] = fieldsOf(schemaOf(z.object({ n: z.number().int() }))) ?? [];
  assertEquals([field?.min, field?.max], [undefined, undefined]);
});

Deno.test("formOf() gives nested objects groups, and unions a choice between variants", () => {
  const fields = fieldsOf(schemaOf(z.object({
    nested: z.object({ a: z.number(), deeper: z.object({ b: z.string() }) }),
    maybe: z.string().nullable(),
    either: z.union([z.string(), z.number()]),
    shape: z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("circle"), radius: z.number() }),
      z.object({ kind: z.literal("square"), side: z.number() }),
    ]),
  })));
  assertEquals(fields?.map(({ kind }) => kind), ["group", "union", "union", "union"]);
  assertEquals(fields?.[0]?.fields?.map(({ kind }) => kind), ["number", "group"]);
  assertEquals(fields?.[1]?.variants?.map(({ kind }) => kind), ["text", "constant"]);
  assertEquals(fields?.[3]?.variants?.map(({ label }) => label), ["kind: circle", "kind: square"]);
});

Deno.test("formOf() falls back to raw JSON with an example where no field can show a value", () => {
  const fields = fieldsOf(schemaOf(z.object({
    list: z.array(z.string()),
    points: z.array(z.object({ x: z.number().min(3), y: z.boolean() })),
    record: z.record(z.string(), z.number()),
  })));
  assertEquals(fields?.map(({ kind }) => kind), ["json", "json", "json"]);
  assertEquals(fields?.map(({ example }) => example), [["text"], [{ x: 3, y: true }], {}]);
});

Deno.test("formOf() makes a choice between groups of a union at the root, with what they share", () => {
  const form = formOf({
    type: "object",
    properties: { name: { type: "string" } },
    required: ["name"],
    oneOf: [
      { properties: { by: { const: "id" }, id: { type: "integer" } }, required: ["by", "id"] },
      { title: "By mail", properties: { mail: { type: "string" } }, required: ["mail"] },
    ],
  });
  assertEquals(form?.kind, "union");
  assertEquals(form?.variants?.map(({ label }) => label), ["by: id", "By mail"]);
  assertEquals(form?.variants?.map(({ fields }) => fields?.map(({ name }) => name)), [
    ["name", "by", "id"],
    ["name", "mail"],
  ]);
});

Deno.test("formOf() follows a reference at the root, and ends at a schema that holds itself", () => {
  const tree = {
    $ref: "#/$defs/Tree",
    $defs: {
      Tree: { type: "object", properties: { child: { $ref: "#/$defs/Tree" } } },
    },
  };
  let field = formOf(tree);
  for (let depth = 0; field?.kind === "group" && depth < 20; depth++) field = field.fields?.[0];
  assertEquals(field?.kind, "json");
});

Deno.test("formOf() gives up on a schema that is no object", () => {
  assertEquals(formOf({ type: "object", allOf: [{}, {}] }), undefined);
  assertEquals(formOf({ type: "array" }), undefined);
  assertEquals(
    formOf({ anyOf: [{ type: "string" }, { type: "object", properties: {} }] }),
    undefined,
  );
  assertEquals(formOf({}), undefined);
});

Deno.test("formOf() follows a reference inside the schema", () => {
  const [field] = fieldsOf({
    type: "object",
    properties: { color: { $ref: "#/$defs/Color", description: "Which" } },
    $defs: { Color: { enum: ["red"] } },
  }) ?? [];
  assertEquals([field?.kind, field?.hint], ["choice", "Which"]);
});

Deno.test("readValue() gives values in their own types", () => {
  const schema = z.object({
    text: z.string(),
    ratio: z.number(),
    on: z.boolean(),
    size: z.union([z.literal(1), z.literal("big")]),
    list: z.array(z.number()),
    colors: z.array(z.enum(["red", "green"])),
  });
  const args = send(schema, {
    ".text": " 7 ",
    ".ratio": "1e3",
    ".on": true,
    ".size": '"big"',
    ".list": "[1, 2]",
    ".colors": ['"green"'],
  });
  assertEquals(args, {
    text: " 7 ",
    ratio: 1000,
    on: true,
    size: "big",
    list: [1, 2],
    colors: ["green"],
  });
  assertEquals(schema.parse(args), args);
});

Deno.test("readValue() leaves empty optional fields out and sends defaults", () => {
  const schema = z.object({
    text: z.string().optional(),
    count: z.number().optional(),
    on: z.boolean().optional(),
    color: z.enum(["red"]).optional(),
    list: z.array(z.string()).optional(),
    nested: z.object({ a: z.string() }).optional(),
    either: z.union([z.string(), z.object({ a: z.number() })]).optional(),
    interval: z.number().default(1_000),
    loud: z.boolean().default(true),
    mode: z.enum(["a", "b"]).default("b"),
  });
  assertEquals(send(schema), { interval: 1_000, loud: true, mode: "b" });
  assertEquals(send(schema, { ".on": "false", ".loud": false, ".mode": "" }), {
    on: false,
    interval: 1_000,
    loud: false,
  });
});

Deno.test("readValue() reads groups that are included, and the chosen variant of a union alone", () => {
  const schema = z.object({
    nested: z.object({ a: z.string(), b: z.object({ c: z.number() }) }).optional(),
    either: z.union([z.string(), z.object({ n: z.number() }), z.null()]),
  });
  assertEquals(
    send(schema, {
      ".nested": true,
      ".nested.a": "x",
      ".nested.b.c": "2",
      ".either": "1",
      ".either|0": "not this",
      ".either|1.n": "3",
    }),
    { nested: { a: "x", b: { c: 2 } }, either: { n: 3 } },
  );
  assertEquals(send(schema, { ".either": "2" }), { either: null });
});

Deno.test("rawValues() shows a value in the variant that it belongs to", () => {
  const schema = z.object({
    shape: z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("circle"), radius: z.number() }),
      z.object({ kind: z.literal("square"), side: z.number() }),
    ]),
    maybe: z.string().nullable().optional(),
    nested: z.object({ a: z.string() }).optional(),
  });
  for (
    const values of [
      { shape: { kind: "square", side: 4 }, maybe: null, nested: { a: "" } },
      { shape: { kind: "circle", radius: 1 }, maybe: "yes" },
      { shape: { kind: "circle", radius: 0.5 } },
    ]
  ) assertEquals(send(schema, {}, values), values);
});

Deno.test("readValue() sends an empty text where the text is required", () => {
  assertEquals(send(z.object({ text: z.string() }), { ".text": "" }), { text: "" });
});

Deno.test("readValue() names the field whose value is none", () => {
  const schema = z.object({ n: z.number(), in: z.object({ list: z.array(z.string()) }) });
  for (const typed of [{ ".n": "" }, { ".n": "x" }, { ".n": "1", ".in.list": "[" }]) {
    const error = assertThrows(() => send(schema, typed), FieldError);
    assertEquals(error.path, ".in.list" in typed ? ".in.list" : ".n");
  }
});

Deno.test("readValue() treats __proto__ as a name like any other", () => {
  const properties = JSON.parse('{"__proto__":{"type":"string"}}');
  const form = formOf({ type: "object", properties })!;
  const value = readValue(form, () => "x") as object;
  assertEquals(Object.keys(value), ["__proto__"]);
});

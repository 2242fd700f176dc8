/** Fields of forms that are given as JSON Schema, one rule at a time. */
import { assertEquals, assertThrows } from "@std/assert";
import { rawFormSchema } from "../../lib/mcp/ask/form_schema.ts";

/** A field as a form shows it, or the message of its refusal. */
function shown(field: unknown, root: object = {}): unknown {
  const schema = { type: "object", properties: { it: field }, ...root };
  return (rawFormSchema(schema).properties as Record<string, unknown>).it;
}

const titled = (value: string, title: unknown) => ({ const: value, title });
const FIELDS: readonly (readonly [string, unknown, unknown])[] = [
  ["every keyword of text", {
    type: "string",
    title: "T",
    description: "D",
    minLength: 0,
    maxLength: 0,
    default: "",
    format: "date-time",
    pattern: "x",
  }, {
    type: "string",
    title: "T",
    description: "D",
    minLength: 0,
    maxLength: 0,
    default: "",
    format: "date-time",
  }],
  ["keywords of wrong types", { type: "string", title: 1, minLength: "1", default: 2, format: 3 }, {
    type: "string",
  }],
  ["numbers", { type: "number", minimum: -1, maximum: 1.5, default: 0, format: "email" }, {
    type: "number",
    minimum: -1,
    maximum: 1.5,
    default: 0,
  }],
  ["bounds of safe integers", {
    type: "integer",
    minimum: Number.MIN_SAFE_INTEGER,
    maximum: Number.MAX_SAFE_INTEGER,
    default: Number.MAX_SAFE_INTEGER - 1,
  }, { type: "integer", default: Number.MAX_SAFE_INTEGER - 1 }],
  ["a flag", { type: "boolean", default: false, minimum: 1 }, { type: "boolean", default: false }],
  ["a type or null", { type: ["null", "number"], minimum: 1 }, { type: "number", minimum: 1 }],
  ["a type in a list", { type: ["string"] }, { type: "string" }],
  ["a constant", { const: "a" }, { type: "string", enum: ["a"] }],
  ["choices and null", { enum: ["a", null], enumNames: ["A", "None"] }, {
    type: "string",
    enum: ["a"],
    enumNames: ["A", "None"],
  }],
  ["choices with a wrong list of names", { enum: ["a"], enumNames: "A" }, {
    type: "string",
    enum: ["a"],
  }],
  ["members of `oneOf`", { oneOf: [{ const: "a" }, { const: "b" }, { type: "null" }] }, {
    type: "string",
    enum: ["a", "b"],
  }],
  ["titles for some", { anyOf: [titled("a", "A"), titled("b", 1), { enum: ["c", "d"] }] }, {
    type: "string",
    oneOf: ["A", "b", "c", "d"].map((title, index) => titled("abcd"[index]!, title)),
  }],
  ["one member beside null", {
    title: "T",
    anyOf: [{ type: "string", maxLength: 3 }, { type: "null" }],
  }, { type: "string", title: "T", maxLength: 3 }],
  ["a list of choices", {
    type: "array",
    minItems: 1,
    maxItems: 2,
    uniqueItems: true,
    items: { enum: ["a", "b"] },
    default: ["a"],
  }, {
    type: "array",
    minItems: 1,
    maxItems: 2,
    items: { type: "string", enum: ["a", "b"] },
    default: ["a"],
  }],
  ["a list with a wrong default", { type: "array", items: { enum: ["a"] }, default: ["a", 1] }, {
    type: "array",
    items: { type: "string", enum: ["a"] },
  }],
  ["a list with a default that is no list", {
    type: "array",
    items: { enum: ["a"] },
    default: "a",
  }, { type: "array", items: { type: "string", enum: ["a"] } }],
  ["a list of titled choices", { type: "array", items: { anyOf: [titled("a", "A")] } }, {
    type: "array",
    items: { anyOf: [titled("a", "A")] },
  }],
];

for (const [name, field, expected] of FIELDS) {
  Deno.test(`a field of a form with ${name} keeps what the protocol has`, () => {
    assertEquals(shown(field), expected);
  });
}

Deno.test("a field that no form can show is refused", () => {
  for (
    const field of [
      {},
      "string",
      { type: "object" },
      { type: "null" },
      { type: "toString" },
      { type: ["string", "number"] },
      { type: [] },
      { const: 1 },
      { enum: [] },
      { enum: [null] },
      { enum: ["a", 1] },
      { anyOf: [{ type: "string" }, { type: "number" }] },
      { anyOf: [{ const: "a" }, { type: "string" }] },
      { type: "array" },
      { type: "array", items: { type: "string" } },
      { type: "array", items: "a" },
    ]
  ) {
    assertEquals(
      assertThrows(() => shown(field), TypeError).message,
      'Cannot ask by a form: field "it" must be a string, number, boolean, enum or list of enum ' +
        "values",
      JSON.stringify(field),
    );
  }
});

Deno.test("a reference is replaced by its definition, and its own keywords win", () => {
  const root = {
    $defs: {
      name: { type: "string", title: "Name", maxLength: 9 },
      choice: { enum: ["a"] },
      again: { $ref: "#/$defs/name", minLength: 2 },
    },
  };
  assertEquals(shown({ $ref: "#/$defs/name", title: "Own" }, root), {
    type: "string",
    title: "Own",
    maxLength: 9,
  });
  assertEquals(shown({ $ref: "#/$defs/again" }, root), {
    type: "string",
    title: "Name",
    minLength: 2,
    maxLength: 9,
  });
  assertEquals(shown({ type: "array", items: { $ref: "#/$defs/choice" } }, root), {
    type: "array",
    items: { type: "string", enum: ["a"] },
  });
  assertEquals(shown({ anyOf: [{ $ref: "#/$defs/choice" }, { const: "b" }] }, root), {
    type: "string",
    enum: ["a", "b"],
  });
  assertThrows(() => shown({ $ref: "#/$defs/missing" }, root), TypeError, 'field "it"');
});

Deno.test("a form keeps which fields are required, and is an object with properties", () => {
  const properties = { a: { type: "string" } };
  assertEquals(rawFormSchema({ type: "object", properties, required: ["a"], title: "T" }), {
    type: "object",
    properties,
    required: ["a"],
  });
  assertEquals(rawFormSchema({ type: "object", properties: {} }), {
    type: "object",
    properties: {},
  });
  for (
    const wrong of [null, [], { properties }, { type: "array", properties }, {
      type: "object",
      properties: [],
    }]
  ) {
    assertEquals(
      assertThrows(() => rawFormSchema(wrong), TypeError).message,
      'Cannot ask by a form: requestedSchema must have "type": "object" and "properties"',
    );
  }
});

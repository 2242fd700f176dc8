/** References within the JSON Schemas that zod makes, and roots without one. */
import { assertEquals, assertThrows } from "@std/assert";
import * as z from "zod";
import { RegistrationError } from "../../lib/base/errors.ts";
import { hasProperty, toJsonSchema, toObjectSchema } from "../../lib/registry/schema.ts";
import {
  definitionOf,
  isObjectSchema,
  withNamedRoot,
  withPlainNames,
} from "../../lib/registry/schema_references.ts";

const inner = z.object({ text: z.string() }).meta({ id: "inner" });
const middle = z.object({ inner }).meta({ id: "middle" });
const own = { type: "object", properties: { own: {} } };

Deno.test("definitions that other definitions need stay, and those that nothing needs go", () => {
  const json = toJsonSchema(z.object({ middle }).meta({ id: "Root" }), "input", "it");
  assertEquals(Object.keys(json.$defs as object), ["middle", "inner"]);
  assertEquals(json.properties, { middle: { $ref: "#/$defs/middle" } });
  const $defs = { root: own, unused: { type: "null" } };
  assertEquals(withNamedRoot({ $ref: "#/$defs/root", $defs }), own);
});

Deno.test("a root whose references lead in a circle or nowhere keeps its reference", () => {
  for (
    const schema of [
      { $ref: "#" },
      { $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/a" } } },
      { $ref: "#/$defs/none", $defs: { a: own } },
      { $ref: "other.json" },
      { $ref: 1 },
    ]
  ) assertEquals(withNamedRoot(schema as never), schema as never);
  const itself: z.ZodType = z.lazy(() => itself);
  assertThrows(
    () => toObjectSchema(itself, "input", "it"),
    RegistrationError,
    "Cannot serve it: its input schema must be a z.object(), or a union of them",
  );
});

Deno.test("a chain of references at the root is followed to its end, and its own words stay", () => {
  const $defs = { a: { $ref: "#/$defs/b", title: "A" }, b: { ...own, title: "B" } };
  const root = { $ref: "#/$defs/a", description: "Root", $defs };
  assertEquals(withNamedRoot(root), { ...own, title: "A", description: "Root" });
});

Deno.test("a schema without a reference at its root stays as it is", () => {
  const schema = { ...own, $defs: { unused: {} } };
  assertEquals(withNamedRoot(schema) === schema, true);
  assertEquals(withPlainNames(schema) === schema, true);
});

Deno.test("only definitions get plain names: a property of the same name keeps its own", () => {
  const schema = {
    properties: {
      "a b": { $ref: "#/$defs/a b" },
      list: { anyOf: [{ $ref: "#/$defs/a~1b" }, { $ref: "#/$defs/a_b" }] },
      $defs: { const: "a b" },
    },
    examples: [{ "a b": 1 }, "a b", null],
    $defs: { "a b": { properties: { "a b": true } }, "a/b": {}, a_b: {} },
  };
  assertEquals(withPlainNames(schema), {
    properties: {
      "a b": { $ref: "#/$defs/a_b_" },
      list: { anyOf: [{ $ref: "#/$defs/a_b__" }, { $ref: "#/$defs/a_b" }] },
      $defs: { const: "a b" },
    },
    examples: [{ "a b": 1 }, "a b", null],
    $defs: { a_b_: { properties: { "a b": true } }, a_b__: {}, a_b: {} },
  });
});

const ROOT = { $defs: { "a/b": own, "c~d": { type: "string" }, list: [], toString: null } };

for (
  const [reference, definition] of [
    ["#", ROOT],
    ["#/$defs/a~1b", own],
    ["#/$defs/c~0d", { type: "string" }],
    ["#/$defs/list", undefined],
    ["#/$defs/none", undefined],
    ["#/$defs/constructor", undefined],
    ["#/definitions/a", undefined],
    ["a/b", undefined],
    [undefined, undefined],
  ] as const
) {
  Deno.test(`${reference} refers to ${definition === undefined ? "nothing" : "a definition"}`, () => {
    assertEquals(definitionOf(reference, ROOT as never), definition as never);
    if (reference !== "#") assertEquals(definitionOf(reference, {}), undefined);
  });
}

const objects = { type: "object" };
const text = { type: "string" };

for (
  const [schema, expected] of [
    [objects, true],
    [text, false],
    [{ type: ["object"] }, false],
    [{}, false],
    [true, false],
    [{ anyOf: [objects] }, true],
    [{ anyOf: [objects, objects] }, true],
    [{ anyOf: [objects, text] }, false],
    [{ anyOf: [] }, false],
    [{ oneOf: [objects] }, true],
    [{ oneOf: [text, objects] }, false],
    [{ oneOf: [] }, false],
    [{ anyOf: [text], oneOf: [objects] }, true],
    [{ allOf: [text, objects] }, true],
    [{ allOf: [{}] }, false],
    [{ allOf: [] }, false],
    [{ type: "string", anyOf: [objects] }, false],
    [{ $ref: "#/$defs/a" }, true],
    [{ $ref: "#/$defs/b" }, false],
    [{ anyOf: [{ $ref: "#/$defs/a" }, { anyOf: [objects] }] }, true],
    [{ $ref: "#/$defs/loop" }, false],
  ] as const
) {
  Deno.test(`${JSON.stringify(schema)} admits ${expected ? "only objects" : "not only objects"}`, () => {
    const loop = { anyOf: [{ $ref: "#/$defs/loop" }] };
    const root = { $defs: { a: objects, b: text, loop } };
    assertEquals(isObjectSchema(schema, root), expected);
  });
}

for (
  const [schema, expected] of [
    [own, true],
    [{ properties: { other: {} } }, false],
    [{ properties: { toString: {} } }, false],
    [{}, false],
    [{ anyOf: [objects, own] }, true],
    [{ oneOf: [own] }, true],
    [{ allOf: [{ allOf: [own] }] }, true],
    [{ anyOf: [objects], oneOf: [objects], allOf: [true] }, false],
    [{ anyOf: [{ $ref: "#/$defs/a" }], $defs: { a: own } }, true],
    [{ anyOf: [{ $ref: "#/$defs/a" }], $defs: { a: objects } }, false],
    [{ anyOf: [{ $ref: "#" }, objects] }, false],
  ] as const
) {
  Deno.test(`${JSON.stringify(schema)} has ${expected ? "a" : "no"} property named own`, () => {
    assertEquals(hasProperty(schema as never, "own"), expected);
  });
}

/** Parameters that clients mirror into headers, as an input schema names them. */
import { assertEquals, assertThrows } from "@std/assert";
import { RegistrationError } from "../../lib/base/errors.ts";
import { headerParams, valueAt } from "../../lib/registry/header_params.ts";
import type { JsonObject } from "../../lib/wire/json_rpc.ts";

const marked = (name: unknown, type: unknown = "string") => ({ type, "x-mcp-header": name });

Deno.test("the header parameters of a schema are told in order, with the paths of nested ones", () => {
  const schema = {
    type: "object",
    properties: {
      region: marked("Region"),
      plain: { type: "string" },
      odd: true,
      in: {
        type: "object",
        properties: {
          zone: marked("Zone_1", "integer"),
          at: { properties: { dry: marked("!dry", "boolean") } },
        },
      },
    },
  };
  assertEquals(headerParams(schema, "it"), [
    { header: "mcp-param-region", path: ["region"] },
    { header: "mcp-param-zone_1", path: ["in", "zone"] },
    { header: "mcp-param-!dry", path: ["in", "at", "dry"] },
  ]);
});

for (const schema of [{}, { properties: true }, { properties: {} }, { properties: { a: {} } }]) {
  Deno.test(`${JSON.stringify(schema)} has no header parameters`, () => {
    assertEquals(headerParams(schema, "it"), []);
  });
}

for (
  const [schema, why] of [
    [{ properties: { a: marked("") } }, "x-mcp-header of a is not a header name"],
    [{ properties: { a: marked("a b") } }, "x-mcp-header of a is not a header name"],
    [{ properties: { a: marked(1) } }, "x-mcp-header of a is not a header name"],
    [{ properties: { a: marked(undefined) } }, "x-mcp-header of a is not a header name"],
    [
      { properties: { a: { properties: { b: marked("B", "number") } } } },
      "x-mcp-header of a.b is not on a string, integer or boolean",
    ],
    [
      { properties: { a: marked("A", ["string", "null"]) } },
      "x-mcp-header of a is not on a string, integer or boolean",
    ],
    [
      { properties: { a: marked("Region"), b: marked("REGION") } },
      "the header mcp-param-region is named twice",
    ],
    [{ items: marked("A") }, 'x-mcp-header stands where "properties" alone do not lead'],
    [
      { properties: { a: marked("A"), b: { items: marked("B") } } },
      'x-mcp-header stands where "properties" alone do not lead',
    ],
  ] as readonly (readonly [JsonObject, string])[]
) {
  Deno.test(`${JSON.stringify(schema)} is refused: ${why}`, () => {
    const { message } = assertThrows(() => headerParams(schema, 'tool "a"'), RegistrationError);
    assertEquals(message, `Cannot serve tool "a": ${why}`);
  });
}

for (
  const [args, path, value] of [
    [{ a: "x" }, ["a"], "x"],
    [{ a: { b: 0 } }, ["a", "b"], 0],
    [{ a: { b: false } }, ["a", "b"], false],
    [{ a: { b: 0 } }, [], { a: { b: 0 } }],
    [{ a: null }, ["a"], undefined],
    [{ a: null }, ["a", "b"], undefined],
    [{ a: "text" }, ["a", "length"], undefined],
    [{ a: ["x"] }, ["a", "0"], undefined],
    [{}, ["toString"], undefined],
    [{}, ["a"], undefined],
    [undefined, ["a"], undefined],
  ] as const
) {
  Deno.test(`${JSON.stringify(args)} has ${JSON.stringify(value)} at [${path}]`, () => {
    assertEquals(valueAt(args, path), value);
  });
}

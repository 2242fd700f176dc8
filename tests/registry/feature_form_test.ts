/** What a value is by its form, and the words for it in errors. */
import { assertEquals } from "@std/assert";
import * as z from "zod";
import * as z3 from "zod/v3";
import { definePrompt, defineResource, defineResourceTemplate, defineTool } from "../../lib/mod.ts";
import { describeValue, isPlain, kindOf, mistakeOf } from "../../lib/registry/feature_form.ts";

const run = () => "";
const FEATURES = {
  tools: defineTool({ name: "a", description: "a", run }),
  prompts: definePrompt({ name: "a", run }),
  resources: defineResource({ uri: "x://a", name: "a", read: run }),
  resourceTemplates: defineResourceTemplate({ uriTemplate: "x://{a}", name: "a", read: run }),
};

Deno.test("each kind of feature is known by its form", () => {
  for (const [kind, feature] of Object.entries(FEATURES)) assertEquals(kindOf(feature), kind);
});

for (
  const value of [
    undefined,
    null,
    1,
    "listing",
    run,
    {},
    [],
    { name: "a", call: run },
    { name: "a", call: run, listing: undefined },
    { name: "a", call: run, listing: null },
    { name: "a", call: run, listing: "a" },
    { call: run, listing: {} },
    { name: 1, call: run, listing: {} },
    { name: "a", listing: {} },
    { name: "a", listing: {}, call: "run", get: {}, read: null },
  ]
) {
  const shown = typeof value === "function" ? "a function" : JSON.stringify(value);
  Deno.test(`${shown} is no feature`, () => {
    assertEquals(kindOf(value), undefined);
  });
}

const TOOL = "a plain definition; pass it to defineTool() or definePrompt()";
const TEMPLATE = "a plain definition; pass it to defineResourceTemplate()";
const RESOURCE = "a plain definition; pass it to defineResource()";
const schema = z.object({ a: z.string() });

for (
  const [what, value, mistake, words] of [
    ["a promise", Promise.resolve(FEATURES.tools), "a promise; await it", "a promise; await it"],
    ["a definition of a tool", { name: "a", run }, TOOL, TOOL],
    ["a definition of a resource", { uri: "x://a", read: run }, RESOURCE, RESOURCE],
    ["a definition of a template", { uriTemplate: "x://{a}", read: run }, TEMPLATE, TEMPLATE],
    ["one of both", { uri: "x://a", uriTemplate: "x://{a}", read: run }, TEMPLATE, TEMPLATE],
    ["a reader alone", { read: run }, undefined, "an object"],
    ["a URI alone", { uri: "x://a" }, undefined, "an object"],
    ["a template alone", { uriTemplate: "x://{a}" }, undefined, "an object"],
    [
      "a text in place of a function",
      { run: "a", read: "a", uri: "x://a" },
      undefined,
      "an object",
    ],
    ["a schema", Object.assign(Object.create(schema), { run }), undefined, "an object"],
    ["a schema of zod 3", Object.assign(z3.z.object({}), { run }), undefined, "an object"],
    ["undefined", undefined, undefined, "undefined"],
    ["null", null, undefined, "null"],
    ["an empty list", [], undefined, "an empty list"],
    ["a list", [1], undefined, "a list"],
    ["an empty set", new Set(), undefined, "an empty list"],
    ["a set", new Set([1]), undefined, "a list"],
    ["a map", new Map(), undefined, "an object"],
    ["a text", "run", undefined, "a string"],
    ["a number", 1, undefined, "a number"],
    ["a function", Object.assign(() => "", { run }), undefined, "a function"],
  ] as const
) {
  Deno.test(`${what} is told as ${words}`, () => {
    assertEquals([mistakeOf(value), describeValue(value)], [mistake, words]);
  });
}

for (
  const [what, value, expected] of [
    ["an object", {}, true],
    ["an object without prototype", Object.create(null), true],
    ["null", null, false],
    ["undefined", undefined, false],
    ["a text", "a", false],
    ["a function", run, false],
    ["a list", [], false],
    ["an instance of a class", new URL("x://a"), false],
    ["an object of another object", Object.create({}), false],
  ] as const
) {
  Deno.test(`${what} is ${expected ? "" : "not "}plain`, () => {
    assertEquals(isPlain(value), expected);
  });
}

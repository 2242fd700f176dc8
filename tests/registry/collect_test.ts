/** Features among the exports of a module, and what is said of the others. */
import { assertEquals } from "@std/assert";
import {
  definePrompt,
  defineResource,
  defineResourceTemplate,
  defineTool,
  group,
} from "../../lib/mod.ts";
import { collectFeatures } from "../../lib/registry/collect.ts";

const [one, two, three] = ["one", "two", "three"].map((name) =>
  defineTool({ name, description: "", run: () => "" })
) as [ReturnType<typeof defineTool>, ReturnType<typeof defineTool>, ReturnType<typeof defineTool>];
const motto = defineResource({ uri: "x://motto", name: "motto", read: () => "" });
const item = defineResourceTemplate({ uriTemplate: "x://{id}", name: "item", read: () => "" });
const remind = definePrompt({ name: "remind", run: () => "" });

const toolsOf = (exports: Record<string, unknown>) =>
  collectFeatures(exports).features.tools.map(({ name }) => name);

Deno.test("features of each kind are found wherever they stand, each once, in order", () => {
  const { features, unserved } = collectFeatures({
    two,
    list: [one, motto, [two, remind]],
    set: new Set([one, item]),
    map: new Map<string, unknown>([["a", three], ["b", remind]]),
    object: { item, inner: { motto }, list: [three], set: new Set([remind]) },
  });
  assertEquals(features, {
    tools: [two, one, three],
    resources: [motto],
    resourceTemplates: [item],
    prompts: [remind],
  });
  assertEquals(unserved, []);
});

Deno.test("a map is looked into wherever it stands", () => {
  const map = new Map([["one", one]]);
  assertEquals(toolsOf({ map }), ["one"]);
  assertEquals(toolsOf({ list: [map] }), ["one"]);
  assertEquals(toolsOf({ object: { map } }), ["one"]);
});

Deno.test("a group is served with what it holds, and not looked into", () => {
  const onlyTools = collectFeatures({ billing: group("billing", { tools: [one] }) });
  assertEquals(onlyTools.features.tools.map(({ name }) => name), ["billing_one"]);
  assertEquals(onlyTools.unserved, []);
  const inList = collectFeatures({
    all: [group("empty", {}), { billing: group("b", { prompts: [remind] }) }],
  });
  assertEquals(inList.features.prompts.map(({ name }) => name), ["b_remind"]);
  assertEquals(inList.unserved, []);
});

Deno.test("a feature that an object of a class is counts as one, and other members of an object do not", () => {
  class Custom {
    readonly name = "custom";
    readonly listing = {};
    call() {}
  }
  const all = { custom: new Custom(), count: 5, nothing: null, none: undefined, later: () => {} };
  const { features, unserved } = collectFeatures({ all });
  assertEquals(features.tools.map(({ name }) => name), ["custom"]);
  assertEquals(unserved, []);
});

for (
  const [what, value, unserved] of [
    ["a number", 5, [["it", "a number", false]]],
    ["null", null, [["it", "null", false]]],
    ["an empty list", [], [["it", "an empty list", false]]],
    ["a configuration", { port: 1, host: "h" }, [["it", "an object", false]]],
    ["an object of a class", new Date(0), [["it", "an object", false]]],
    ["a promise", Promise.resolve(one), [["it", "a promise; await it", true]]],
    ["a plain definition, with its lists", { name: "a", run: () => "", tags: ["t"] }, [
      ["it", "a plain definition; pass it to defineTool() or definePrompt()", true],
    ]],
    ["a list with other members", [one, 5, undefined, [7]], [
      ["it[1]", "a number", true],
      ["it[2]", "undefined", true],
      ["it[3][0]", "a number", true],
    ]],
    ["a set with other members", new Set([one, "text"]), [["it[1]", "a string", true]]],
    ["an object with members that hold nothing", { one, inner: { port: 1 }, list: [] }, [
      ["it.inner", "an object", true],
      ["it.list", "an empty list", true],
    ]],
  ] as const
) {
  Deno.test(`${what} among the exports is told with its place`, () => {
    const found = collectFeatures({ it: value }).unserved;
    assertEquals(
      found.map(({ path, what, isMistake }) => [path, what, isMistake]),
      unserved as never,
    );
  });
}

Deno.test("an export that cannot be read is told with what it threw, and the others are served", () => {
  const exports = {
    get early() {
      throw new TypeError("not yet");
    },
    get odd() {
      throw "a text";
    },
    nested: {
      one,
      get late() {
        throw new Error("too late");
      },
    },
    two,
  };
  const { features, unserved } = collectFeatures(exports);
  assertEquals(features.tools.map(({ name }) => name), ["two"]);
  const what = "something that throws when it is read";
  assertEquals(unserved, [
    { path: "early", what: `${what}: TypeError: not yet`, isMistake: true },
    { path: "odd", what: `${what}: a text`, isMistake: true },
    { path: "nested", what: `${what}: Error: too late`, isMistake: true },
  ]);
});

/** Which feature of the catalog answers for a URI, and what the catalog says of all its lists. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import {
  definePrompt,
  defineResource,
  defineResourceTemplate,
  defineTool,
  type Features,
} from "../../lib/mod.ts";
import { Catalog, type UnlistedReader } from "../../lib/registry/catalog.ts";
import { MAX_URI_LENGTH } from "../../lib/registry/uri.ts";
import { SEES_ALL, SEES_SERVED } from "../../lib/registry/visibility.ts";

const resource = (uri: string, more = {}) =>
  defineResource({ uri, name: uri, read: () => "", ...more });
const template = (uriTemplate: string, more = {}) =>
  defineResourceTemplate({ uriTemplate, name: uriTemplate, read: () => "", ...more });

/** Features of every kind, alike. */
function ofEachKind(more: object): Required<Features> {
  return {
    tools: [defineTool({ name: "tool", description: "", run: () => "", ...more })],
    resources: [resource("x://resource", more)],
    resourceTemplates: [template("y://{id}", more)],
    prompts: [definePrompt({ name: "prompt", run: () => "", ...more })],
  };
}

Deno.test("of equivalent resources each is found by its own text, and the first by any other", () => {
  const [one, other] = [resource("x://h/a"), resource("X://h/./a")];
  const catalog = new Catalog({ resources: [one, other] });
  assertStrictEquals(catalog.resource("x://h/a"), one);
  assertStrictEquals(catalog.resource("X://h/./a"), other);
  assertStrictEquals(catalog.resource("x://H/a"), one);
  assertEquals(catalog.resource("x://h/A"), undefined);
  catalog.resources.remove("x://h/a");
  assertStrictEquals(catalog.resource("x://H/a"), other);
});

Deno.test("a resource that is added while it is disabled is found by an equivalent URI, too", () => {
  const catalog = new Catalog();
  assertEquals(catalog.resource("X://h/a", SEES_ALL), undefined);
  const added = resource("x://h/a", { enabled: false });
  catalog.resources.add(added);
  assertStrictEquals(catalog.resource("X://h/a", SEES_ALL), added);
  assertEquals(catalog.resource("X://h/a", SEES_SERVED), undefined);
  assertEquals(catalog.resource("X://h/a"), undefined);
});

Deno.test("URIs of 8192 characters are compared by their normal form, longer ones by their text", () => {
  assertEquals(MAX_URI_LENGTH, 8_192);
  for (const [length, isFound] of [[8_192, true], [8_193, false]] as const) {
    const uri = "x://h/".padEnd(length, "a");
    const text = "y://h/{id}/".padEnd(length, "a");
    const [listed, fitting] = [resource(uri), template(text)];
    const catalog = new Catalog({ resources: [listed], resourceTemplates: [fitting] });
    const exact = [catalog.resource(uri), catalog.referenced(uri), catalog.referenced(text)];
    assertEquals(exact, [listed, listed, fitting]);
    const equivalent = [
      catalog.resource(uri.toUpperCase().replaceAll("A", "a").replace("H", "h")),
      catalog.referenced(text.replace("y:", "Y:")),
      catalog.referenced(uri.replace("x:", "X:")),
    ];
    assertEquals(equivalent, isFound ? [listed, fitting, listed] : Array(3).fill(undefined));
  }
});

Deno.test("a reference names a template by its text or a URI of it, a resource by its URI", () => {
  const [listed, first, second] = [
    resource("x://h/1"),
    template("x://h/{id}"),
    template("x://{+a}"),
  ];
  const catalog = new Catalog({ resources: [listed], resourceTemplates: [first, second] });
  for (
    const [uri, found] of [
      ["x://h/{id}", first],
      ["X://h/{id}", first],
      ["x://{+a}", second],
      ["x://h/1", listed],
      ["X://h/./1", listed],
      ["x://h/2", first],
      ["x://g/h/2", second],
      ["z://h", undefined],
    ] as const
  ) assertStrictEquals(catalog.referenced(uri), found, uri);
});

Deno.test("a URI is hidden if only a feature that its client does not see answers for it", () => {
  const catalog = new Catalog({
    resources: [resource("x://on"), resource("x://off", { enabled: false })],
    resourceTemplates: [
      template("y://on/{id}"),
      template("y://{id}/off", { enabled: false }),
    ],
  });
  const hidden = (uri: string) =>
    [undefined, SEES_SERVED, SEES_ALL].map((visibility) => catalog.isHidden(uri, visibility));
  for (const uri of ["x://off", "X://off/", "y://1/off"]) {
    assertEquals(hidden(uri), [true, true, false], uri);
  }
  for (const uri of ["x://on", "y://on/1", "y://on/off", "z://none"]) {
    assertEquals(hidden(uri), [false, false, false], uri);
  }
});

for (const kind of ["tools", "resources", "resourceTemplates", "prompts"] as const) {
  Deno.test(`a catalog of ${kind} alone is guarded by their scopes and switched by their tags`, () => {
    assertEquals(new Catalog({ [kind]: ofEachKind({})[kind] }).isGuarded, false);
    assertEquals(new Catalog({ [kind]: ofEachKind({ scopes: ["s"] })[kind] }).isGuarded, true);
    const catalog = new Catalog({ [kind]: ofEachKind({ tags: ["t"] })[kind] });
    const told: string[] = [];
    catalog.onChange((change) => told.push(change.kind));
    const changes = ["none", "t", "t"].map((tag) => catalog.disable({ tag }));
    assertEquals([changes, catalog[kind].size], [[false, true, false], 0]);
    assertEquals(["none", "t", "t"].map((tag) => catalog.enable({ tag })), [false, true, false]);
    assertEquals(catalog[kind].size, 1);
    const list = kind === "resourceTemplates" ? "resources" : kind;
    assertEquals(told, [list, list]);
  });
}

Deno.test("a catalog is guarded for as long as it has a feature that needs scopes", () => {
  const [guarded] = new Catalog(ofEachKind({ scopes: ["s"] })).tools.all();
  const catalog = new Catalog();
  const seen = [catalog.isGuarded];
  catalog.tools.add(guarded!);
  seen.push(catalog.isGuarded);
  catalog.tools.remove(guarded!.name);
  seen.push(catalog.isGuarded);
  assertEquals(seen, [false, true, false]);
});

Deno.test("an empty catalog is not guarded, and holds nothing", () => {
  const catalog = new Catalog();
  assertEquals([catalog.isGuarded, catalog.all(), catalog.unlisted], [false, [], []]);
});

Deno.test("the features with a tag that a client sees are told by list", () => {
  const catalog = new Catalog(ofEachKind({ tags: ["t"], enabled: false }));
  const none = { tools: "[]", resources: "[][]", prompts: "[]" };
  assertEquals(catalog.seenWith("t", { visibility: SEES_SERVED }), none);
  assertEquals(catalog.seenWith("other", { visibility: SEES_ALL }), none);
  assertEquals(catalog.seenWith("t", { visibility: SEES_ALL }), {
    tools: '["tool"]',
    resources: '["x://resource"]["y://{id}"]',
    prompts: '["prompt"]',
  });
});

Deno.test("all features are in the order of their kinds, also those that are disabled", () => {
  const features = ofEachKind({ enabled: false });
  const { tools, resources, resourceTemplates, prompts } = features;
  assertEquals(new Catalog(features).all(), [
    ...tools,
    ...resources,
    ...resourceTemplates,
    ...prompts,
  ] as never);
});

Deno.test("URIs that no feature answers for need the scopes of all readers, or none if one is open", () => {
  const reader = (scopes?: readonly string[]): UnlistedReader => ({
    ...(scopes !== undefined && { scopes }),
    read: () => undefined,
  });
  const readers = [reader(["a", "b"]), reader(["b", "c"]), reader([])];
  const catalog = new Catalog();
  const seen = readers.map((each) => {
    catalog.addUnlisted(each);
    return [catalog.unlistedScopes, catalog.isGuarded];
  });
  assertEquals(seen, [[["a", "b"], true], [["a", "b", "c"], true], [[], false]]);
  assertEquals(catalog.unlisted, readers);
  const guarded = new Catalog();
  guarded.addUnlisted(reader(["a"]));
  assertEquals([guarded.unlistedScopes, guarded.isGuarded], [["a"], true]);
  const open = new Catalog();
  open.addUnlisted(reader());
  assertEquals([open.unlistedScopes, open.isGuarded], [[], false]);
});

Deno.test("listeners are told of each change of a list or a resource, each until it stops", () => {
  const catalog = new Catalog();
  const told: unknown[] = [];
  const stop = catalog.onChange((change) => told.push(["one", change]));
  catalog.onChange((change) => told.push(["other", change]));
  catalog.listChanged("prompts");
  stop();
  catalog.resourceUpdated("x://a");
  catalog.resourceUpdated("x://a", { by: "me" });
  assertEquals(told, [
    ["one", { kind: "prompts" }],
    ["other", { kind: "prompts" }],
    ["other", { kind: "resource", uri: "x://a" }],
    ["other", { kind: "resource", uri: "x://a", meta: { by: "me" } }],
  ]);
});

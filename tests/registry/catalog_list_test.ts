/** One list of the catalog: its revisions, its tags, and who sees which of its items. */
import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "../deps/fast_check.ts";
import { ALL_SCOPES } from "../../lib/auth/scopes.ts";
import { ProtocolError, RegistrationError } from "../../lib/base/errors.ts";
import type { Guarded } from "../../lib/registry/access.ts";
import { CatalogList } from "../../lib/registry/catalog_list.ts";
import type { Serving } from "../../lib/registry/serving.ts";
import { SEES_ALL, SEES_SERVED } from "../../lib/registry/visibility.ts";

type Item = { readonly name: string } & Guarded & Serving;

function listOf(...items: readonly Item[]): CatalogList<Item> {
  const list = new CatalogList<Item>("thing", () => {});
  for (const item of items) list.add(item);
  return list;
}

Deno.test("each change makes a new revision and is told with what shifted, and nothing else is", () => {
  const told: unknown[] = [];
  const list = new CatalogList<Item>("thing", (shifts) => {
    told.push(shifts.map(({ feature, before, after }) => [(feature as Item).name, before, after]));
  });
  const shiftsOf = (change: () => unknown) => {
    const before = list.revision;
    change();
    assertEquals(list.revision, before + told.length);
    return told.splice(0);
  };
  for (const name of ["a", "b", "c"]) {
    const item = { name, tags: name === "b" ? [] : ["t"] };
    assertEquals(shiftsOf(() => list.add(item)), [[[name, undefined, true]]]);
  }
  const off = { name: "off", enabled: false };
  assertEquals(shiftsOf(() => list.add(off)), [[["off", undefined, false]]]);
  assertEquals(shiftsOf(() => list.enable("a")), []);
  assertEquals(shiftsOf(() => list.disable("off")), []);
  assertEquals(shiftsOf(() => list.disable({ tag: "t" })), [[["a", true, false], [
    "c",
    true,
    false,
  ]]]);
  assertEquals(shiftsOf(() => list.enable({ tag: "t" })), [[["a", false, true], [
    "c",
    false,
    true,
  ]]]);
  assertEquals(shiftsOf(() => list.remove("none")), []);
  assertEquals(shiftsOf(() => list.remove("off")), [[["off", false, undefined]]]);
  assertEquals(shiftsOf(() => list.remove("a")), [[["a", true, undefined]]]);
});

for (
  const [first, second, origins] of [
    [undefined, undefined, ""],
    ["group a", undefined, ", by one of group a; the other is of the app itself"],
    [undefined, "group b", ", by one of the app itself; the other is of group b"],
    ["group a", "group b", ", by one of group a; the other is of group b"],
  ] as const
) {
  Deno.test(`a taken name is refused with the origins ${first} and ${second}`, () => {
    const item = (origin?: string): Item => ({
      name: "a",
      ...(origin !== undefined && { origin }),
    });
    for (const enabled of [true, false]) {
      const list = listOf({ ...item(first), enabled });
      const { message } = assertThrows(() => list.add(item(second)), RegistrationError);
      assertEquals(message, `Cannot serve thing "a": the name is taken${origins}`);
      assertEquals([...list.names()], ["a"]);
    }
  });
}

Deno.test("the access of a list names the scopes that decide what callers see, without doubles", () => {
  const open = { viewScopes: [], isGuarded: false };
  assertEquals(listOf().access, open);
  assertEquals(listOf({ name: "a" }, { name: "b", scopes: [] }).access, open);
  const forAll = { name: "all", scopes: ["x"], isListedForAll: true };
  assertEquals(listOf(forAll).access, { viewScopes: [], isGuarded: true });
  const list = listOf(
    forAll,
    { name: "b", scopes: ["c", "b"] },
    { name: "c", scopes: ["a", "b"], isListedForAll: false },
  );
  assertEquals(list.access, { viewScopes: ["a", "b", "c"], isGuarded: true });
  list.add({ name: "d", scopes: ["d"], enabled: false });
  assertEquals(list.access.viewScopes, ["a", "b", "c", "d"], "a session may see it");
  list.remove("d");
  assertEquals(list.access.viewScopes, ["a", "b", "c"]);
});

Deno.test("callers share a view of a list where their scopes make no difference", () => {
  const granted = [undefined, [], ["a"], ["b"], ["a", "b"], ["b", "a", "c"], ALL_SCOPES];
  const viewsOf = (list: CatalogList<Item>) => {
    const views = granted.map((scopes) => list.viewOf({ granted: scopes }));
    return views.map((view) => views.indexOf(view));
  };
  const open = listOf({ name: "a" }, { name: "b", scopes: ["a"], isListedForAll: true });
  assertEquals(viewsOf(open), [0, 0, 0, 0, 0, 0, 0]);
  const guarded = listOf({ name: "a", scopes: ["a"] }, { name: "b", scopes: ["b"] });
  assertEquals(viewsOf(guarded), [0, 0, 2, 3, 4, 4, 6]);
});

Deno.test("the view of a session that shows or hides anything is its own", () => {
  const list = listOf({ name: "a", scopes: ["a"] });
  const keys = [undefined, SEES_ALL, SEES_SERVED].flatMap((visibility) =>
    [["a"], []].map((granted) => list.viewOf({ granted, visibility }))
  );
  assertEquals(new Set(keys).size, keys.length);
});

Deno.test("property: callers with the same view see the same items", () => {
  const scope = fc.constantFrom("a", "b", "c");
  const item = fc.record({ scopes: fc.uniqueArray(scope), isListedForAll: fc.boolean() });
  const granted = fc.oneof(
    fc.uniqueArray(scope),
    fc.constantFrom<(readonly string[] | undefined)[]>(undefined, ALL_SCOPES),
  );
  fc.assert(fc.property(fc.array(item, { maxLength: 4 }), granted, granted, (items, one, other) => {
    const list = listOf(...items.map((each, index) => ({ name: `${index}`, ...each })));
    const [mine, others] = [one, other].map((scopes) => ({
      view: list.viewOf({ granted: scopes }),
      names: [...list.visibleTo({ granted: scopes })].map(({ name }) => name).join(),
    }));
    if (mine!.names !== others!.names) assertNotEquals(mine!.view, others!.view);
  }));
});

Deno.test("a list says which of the items with a tag a client sees", () => {
  const list = listOf({ name: "a" }, { name: "b", tags: ["s", "t"], enabled: false }, {
    name: "c",
    tags: ["t"],
  });
  const seen = (tag: string) =>
    [SEES_SERVED, SEES_ALL].map((visibility) => list.seenWith(tag, { visibility }));
  assertEquals(seen("t"), ['["c"]', '["b","c"]']);
  assertEquals(seen("s"), ["[]", '["b"]']);
  assertEquals(seen("u"), ["[]", "[]"]);
});

Deno.test("a list finds what its client sees by name, and counts what is served", () => {
  const list = listOf({ name: "on" }, { name: "off", enabled: false });
  const find = (name: string) =>
    [undefined, SEES_SERVED, SEES_ALL].map((visibility) => list.find(name, visibility)?.name);
  assertEquals(find("on"), ["on", "on", "on"]);
  assertEquals(find("off"), [undefined, undefined, "off"]);
  assertEquals(find("none"), [undefined, undefined, undefined]);
  assertEquals([list.size, list.get("off"), [...list.names()]], [1, undefined, ["on", "off"]]);
  assertEquals([...list.values()].map(({ name }) => name), ["on"]);
  assertEquals([...list.all()].map(({ name }) => name), ["on", "off"]);
  assertEquals(["on", "off", "on", "none"].map((name) => list.remove(name)), [
    true,
    true,
    false,
    false,
  ]);
});

Deno.test("no cursor names the last item of a list, nor one that was never there", () => {
  const list = listOf({ name: "a" });
  for (const place of [1, 2]) {
    assertThrows(() => list.page(btoa(`thing ${place}`), 1), ProtocolError, '"cursor"');
  }
  list.add({ name: "b" });
  assertEquals(list.page(btoa("thing 1"), 1), { items: [{ name: "b" }] });
  assertThrows(() => list.page(btoa("thing 2"), 1), ProtocolError, '"cursor"');
});

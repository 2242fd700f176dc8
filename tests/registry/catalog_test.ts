import { assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "../deps/fast_check.ts";
import { ProtocolError, RegistrationError } from "../../lib/base/errors.ts";
import { Catalog } from "../../lib/registry/catalog.ts";
import { CatalogList } from "../../lib/registry/catalog_list.ts";
import { BUILT_IN_TOOLS } from "../../lib/tools/mod.ts";
import { rpc, testApp } from "../helpers/app.ts";
import { toolThat } from "../helpers/tools.ts";

function listOf(...names: string[]): CatalogList<{ name: string }> {
  const list = new CatalogList<{ name: string }>("thing", () => {});
  for (const name of names) list.add({ name });
  return list;
}

function namesOf({ items }: { items: readonly { name: string }[] }): string[] {
  return items.map(({ name }) => name);
}

Deno.test("two tools of one name are refused at start, with the name", () => {
  const twice = [toolThat(() => "", "same"), toolThat(() => "", "same")];
  const error = assertThrows(() => new Catalog({ tools: twice }), RegistrationError);
  assertStringIncludes(error.message, 'tool "same": the name is taken');
});

Deno.test("`page()` gives everything on one page that is large enough, without a cursor", () => {
  const list = listOf("a", "b", "c");
  assertEquals(list.page(undefined, 3), { items: [{ name: "a" }, { name: "b" }, { name: "c" }] });
  assertEquals(listOf().page(undefined, 3), { items: [] });
});

Deno.test("property: following the cursors gives every item once, in order, whatever the page size", () => {
  fc.assert(fc.property(fc.nat({ max: 60 }), fc.integer({ min: 1, max: 20 }), (count, size) => {
    const names = Array.from({ length: count }, (_, index) => `n${index}`);
    const list = listOf(...names);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = list.page(cursor, size);
      seen.push(...namesOf(page));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    assertEquals(seen, names);
  }));
});

Deno.test("a cursor survives additions: what is added later comes later", () => {
  const list = listOf("a", "b", "c");
  const { nextCursor } = list.page(undefined, 2);
  list.add({ name: "d" });
  assertEquals(namesOf(list.page(nextCursor, 10)), ["c", "d"]);
});

Deno.test("a cursor survives removals, also of the item it was made from", () => {
  const list = listOf("a", "b", "c", "d", "e");
  const { nextCursor } = list.page(undefined, 2);
  list.remove("a");
  list.remove("b");
  list.remove("d");
  assertEquals(namesOf(list.page(nextCursor, 10)), ["c", "e"]);
});

Deno.test("a cursor whose list has ended meanwhile gives an empty page", () => {
  const list = listOf("a", "b", "c");
  const { nextCursor } = list.page(undefined, 2);
  list.remove("c");
  assertEquals(list.page(nextCursor, 10), { items: [] });
});

Deno.test("an item that is removed and added again is at the end, and seen at most twice", () => {
  const list = listOf("a", "b", "c");
  const { nextCursor } = list.page(undefined, 2);
  list.remove("b");
  list.add({ name: "b" });
  assertEquals(namesOf(list.page(nextCursor, 10)), ["c", "b"]);
});

Deno.test("property: what stays in the list is given once, whatever comes and goes meanwhile", () => {
  const change = fc.record({
    add: fc.option(fc.nat({ max: 30 })),
    remove: fc.option(fc.nat({ max: 30 })),
  });
  fc.assert(fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
    const list = listOf(...Array.from({ length: 10 }, (_, index) => `n${index}`));
    const touched = new Set<string>();
    const seen: string[] = [];
    let cursor: string | undefined;
    let step = 0;
    do {
      const page = list.page(cursor, 3);
      seen.push(...namesOf(page));
      cursor = page.nextCursor;
      const { add, remove } = changes[step++] ?? {};
      for (const number of [add, remove]) {
        if (number !== null && number !== undefined) touched.add(`n${number}`);
      }
      if (typeof add === "number" && list.get(`n${add}`) === undefined) {
        list.add({ name: `n${add}` });
      }
      if (typeof remove === "number") list.remove(`n${remove}`);
    } while (cursor !== undefined);
    for (let index = 0; index < 10; index++) {
      const name = `n${index}`;
      if (touched.has(name)) continue;
      assertEquals(seen.filter((each) => each === name).length, 1, name);
    }
  }));
});

const foreign = new CatalogList<{ name: string }>("other", () => {});
["a", "b"].forEach((name) => foreign.add({ name }));

for (
  const [name, cursor] of [
    ["a number", 3],
    ["null", null],
    ["an object", {}],
    ["the empty text", ""],
    ["text that is not base64", "!!!"],
    ["base64 of nothing known", btoa("something")],
    ["a place that never was", btoa("thing 99")],
    ["place 0", btoa("thing 0")],
    ["a negative place", btoa("thing -1")],
    ["a broken place", btoa("thing 1.5")],
    ["another list's cursor", foreign.page(undefined, 1).nextCursor],
    ["a very long text", "QUFB".repeat(10_000)],
  ] as const
) {
  Deno.test(`\`page()\` refuses ${name} as a cursor`, () => {
    const error = assertThrows(() => listOf("a", "b", "c").page(cursor, 1), ProtocolError);
    assertInstanceOf(error, ProtocolError);
    assertEquals(error.kind, "invalid_params");
    assertStringIncludes(error.message, '"cursor"');
  });
}

Deno.test("tools/list pages as the setting says, and a bad cursor is -32602", async () => {
  using app = testApp({ settings: { MCP_PAGE_SIZE: 3 } });
  const list = async (cursor?: unknown) => {
    const params = cursor === undefined ? {} : { cursor };
    const response = await app.post("/mcp", rpc("tools/list", params), {
      accept: "application/json",
    });
    return (await response.json());
  };
  const first = (await list()).result;
  const second = (await list(first.nextCursor)).result;
  assertEquals([first.tools.length, "nextCursor" in second], [3, false]);
  assertEquals(
    [...first.tools, ...second.tools].map(({ name }) => name),
    BUILT_IN_TOOLS.map(({ name }) => name),
  );
  assertEquals((await list("bad")).error.code, -32602);
});

Deno.test("`onChange()` tells every change of a list until it is stopped", () => {
  const catalog = new Catalog();
  const told: unknown[] = [];
  const stop = catalog.onChange((change) => {
    const shifts = "shifts" in change ? change.shifts : undefined;
    const seen = shifts?.map(({ feature, before, after }) => [feature.tags, before, after]);
    told.push(seen === undefined ? change : [change.kind, ...seen]);
  });
  catalog.tools.add(toolThat(() => ""));
  catalog.tools.remove("subject");
  catalog.tools.remove("subject");
  catalog.resourceUpdated("file:///a");
  stop();
  catalog.tools.add(toolThat(() => ""));
  assertEquals(told, [
    ["tools", [[], undefined, true]],
    ["tools", [[], true, undefined]],
    { kind: "resource", uri: "file:///a" },
  ]);
});

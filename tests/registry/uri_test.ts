import { assertEquals } from "@std/assert";
import fc from "../deps/fast_check.ts";
import { normalizeUri } from "../../lib/registry/uri.ts";
import { UriSet } from "../../lib/registry/uri_set.ts";
import { defineResource } from "../../lib/mod.ts";
import { isUri } from "../../lib/registry/uri.ts";
import { rpc, testApp } from "../helpers/app.ts";

const EQUAL: readonly (readonly [string, string])[] = [
  ["lifeline://motto", "LIFELINE://Motto/"],
  ["http://Example.com:80/a", "HTTP://example.com/a"],
  ["https://example.com", "https://example.com:443/"],
  ["https://example.com:/a", "https://example.com/a"],
  ["https://User@Example.com/", "https://User@example.com"],
  ["x://h/%7euser/%c3%9f", "x://h/~user/%C3%9F"],
  ["x://h/größe", "x://h/gr%C3%B6%C3%9Fe"],
  ["x://h/a b", "x://h/a%20b"],
  ["x://h/a/./b/../c", "x://h/a/c"],
  ["x://h/a/..", "x://h/"],
  ["x://h/../../a", "x://h/a"],
  ["file://localhost/a", "file:///a"],
  ["URN:Example:a", "urn:example:a"],
  ["x://h/%2e%2e/a", "x://h/a"],
  ["file:/a/./b", "file:/a/b"],
];
const DIFFERENT: readonly (readonly [string, string])[] = [
  ["x://h/a", "x://h/A"],
  ["x://h/a", "x://h/a/"],
  ["x://h/a%2Fb", "x://h/a/b"],
  ["x://h/a?b", "x://h/a"],
  ["x://h/a#b", "x://h/a"],
  ["x://h:8080/", "x://h/"],
  ["https://example.com:80/", "https://example.com/"],
  ["https://user@example.com/", "https://User@example.com/"],
  ["urn:example:a", "urn:example:A"],
  ["x://h/a+b", "x://h/a%20b"],
];

for (const [a, b] of EQUAL) {
  Deno.test(`${a} and ${b} are equivalent`, () => {
    assertEquals(normalizeUri(a), normalizeUri(b));
  });
}

for (const [a, b] of DIFFERENT) {
  Deno.test(`${a} and ${b} are not equivalent`, () => {
    assertEquals(normalizeUri(a) === normalizeUri(b), false);
  });
}

for (
  const [uri, normal] of [
    ["HTTP://User@Example.com:80/a/b/..?Q#F", "http://User@example.com/a/?Q#F"],
    ["x://h/a/b/.", "x://h/a/b/"],
    ["x://h/a/./b/../c/.d", "x://h/a/c/.d"],
    ["x://h/..", "x://h/"],
    ["x://h/a//b", "x://h/a//b"],
    ["x://H%c3%9f/%7E%c3%9F", "x://h%C3%9F/~%C3%9F"],
    ["URN:Example:A", "urn:example:A"],
    ["mailto:a/../b", "mailto:a/../b"],
    ["file:/a/../b", "file:/b"],
    ["FILE://LocalHost/a", "file:///a"],
    ["file://host/a", "file://host/a"],
    ["x://localhost/a", "x://localhost/a"],
    ["no uri /../%7e", "no%20uri%20/../~"],
  ] as const
) {
  Deno.test(`the normal form of ${uri} is ${normal}`, () => {
    assertEquals(normalizeUri(uri), normal);
  });
}

Deno.test("property: a normal form is a normal form of itself, and a URI where it was one", () => {
  const text = fc.oneof(fc.webUrl({ withQueryParameters: true, withFragments: true }), fc.string());
  fc.assert(fc.property(text, (uri) => {
    const normal = normalizeUri(uri);
    assertEquals(normalizeUri(normal), normal);
    if (isUri(uri)) assertEquals(isUri(normal), true);
  }));
});

Deno.test("a resource is read by each URI that is equivalent to its own", async () => {
  const resource = defineResource({ uri: "acme://Docs/a%20b", name: "ab", read: (uri) => uri });
  const other = defineResource({ uri: "acme://docs/other", name: "other", read: () => "other" });
  using app = testApp({ resources: [resource, other] });
  const read = async (uri: string) => {
    const response = await app.post("/mcp", rpc("resources/read", { uri }), {
      accept: "application/json",
    });
    return await response.json();
  };
  for (const uri of ["acme://Docs/a%20b", "ACME://docs/a b", "acme://docs/x/../%61%20b"]) {
    const [contents] = (await read(uri)).result.contents;
    assertEquals([contents.text, contents.uri], ["acme://Docs/a%20b", "acme://Docs/a%20b"], uri);
  }
  assertEquals((await read("acme://docs/A%20b")).error.code, -32002);
  app.catalog.resources.remove("acme://Docs/a%20b");
  assertEquals((await read("ACME://docs/a b")).error.code, -32002);
});

Deno.test("a `UriSet` has one member for equivalent URIs, and keeps the text of the first", () => {
  const uris = new UriSet(["x://H/a", "x://h/a/../a", "x://h/b"]);
  assertEquals([uris.size, [...uris]], [2, ["x://H/a", "x://h/b"]]);
  assertEquals([uris.has("X://h/a"), uris.has("x://h/A")], [true, false]);
  uris.delete("X://h/%61");
  assertEquals([...uris], ["x://h/b"]);
});

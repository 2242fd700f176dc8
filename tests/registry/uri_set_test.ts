/** Sets of URIs: which URIs are members, and which are sub-resources of a member. */
import { assertEquals } from "@std/assert";
import { UriSet } from "../../lib/registry/uri_set.ts";

const covered = (member: string, uris: readonly string[]) =>
  uris.filter((uri) => new UriSet([member]).covers(uri));

Deno.test("a set covers a member and all that continues it at a boundary of its path", () => {
  const inside = [
    "file:///home/ada",
    "file:///home/ada/",
    "file:///home/ada/notes.txt",
    "file:///home/ada/a/b/c",
    "file:///home/ada?version=2",
    "file:///home/ada#part",
    "file:///home/ada/a?x#y",
    "FILE://localhost/home/./ada/notes.txt",
    "file:///home/%61da/notes.txt",
  ];
  assertEquals(covered("file:///home/ada", inside), inside);
});

Deno.test("a set covers no sibling, no parent, no other scheme and no other authority", () => {
  const outside = [
    "file:///home/adam",
    "file:///home/ada.txt",
    "file:///home/ada%2Fnotes",
    "file:///home",
    "file:///",
    "file:///home/ada/../bob/notes.txt",
    "files:///home/ada/notes.txt",
    "file://elsewhere/home/ada/notes.txt",
    "note:///x?of=file:///home/ada/notes.txt",
    "note:///x#file:///home/ada/notes.txt",
  ];
  assertEquals(covered("file:///home/ada", outside), []);
});

Deno.test("the root of an authority covers all of it, and a scheme alone nothing", () => {
  const uris = ["db://one/t/1", "db://one", "db://two/t/1", "db:x"];
  assertEquals(covered("db://one", uris), ["db://one/t/1", "db://one"]);
  assertEquals(covered("db:", uris), []);
  assertEquals(covered("db:x", ["db:x/y", "db:x?y", "db:xy", "db:/x/y"]), ["db:x/y", "db:x?y"]);
});

Deno.test("a folder with a slash covers what is in it, but not the file of the same name", () => {
  assertEquals(covered("a:///b/", ["a:///b/c", "a:///b/", "a:///b", "a:///b?c"]), [
    "a:///b/c",
    "a:///b/",
  ]);
});

Deno.test("a member with a query covers only its own fragments", () => {
  assertEquals(covered("a:///b?c=1", ["a:///b?c=1#d", "a:///b?c=12", "a:///b?c=1/d", "a:///b"]), [
    "a:///b?c=1#d",
  ]);
});

Deno.test("a set covers nothing of text that is no URI but the same text", () => {
  assertEquals(covered("no uri", ["no uri", "no uri/a"]), ["no uri"]);
});

Deno.test("a very deep URI is found below its root", () => {
  const deep = `a:///b${"/c".repeat(50_000)}`;
  assertEquals(new UriSet(["a:///b"]).covers(deep), true);
  assertEquals(new UriSet(["a:///d"]).covers(deep), false);
});

Deno.test("a scheme alone covers no absolute path", () => {
  assertEquals(covered("db:", ["db:/x/y", "db:/"]), []);
  assertEquals(covered("db:/", ["db:/x/y", "db:/x?y", "db:x"]), ["db:/x/y", "db:/x?y"]);
});

Deno.test("marks within a query or a fragment end no parent", () => {
  const uris = ["a:///b?c#d?e/f#g", "a:///b?c?d/e", "a:///b#c?d", "a:///b#c/d"];
  assertEquals(covered("a:///b", uris), uris);
  for (const member of ["a:///b?c#d?e", "a:///b?c#d", "a:///b?c?d", "a:///b#c"]) {
    assertEquals(covered(member, uris), [], member);
  }
  assertEquals(covered("a:///b?c", uris), ["a:///b?c#d?e/f#g"]);
});

Deno.test("a sub-resource is looked for at 200 levels of its path", () => {
  const uri = `a://${"/b".repeat(300)}`;
  const isCovered = (member: string) => new UriSet([member]).covers(uri);
  // The root is the first level.
  assertEquals(isCovered(`a://${"/b".repeat(199)}`), true);
  assertEquals(isCovered(`a://${"/b".repeat(199)}/`), true);
  assertEquals(isCovered(`a://${"/b".repeat(200)}`), false);
});

Deno.test("a set tells each URI that comes and goes, once, as it was added", () => {
  const uris = new UriSet(["a:///a", "a:///b"]);
  const told: [string, boolean][] = [];
  uris.onChange = (uri, isMember) => void told.push([uri, isMember]);
  uris.add("A:///c");
  uris.add("a:///c");
  uris.delete("a:///x/../c");
  uris.delete("a:///c");
  assertEquals(told.splice(0), [["A:///c", true], ["A:///c", false]]);
  uris.replace(["a:///d", "A:///b", "a:///e", "a:///d"]);
  assertEquals(told, [["a:///a", false], ["a:///d", true], ["a:///e", true]]);
  assertEquals([...uris], ["a:///b", "a:///d", "a:///e"]);
});

Deno.test("an empty set has nothing and covers nothing", () => {
  const uris = new UriSet();
  assertEquals([uris.size, uris.has("a:///b"), uris.covers("a:///b/c")], [0, false, false]);
});

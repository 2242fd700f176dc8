import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "../deps/fast_check.ts";
import { RegistrationError } from "../../lib/base/errors.ts";
import { UriTemplate } from "../../lib/registry/uri_template.ts";

const MATCHES: readonly (readonly [string, string, Record<string, unknown> | undefined])[] = [
  ["users://{id}/profile", "users://ada/profile", { id: "ada" }],
  ["users://{id}/profile", "users://Ada/profile", { id: "Ada" }],
  ["users://{id}/profile", "users://a%20b/profile", { id: "a b" }],
  ["users://{id}/profile", "users://a b/profile", { id: "a b" }],
  ["users://{id}/profile", "users://%61d%61/profil%65", { id: "ada" }],
  ["users://{id}/profile", "USERS://ada/profile", { id: "ada" }],
  ["users://{id}/profile", "users://ada/Profile", undefined],
  ["users://{id}/profile", "users://a/b/profile", undefined],
  ["users://{id}/profile", "users://a%2Fb/profile", { id: "a/b" }],
  ["users://{id}/profile", "users://%ff/profile", undefined],
  ["users://{id}/profile", "users:///profile", { id: "" }],
  ["users://{id}/profile", "users://ada@example.com/profile", { id: "ada@example.com" }],
  ["users://{id}/profile", "users://it's(a)test!*/profile", { id: "it's(a)test!*" }],
  ["users://{id}/profile", "users://gr%C3%B6%C3%9Fe/profile", { id: "größe" }],
  ["users://{id}/profile", "users://größe/profile", { id: "größe" }],
  ["users://größe/{id}", "users://gr%c3%b6%C3%9fe/1", { id: "1" }],
  ["users://{id}/profile", "users://100%/profile", { id: "100%" }],
  ["https://Example.com/{id}", "HTTPS://example.COM:443/x", { id: "x" }],
  ["https://example.com/{id}", "https://example.com:8443/x", undefined],
  ["file:///notes/{name}", "file://localhost/notes/a", { name: "a" }],
  ["file:///Notes/{name}", "file:///notes/a", undefined],
  ["x://s/{tags}", "x://s/a,b", { tags: "a,b" }],
  ["x://s/{list*}", "x://s/a,b", { list: ["a", "b"] }],
  ["x://s/{a,b}", "x://s/1,2", { a: "1", b: "2" }],
  ["x://s/{a,b}", "x://s/1", { a: "1", b: "" }],
  ["x://s/{a,b}", "x://s/1,2,3", { a: "1", b: "2,3" }],
  ["x://s/{name}.{ext}", "x://s/a.tar.gz", { name: "a.tar", ext: "gz" }],
  ["x://s/{a}{b}", "x://s/12", { a: "12", b: "" }],
  ["x://s/{a*,b}", "x://s/1,2,3", { a: ["1", "2"], b: "3" }],
  ["x://s/{a}/{a*}", "x://s/1,2/1,2", { a: "1,2" }],
  ["x://s/{a}/{a*}", "x://s/1,2/1,3", undefined],
  ["x://s/{a}{;b}", "x://s/1;b=2", { a: "1", b: "2" }],
  ["x://s/{a}B", "x://s/1B", { a: "1" }],
  ["x://s/{a}B", "x://s/1b", undefined],
  ["x://s/{id:3}{rest}", "x://s/abcdef", { id: "abc", rest: "def" }],
  ["x://s/{id:3}", "x://s/abc", { id: "abc" }],
  ["x://s/{id:3}", "x://s/abcd", undefined],
  ["x://s/{id:2}{rest}", "x://s/%C3%9F%E2%82%AC%F0%9F%98%80", { id: "ß€", rest: "😀" }],
  ["x://s/{id:1}/{id}", "x://s/a/ada", { id: "ada" }],
  ["x://s/{id:1}/{id}", "x://s/b/ada", undefined],
  ["x://s/{id}/{id}", "x://s/ada/ada", { id: "ada" }],
  ["x://s/{id}/{id}", "x://s/a/ada", undefined],
  ["x://s/{+path}", "x://s/a/b?c=d#e", { path: "a/b?c=d#e" }],
  ["x://s/{+path}/end", "x://s/a/b/end", { path: "a/b" }],
  ["x://s{#part}", "x://s#top", { part: "top" }],
  ["x://s{#part}", "x://s", {}],
  ["x://s{#x,y}", "x://s#1,2", { x: "1", y: "2" }],
  ["file:///parts{/part*}", "file:///parts/a", { part: ["a"] }],
  ["file:///parts{/part*}", "file:///parts/a/b%20c", { part: ["a", "b c"] }],
  ["file:///parts{/part*}", "file:///parts", { part: [] }],
  ["file:///parts{/part*}", "file:///parts/a/../b", undefined],
  ["file:///parts{/part*}", "file:///parts/a/%2e%2E/b", undefined],
  ["file:///parts{/part*}", "file:///parts/a%2Fb", undefined],
  ["x://s{/a}", "x://s/1", { a: "1" }],
  ["x://s{/a}", "x://s/1/2", undefined],
  ["x://s{/a,b}", "x://s/1/2", { a: "1", b: "2" }],
  ["x://s{/a,b}", "x://s/1", { a: "1" }],
  ["x://s{/a}{/b}", "x://s/1/2", { a: "1", b: "2" }],
  ["x://s{/a,rest*}", "x://s/1/2/3", { a: "1", rest: ["2", "3"] }],
  ["x://s{/a*}/end", "x://s/1/2/end", { a: ["1", "2"] }],
  ["x://s/r{/a*}", "x://s/r/", { a: [] }],
  ["x://s/r{/a*}", "x://s/r//", { a: ["", ""] }],
  ["x://s/r{/a*}", "x://s/r//1", { a: ["", "1"] }],
  ["x://s{.ext*}", "x://s.tar.gz", { ext: ["tar", "gz"] }],
  ["x://s/n{.ext}", "x://s/n.tar.gz", { ext: "tar.gz" }],
  ["x://s/n{.ext}", "x://s/n", {}],
  ["x://s/n{.a,b}", "x://s/n.1.2", { a: "1", b: "2" }],
  ["x://s{;list*}", "x://s;list=a;list=b", { list: ["a", "b"] }],
  ["x://s{;x,y,none}", "x://s;x=1;y=2;none", { x: "1", y: "2", none: "" }],
  ["x://s{;x,y}", "x://s;y=2", { y: "2" }],
  ["x://s{;x}{;y}", "x://s;y=2;x=1", { x: "1", y: "2" }],
  ["x://s{?list*}", "x://s?list=a&list=b", { list: ["a", "b"] }],
  ["x://s{?list*}", "x://s", { list: [] }],
  ["x://s{?list}", "x://s?list=a,b", { list: "a,b" }],
  ["x://s{?keys*}", "x://s?a=1&b=2", { keys: ["a=1", "b=2"] }],
  ["x://s/{keys*}", "x://s/a=1,b=2", { keys: ["a=1", "b=2"] }],
  ["x://{a}{?q,lang}", "x://1?q=2&lang=3", { a: "1", q: "2", lang: "3" }],
  ["acme://products{?page,limit}", "acme://products", {}],
  ["acme://products{?page,limit}", "acme://products/", {}],
  ["acme://products{?page,limit}", "acme://products?page=2", { page: "2" }],
  ["acme://products{?page,limit}", "acme://products?limit=10", { limit: "10" }],
  ["acme://products{?page,limit}", "acme://products?limit=10&page=2", { page: "2", limit: "10" }],
  ["acme://products{?page,limit}", "acme://products/?page=2", { page: "2" }],
  ["acme://products{?page,limit}", "acme://products?page=", { page: "" }],
  ["acme://products{?page,limit}", "acme://products?page", { page: "" }],
  ["acme://products{?page,limit}", "acme://products?other=1", undefined],
  ["acme://products{?page,limit}", "acme://products?page=1&page=2", undefined],
  ["acme://products{?page}", "acme://products?page=a%26b%3Dc", { page: "a&b=c" }],
  ["acme://products{?page}", "acme://products?page=a/b:c", { page: "a/b:c" }],
  ["acme://products{?user.name}", "acme://products?user.name=ada", { "user.name": "ada" }],
  ["x://s?fixed=1{&page}", "x://s?fixed=1&page=2", { page: "2" }],
  ["x://s?fixed=1{&page}", "x://s?fixed=1", {}],
  ["x://s/r{?a}{&b}", "x://s/r?b=2&a=1", { a: "1", b: "2" }],
  ["x://s/r{?a}{&b}", "x://s/r&b=2", { b: "2" }],
  ["x://s/r{&a}{&b}", "x://s/r&b=2&a=1", { a: "1", b: "2" }],
  ["x://s/{a}{&b}", "x://s/1&b=2", { a: "1", b: "2" }],
  ["x://s{?q}{#part}", "x://s?q=1#top", { q: "1", part: "top" }],
  ["{+base}/index", "x://s/index", { base: "x://s" }],
  ["urn:isbn:{id}", "URN:ISBN:0451450523", { id: "0451450523" }],
];

for (const [template, uri, variables] of MATCHES) {
  Deno.test(`${template} ${variables === undefined ? "does not match" : "matches"} ${uri}`, () => {
    assertEquals(new UriTemplate(template, "test").match(uri), variables);
  });
}

/** RFC 6570, section 3.2, with the variables that section 3.2.1 defines. */
const EXPANSIONS: readonly (readonly [string, string, Record<string, unknown>])[] = [
  ["{var}", "value", { var: "value" }],
  ["{hello}", "Hello%20World%21", { hello: "Hello World!" }],
  ["{half}", "50%25", { half: "50%" }],
  ["O{empty}X", "OX", { empty: "" }],
  ["{x,y}", "1024,768", { x: "1024", y: "768" }],
  ["{x,hello,y}", "1024,Hello%20World%21,768", { x: "1024", hello: "Hello World!", y: "768" }],
  ["?{x,empty}", "?1024,", { x: "1024", empty: "" }],
  ["{var:3}", "val", { var: "val" }],
  ["{var:30}", "value", { var: "value" }],
  ["{list}", "red,green,blue", { list: "red,green,blue" }],
  ["{list*}", "red,green,blue", { list: ["red", "green", "blue"] }],
  ["{keys}", "semi,%3B,dot,.,comma,%2C", { keys: "semi,;,dot,.,comma,," }],
  ["{keys*}", "semi=%3B,dot=x,comma=%2C", { keys: ["semi=;", "dot=x", "comma=,"] }],
  ["{+hello}", "Hello%20World!", { hello: "Hello World!" }],
  ["{+path}/here", "/foo/bar/here", { path: "/foo/bar" }],
  ["here?ref={+path}", "here?ref=/foo/bar", { path: "/foo/bar" }],
  ["up{+path}{var}/here", "up/foo/barvalue/here", { path: "/foo/barvalue", var: "" }],
  ["{+path:6}/here", "/foo/b/here", { path: "/foo/b" }],
  ["{+list*}", "red,green,blue", { list: ["red", "green", "blue"] }],
  ["{#x,hello,y}", "#1024,Hello%20World!,768", { x: "1024", hello: "Hello World!", y: "768" }],
  ["foo{#empty}", "foo#", { empty: "" }],
  ["foo{#undef}", "foo", {}],
  ["{#list*}", "#red,green,blue", { list: ["red", "green", "blue"] }],
  ["X{.var}", "X.value", { var: "value" }],
  ["X{.empty}", "X.", { empty: "" }],
  ["{.half,who}", ".50%25.fred", { half: "50%", who: "fred" }],
  ["X{.var:3}", "X.val", { var: "val" }],
  ["X{.list*}", "X.red.green.blue", { list: ["red", "green", "blue"] }],
  ["X{.empty_keys}", "X", {}],
  ["{/var,x}/here", "/value/1024/here", { var: "value", x: "1024" }],
  ["{/var,empty}", "/value/", { var: "value", empty: "" }],
  ["{/var:1,var}", "/v/value", { var: "value" }],
  ["{;x,y,empty}", ";x=1024;y=768;empty", { x: "1024", y: "768", empty: "" }],
  ["{;v,bar,who}", ";v=6;who=fred", { v: "6", who: "fred" }],
  ["{;hello:5}", ";hello=Hello", { hello: "Hello" }],
  ["{;list*}", ";list=red;list=green;list=blue", { list: ["red", "green", "blue"] }],
  ["{?x,y,empty}", "?x=1024&y=768&empty=", { x: "1024", y: "768", empty: "" }],
  ["{?x,y,undef}", "?x=1024&y=768", { x: "1024", y: "768" }],
  ["{?var:3}", "?var=val", { var: "val" }],
  ["{?list*}", "?list=red&list=green&list=blue", { list: ["red", "green", "blue"] }],
  ["?fixed=yes{&x}", "?fixed=yes&x=1024", { x: "1024" }],
  ["{&x,y,empty}", "&x=1024&y=768&empty=", { x: "1024", y: "768", empty: "" }],
];

for (const [template, expansion, variables] of EXPANSIONS) {
  Deno.test(`RFC 6570: ${template} takes its own expansion ${expansion}`, () => {
    assertEquals(
      new UriTemplate(`x://h/=${template}`, "test").match(`x://h/=${expansion}`),
      variables,
    );
  });
}

for (
  const [template, says] of [
    ["x://s/{id:0}", "{id:0}, which is no expression"],
    ["x://s/{a,id:00}", "no expression"],
    ["x://s/{a,id:10000}", "no expression"],
    ["x://s", "has no {variable}"],
    ["1://{id}", "does not begin with a URI scheme"],
    ["x://s/{}", "no expression"],
    ["x://s/{=a}", "no expression"],
    ["x://s/{|a}", "no expression"],
    ["x://s/{a b}", "no expression"],
    ["x://s/{a,}", "no expression"],
    ["x://s/{a*:3}", "no expression"],
    ["x://s/{a", 'has a "{" without its counterpart'],
    ["x://s/{a}}", 'has a "}" without its counterpart'],
    ["x://s/{{a}}", "without its counterpart"],
  ] as const
) {
  Deno.test(`${template} is refused where it is defined`, () => {
    const { message } = assertThrows(() => new UriTemplate(template, "it"), RegistrationError);
    assertStringIncludes(message, `Cannot serve it: ${JSON.stringify(template)} `);
    assertStringIncludes(message, says);
  });
}

for (
  const [template, uri] of [
    ["x://s/{a}", "x://s/.."],
    ["x://s/{a}", "x://s/%2e%2e"],
    ["x://s/{a}", "x://s/a%2F..%2Fb"],
    ["x://s/{a}", "x://s/..%5Cb"],
    ["x://s/{a}{b}", "x://s/.."],
    ["x://s/{a}.{b}", "x://s/.."],
    ["x://s/.{a}", "x://s/.."],
    ["x://s/{+path}", "x://s/a/../../etc/passwd"],
    ["x://s{?path}", "x://s?path=../secret"],
    ["x://s/{a}", "x://s/a%00b"],
    ["x://s{/part*}", "x://s/a/./b"],
    ["file:///s/{a}", "file:///s/a%2Fb"],
    ["file:///s/{+a}", "file:///s//etc/passwd"],
    ["x://s/{+path}", "x://s//etc/passwd"],
    ["x://s/{+path}", "x://s/%2Fetc/passwd"],
    ["x://s/{+path}", "x://s/%5Cetc"],
    ["x:///{+path}", "x:////etc/passwd"],
    ["x://s/{a}", "x://s/%2Fetc%2Fpasswd"],
    ["x://s/{a}", "x://s/%5C%5Chost%5Cshare"],
    ["x://s{/part*}", "x://s/%2Fetc"],
    ["x://s{/list*,path:4}", "x://s/red/green/blue/%2Ffoo"],
  ] as const
) {
  Deno.test(`${uri} leads nobody out of the folder of ${template}`, () => {
    assertEquals(new UriTemplate(template, "test").match(uri), undefined);
  });
}

Deno.test("the longest hostile URI is matched in a moment, however many variables stand in a row", () => {
  const template = new UriTemplate("x://s/{a}{b}{+c}{d}{e*}{+f}{g}{h}!end", "test");
  const started = performance.now();
  for (const filler of ["a", "%41", "%2F", ",", "."]) {
    assertEquals(template.match(`x://s/${filler.repeat(8_000 / filler.length)}`), undefined);
  }
  assert(performance.now() - started < 20_000);
});

Deno.test("a value may begin with a slash where the template names no folder", () => {
  for (const [template, uri] of [["x://{+a}", "x:///etc"], ["x:{+a}", "x:/etc"]] as const) {
    assertEquals(new UriTemplate(template, "test").match(uri)?.a, "/etc");
  }
  assertEquals(new UriTemplate("x://s{?a}", "test").match("x://s?a=/etc")?.a, "/etc");
});

Deno.test("a variable takes as many characters as its prefix allows, up to the most that RFC 6570 allows", () => {
  for (const most of [1, 3, 256, 257, 4_000]) {
    const template = new UriTemplate(`x://s/{id:${most}}{rest}`, "test");
    const [id, rest] = ["a".repeat(most), "b".repeat(300)];
    assertEquals(template.match(`x://s/${id}${rest}`), { id, rest });
    assertEquals(template.match(`x://s/${id}`), { id, rest: "" });
  }
  assertEquals(new UriTemplate("x://s/{id:9999}", "test").match("x://s/a"), { id: "a" });
});

Deno.test("a URI of 8,192 characters is matched, and a longer one is not", () => {
  const template = new UriTemplate("x://s/{id}", "test");
  const longest = "a".repeat(8_192 - "x://s/".length);
  assertEquals(template.match(`x://s/${longest}`), { id: longest });
  assertEquals(template.match(`x://s/${longest}a`), undefined);
});

Deno.test("variables of many characters in a row are matched in linear time", () => {
  // The quickest of several rounds: a busy machine may stop any other one.
  const time = (template: string) => {
    const one = new UriTemplate(template, "test");
    return Math.min(...Array.from({ length: 10 }, () => {
      const started = performance.now();
      one.match(`x://s/${"a".repeat(8_000)}`);
      return performance.now() - started;
    }));
  };
  const plain = time("x://s/{a}{b}{c}!end");
  const prefixes = time("x://s/{a:250}{b:250}{c:250}!end");
  assert(prefixes < plain * 20 + 50, `${prefixes} ms, without lengths ${plain} ms`);
});

Deno.test("property: `match()` never throws, and gives back what an expansion was made of", () => {
  const value = fc.string({ unit: "binary", maxLength: 12 }).filter((text) =>
    text.isWellFormed() && !/\0|(^|[\\/])\.{1,2}($|[\\/])/.test(text)
  );
  const template = new UriTemplate("x://s/={id}{/part*}{?q,lang}", "test");
  const encode = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16)}`);
  const parts = fc.array(value.filter((text) => /^[^\\/]/.test(text)), { maxLength: 3 });
  fc.assert(
    fc.property(value, parts, value, fc.boolean(), (id, part, q, isQuery) => {
      const path = part.map((one) => `/${encode(one)}`).join("");
      const uri = `x://s/=${encode(id)}${path}${isQuery ? `?q=${encode(q)}` : ""}`;
      assertEquals(template.match(uri), { id, part, ...(isQuery && { q }) });
    }),
  );
  fc.assert(fc.property(fc.string({ unit: "binary" }), (uri) => void template.match(uri)));
  fc.assert(fc.property(fc.string(), (rest) => void template.match(`x://s/${rest}`)));
});

import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { RegistrationError } from "../../lib/base/errors.ts";
import { UriTemplate } from "../../lib/registry/uri_template.ts";

const MATCHES: readonly (readonly [string, string, Record<string, unknown> | undefined])[] = [
  ["users://{id}/profile", "users://ada/profile", { id: "ada" }],
  ["users://{id}/profile", "users://a%20b/profile", { id: "a b" }],
  ["users://{id}/profile", "users://a/b/profile", undefined],
  ["users://{id}/profile", "users://%ff/profile", undefined],
  ["x://s/{tags}", "x://s/a,b", { tags: "a,b" }],
  ["x://s/{list*}", "x://s/a,b", { list: ["a", "b"] }],
  ["file:///parts{/part*}", "file:///parts/a", { part: ["a"] }],
  ["file:///parts{/part*}", "file:///parts/a/b%20c", { part: ["a", "b c"] }],
  ["file:///parts{/part*}", "file:///parts/a/../b", undefined],
  ["x://s{?list*}", "x://s?list=a&list=b", { list: ["a", "b"] }],
  ["x://s{;list*}", "x://s;list=a;list=b", { list: ["a", "b"] }],
  ["x://s{.ext*}", "x://s.tar.gz", { ext: ["tar", "gz"] }],
  ["x://{a}{?q,lang}", "x://1?q=2&lang=3", { a: "1", q: "2", lang: "3" }],
];

for (const [template, uri, variables] of MATCHES) {
  Deno.test(`${template} ${variables === undefined ? "does not match" : "matches"} ${uri}`, async () => {
    assertEquals(await new UriTemplate(template, "test").match(uri), variables);
  });
}

for (const template of ["x://s/{id:0}", "x://s/{a,id:00}", "x://s", "1://{id}"]) {
  Deno.test(`${template} is refused where it is defined`, () => {
    const { message } = assertThrows(() => new UriTemplate(template, "it"), RegistrationError);
    assertStringIncludes(message, `Cannot serve it: ${JSON.stringify(template)} `);
  });
}

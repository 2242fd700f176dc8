import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { Seal } from "../../lib/base/seal.ts";

const KEY = "a secret of at least 32 characters";
const texts = fc.string({ unit: "binary", maxLength: 50 });

Deno.test("property: what was sealed opens for its purpose and key, unchanged", () => {
  fc.assert(fc.property(texts, texts, (purpose, text) => {
    assertEquals(new Seal(KEY).open(purpose, new Seal(KEY).seal(purpose, text)), text);
  }));
});

Deno.test("property: a sealed JSON value opens as the same value", () => {
  const seal = new Seal();
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const plain = JSON.parse(JSON.stringify(value));
    assertEquals(seal.openJson("session", seal.sealJson("session", value)), plain);
  }));
});

Deno.test("property: another purpose or another key opens nothing", () => {
  const seal = new Seal(KEY);
  fc.assert(fc.property(texts, texts, texts, (purpose, other, text) => {
    fc.pre(purpose !== other);
    const sealed = seal.seal(purpose, text);
    assertEquals(seal.open(other, sealed), undefined);
    assertEquals(new Seal(`${KEY}!`).open(purpose, sealed), undefined);
    assertEquals(new Seal().open(purpose, sealed), undefined);
  }));
});

Deno.test("property: one changed, missing or added character anywhere opens nothing", () => {
  const seal = new Seal(KEY);
  const sealed = seal.seal("event", "g.12.abc");
  fc.assert(
    fc.property(fc.nat({ max: sealed.length - 1 }), fc.string({ maxLength: 2 }), (at, put) => {
      const altered = sealed.slice(0, at) + put + sealed.slice(at + 1);
      fc.pre(altered !== sealed);
      assertEquals(seal.open("event", altered), undefined);
    }),
  );
});

Deno.test("property: any text at all is opened or refused, never an exception", () => {
  const seal = new Seal(KEY);
  fc.assert(fc.property(texts, (sealed) => assertEquals(seal.open("event", sealed), undefined)));
  for (const sealed of ["", ".", "x.y", "é".repeat(30), `${"a".repeat(30)}.${"é".repeat(22)}`]) {
    assertEquals([seal.open("event", sealed), seal.openJson("event", sealed)], [
      undefined,
      undefined,
    ]);
  }
});

Deno.test("a purpose and a text are kept apart: moving characters between them opens nothing", () => {
  const seal = new Seal(KEY);
  const sealed = seal.seal("event a", "b");
  const mac = sealed.slice(sealed.lastIndexOf("."));
  assertEquals(seal.open("event ", `ab${mac}`), undefined);
  assertEquals(seal.open("event", ` ab${mac}`), undefined);
});

Deno.test("sealed texts are fit for headers, and a fresh key differs each time", () => {
  assertMatch(new Seal().sealJson("session", { name: "Zoë", list: [1, 2] }), /^[\w-]+\.[\w-]{22}$/);
  assertNotEquals(new Seal().seal("a", "b"), new Seal().seal("a", "b"));
});

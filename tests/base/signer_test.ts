import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import fc from "../deps/fast_check.ts";
import { Signer } from "../../lib/base/signer.ts";

const KEY = "a secret of at least 32 characters";
const texts = fc.string({ unit: "binary", maxLength: 50 });

Deno.test("property: what was sealed opens for its purpose and key, unchanged", () => {
  fc.assert(fc.property(texts, texts, (purpose, text) => {
    assertEquals(new Signer(KEY).verify(purpose, new Signer(KEY).sign(purpose, text)), text);
  }));
});

Deno.test("property: a sealed JSON value opens as the same value", () => {
  const seal = new Signer();
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const plain = JSON.parse(JSON.stringify(value));
    assertEquals(seal.openJson("session", seal.sealJson("session", value)), plain);
  }));
});

Deno.test("property: another purpose or another key opens nothing", () => {
  const seal = new Signer(KEY);
  fc.assert(fc.property(texts, texts, texts, (purpose, other, text) => {
    fc.pre(purpose !== other);
    const sealed = seal.sign(purpose, text);
    assertEquals(seal.verify(other, sealed), undefined);
    assertEquals(new Signer(`${KEY}!`).verify(purpose, sealed), undefined);
    assertEquals(new Signer().verify(purpose, sealed), undefined);
  }));
});

Deno.test("property: one changed, missing or added character anywhere opens nothing", () => {
  const seal = new Signer(KEY);
  const sealed = seal.sign("event", "g.12.abc");
  fc.assert(
    fc.property(fc.nat({ max: sealed.length - 1 }), fc.string({ maxLength: 2 }), (at, put) => {
      const altered = sealed.slice(0, at) + put + sealed.slice(at + 1);
      fc.pre(altered !== sealed);
      assertEquals(seal.verify("event", altered), undefined);
    }),
  );
});

Deno.test("property: any text at all is opened or refused, never an exception", () => {
  const seal = new Signer(KEY);
  fc.assert(fc.property(texts, (sealed) => assertEquals(seal.verify("event", sealed), undefined)));
  for (const sealed of ["", ".", "x.y", "é".repeat(30), `${"a".repeat(30)}.${"é".repeat(22)}`]) {
    assertEquals([seal.verify("event", sealed), seal.openJson("event", sealed)], [
      undefined,
      undefined,
    ]);
  }
});

Deno.test("a purpose and a text are kept apart: moving characters between them opens nothing", () => {
  const seal = new Signer(KEY);
  const sealed = seal.sign("event a", "b");
  const mac = sealed.slice(sealed.lastIndexOf("."));
  assertEquals(seal.verify("event ", `ab${mac}`), undefined);
  assertEquals(seal.verify("event", ` ab${mac}`), undefined);
});

Deno.test("property: a sealed value opens with its purpose and key alone", () => {
  fc.assert(fc.property(texts, texts, fc.jsonValue(), (purpose, other, value) => {
    fc.pre(purpose !== other);
    const sealed = new Signer(KEY).sealJson(purpose, value);
    assertEquals(
      new Signer(KEY).openJson(purpose, sealed),
      JSON.parse(JSON.stringify(value)),
    );
    for (const signer of [new Signer(KEY), new Signer(`${KEY}!`), new Signer()]) {
      assertEquals(signer.openJson(other, sealed), undefined);
    }
    assertEquals(new Signer(`${KEY}!`).openJson(purpose, sealed), undefined);
  }));
});

Deno.test("property: a sealed value with one changed, missing or added character does not open", () => {
  const signer = new Signer(KEY);
  const sealed = signer.sealJson("session", { name: "Ada" });
  const characters = fc.string({ unit: fc.constantFrom(..."ABab01-_= \n."), maxLength: 2 });
  fc.assert(fc.property(fc.nat({ max: sealed.length }), characters, (at, put) => {
    const altered = sealed.slice(0, at) + put + sealed.slice(at + 1);
    fc.pre(altered !== sealed);
    assertEquals(signer.openJson("session", altered), undefined);
  }));
});

Deno.test("a sealed value tells nothing of itself, and no two are equal", () => {
  const signer = new Signer(KEY);
  const value = { owner: "ada@example.com" };
  const [one, other] = [signer.sealJson("session", value), signer.sealJson("session", value)];
  assertNotEquals(one, other);
  const bytes = Uint8Array.fromBase64(one, { alphabet: "base64url" });
  const text = [...bytes].map((byte) => String.fromCharCode(byte)).join("");
  for (const part of ["owner", "ada", "example"]) assertEquals(text.includes(part), false);
});

Deno.test("sealed texts are fit for headers, and a fresh key differs each time", () => {
  assertMatch(new Signer().sealJson("session", { name: "Zoë", list: [1, 2] }), /^[\w-]{40,}$/);
  assertNotEquals(new Signer().sign("a", "b"), new Signer().sign("a", "b"));
});

Deno.test("of several keys the first signs and seals, and what any of them made is taken", () => {
  const old = new Signer("the old key, which is replaced now!!");
  const both = new Signer(KEY, "the old key, which is replaced now!!");
  const fresh = new Signer(KEY);
  assertEquals(both.verify("event", old.sign("event", "text")), "text");
  assertEquals(fresh.verify("event", both.sign("event", "text")), "text");
  assertEquals(old.verify("event", both.sign("event", "text")), undefined);
  assertEquals(both.openJson("session", old.sealJson("session", 1)), 1);
  assertEquals(fresh.openJson("session", both.sealJson("session", 1)), 1);
  assertEquals(old.openJson("session", both.sealJson("session", 1)), undefined);
  assertEquals(both.isDigest(old.digest("session", "ada"), "session", "ada"), true);
  assertEquals(both.isDigest(old.digest("session", "ada"), "session", "eve"), false);
  assertEquals(fresh.isDigest(old.digest("session", "ada"), "session", "ada"), false);
});

Deno.test("what an earlier version signed and sealed is still accepted", () => {
  const signer = new Signer(KEY);
  const signed = "g.12.abc.n8cskxknFsu4v7AcIM2av5";
  assertEquals(signer.sign("event", "g.12.abc"), signed);
  assertEquals(signer.verify("event", signed), "g.12.abc");
  const derived = "g.12.abc.4lOqdRze5Z7BIJs7bN16-P";
  assertEquals(signer.derive("events").verify("event", derived), "g.12.abc");
  assertEquals(signer.isDigest("SppEYLMYfsee-2j0Fbl8Rf", "event", "g.12.abc"), true);
  const sealed = "J4Pydmoimiprt4YIb4eu8GlkoaJuWMYvO1g0GLJSLcqHq824FbSehf7J";
  assertEquals(signer.openJson("session", sealed), { user: "ada" });
});

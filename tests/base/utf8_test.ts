import { assertEquals } from "@std/assert";
import fc from "../deps/fast_check.ts";
import { utf8 } from "../../lib/base/utf8.ts";

Deno.test("property: `utf8()` gives the bytes of a text, and none are changed by later texts", () => {
  const unit = fc.oneof(
    fc.constantFrom("a", "é", "€", "😀"),
    fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code)),
  );
  const text = fc.oneof(
    fc.string({ unit }),
    fc.tuple(fc.string({ unit, minLength: 1, maxLength: 3 }), fc.nat({ max: 4_000 }))
      .map(([part, times]) => part.repeat(times)),
  );
  fc.assert(fc.property(fc.array(text, { maxLength: 60 }), (texts) => {
    const all = texts.map(utf8);
    assertEquals(all, texts.map((one) => new TextEncoder().encode(one)));
  }));
});

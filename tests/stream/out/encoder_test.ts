import { assertEquals } from "@std/assert";
import fc from "../../deps/fast_check.ts";
import { encodeShared, piecesOf } from "../../../lib/stream/out/encoder.ts";

Deno.test("property: `encodeShared()` gives the bytes of a text, and none are changed by later texts", () => {
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
    const all = texts.map(encodeShared);
    assertEquals(all, texts.map((one) => new TextEncoder().encode(one)));
  }));
});

Deno.test("property: the pieces of a long text together are its bytes, and each has its own", () => {
  // The last are the first and the last character that take a pair of surrogates.
  const unit = fc.constantFrom("a", "é", "\ud7ff", "\ue000", "😀", "\u{10000}", "\u{10ffff}");
  fc.assert(fc.property(fc.string({ unit, maxLength: 80 }), fc.integer({ min: 1, max: 9 }), (
    text,
    length,
  ) => {
    const pieces = [...piecesOf(text, length)];
    const joined = new Uint8Array(pieces.flatMap((piece) => [...piece]));
    assertEquals(joined, new TextEncoder().encode(text));
    for (const piece of pieces) assertEquals(piece.byteLength, piece.buffer.byteLength);
  }));
});

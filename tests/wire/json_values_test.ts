import { assertEquals } from "@std/assert";
import fc from "../deps/fast_check.ts";
import { JsonValueCount } from "../../lib/wire/json_values.ts";

function countOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 1;
  const inner = Object.values(value);
  // An empty list or object counts as one of one value, which is never too little.
  return 1 + Math.max(1, inner.reduce<number>((sum, one) => sum + countOf(one), 0));
}

/** Counts the values of a text in two parts. */
function countInParts(value: unknown, cut: number): number {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  const count = new JsonValueCount();
  const at = cut % (bytes.length + 1);
  count.add(bytes.subarray(0, at));
  count.add(bytes.subarray(at));
  return count.count;
}

Deno.test("the values of a JSON text are counted, wherever its bytes are parted", () => {
  fc.assert(fc.property(fc.jsonValue(), fc.nat(), (value, cut) => {
    assertEquals(countInParts(value, cut), countOf(value));
  }));
});

Deno.test("texts longer than a search are skipped, wherever their escapes and parts are", () => {
  const part = fc.constantFrom("x".repeat(70), "y", "\\", '"', ",[{", "é");
  const text = fc.array(part, { maxLength: 60 }).map((parts) => parts.join(""));
  fc.assert(fc.property(fc.array(text), fc.nat(), (value, cut) => {
    assertEquals(countInParts(value, cut), countOf(value));
  }));
});

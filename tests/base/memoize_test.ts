import { assertEquals, assertThrows } from "@std/assert";
import fc from "../deps/fast_check.ts";
import { memoize } from "../../lib/base/memoize.ts";

Deno.test("`memoize()` reads a text once, whatever is read in between", () => {
  const read: string[] = [];
  const upper = memoize((text) => {
    read.push(text);
    return text.toUpperCase();
  });
  const answers = ["a", "a", "b", "a", "b"].map(upper);
  assertEquals([answers, read], [["A", "A", "B", "A", "B"], ["a", "b"]]);
});

Deno.test("property: `memoize()` gives what reading gives, for any texts in any order", () => {
  const lengthOf = memoize((text) => text.length);
  fc.assert(fc.property(fc.array(fc.string({ size: "medium" })), (texts) => {
    assertEquals(texts.map(lengthOf), texts.map((text) => text.length));
  }));
});

Deno.test("`memoize()` keeps 256 texts, and none of more than 256 characters", () => {
  let reads = 0;
  const read = memoize(() => ++reads);
  for (let text = 0; text < 256; text++) read(String(text));
  for (let text = 0; text < 256; text++) read(String(text));
  assertEquals(reads, 256);
  read("one more");
  read("0");
  assertEquals(reads, 258);
  const long = "x".repeat(257);
  assertEquals([read(long), read(long)], [259, 260]);
});

Deno.test("`memoize()` throws each time what reading throws", () => {
  const refuse = memoize((text): string => {
    throw new Error(`no ${text}`);
  });
  for (const text of ["a", "a", "b"]) assertThrows(() => refuse(text), Error, `no ${text}`);
});

Deno.test("`memoize()` reads a text once when the result is undefined, too", () => {
  let reads = 0;
  const read = memoize((): undefined => void reads++);
  for (const text of ["a", "b", "a", "b", "a"]) assertEquals(read(text), undefined);
  assertEquals(reads, 2);
});

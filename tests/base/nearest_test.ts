import { assertEquals } from "@std/assert";
import { nearestOf } from "../../lib/base/nearest.ts";

for (
  const [name, errors] of [
    ["abcde", "no error"],
    ["xabcdey", "two characters too many"],
    ["bcd", "two missing characters"],
    ["xbcdy", "two other characters"],
    ["badce", "two swapped pairs"],
    ["xbdce", "another character and a swapped pair"],
  ] as const
) {
  Deno.test(`a name of five characters is found in spite of ${errors}`, () => {
    assertEquals(nearestOf(name, ["unlike", "abcde"]), "abcde");
  });
}

for (
  const [name, errors] of [
    ["xabcdeyz", "three characters too many"],
    ["bc", "three missing characters"],
    ["xbydz", "three other characters"],
    ["xbdcz", "two other characters and a swapped pair"],
  ] as const
) {
  Deno.test(`a name of five characters is not found with ${errors}`, () => {
    assertEquals(nearestOf(name, ["abcde"]), undefined);
  });
}

Deno.test("a name of four characters is found with one error, and not with two", () => {
  assertEquals(nearestOf("abcx", ["abcd"]), "abcd");
  assertEquals(nearestOf("abxy", ["abcd"]), undefined);
});

Deno.test("of several names the nearest is meant, and of equally near ones the first", () => {
  assertEquals(nearestOf("abcdx", ["abcyz", "abcde", "abcdf"]), "abcde");
});

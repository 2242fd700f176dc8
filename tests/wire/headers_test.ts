/** Headers that are sent more than once. */
import { assertEquals, assertThrows } from "@std/assert";
import { ProtocolError } from "../../lib/base/errors.ts";
import { agreedCopy, onlyCopy, singleValue } from "../../lib/wire/headers.ts";

for (
  const [value, copy] of [
    ["a", undefined],
    ["", undefined],
    ["a, a", "a"],
    ["a,a", "a"],
    ["a , a,a", "a"],
    [",", ""],
    ["a, b", undefined],
    ["a, a, b", undefined],
    ["a, b, a", undefined],
    ["a, b, a, b", "a, b"],
    ["a,b,a,b,a,b", "a, b"],
    ["a, b, c, a, b, c", "a, b, c"],
    ["a, b, b, a", undefined],
    ["a, b, a, c", undefined],
    ["a, b, a, b, a", undefined],
    ["a, A", undefined],
  ] as const
) {
  Deno.test(`"${value}" is ${copy === undefined ? "not made of copies" : `copies of "${copy}"`}`, () => {
    assertEquals(agreedCopy(value), copy);
  });
}

Deno.test("a header with a single value may be sent several times with the same value", () => {
  for (
    const [value, copy] of [[null, null], ["", ""], ["a", "a"], ["a b", "a b"], ["a, a, a", "a"]]
  ) assertEquals(onlyCopy(value!, "X-Test"), copy!);
  const headers = new Headers([["x-test", "a"], ["x-test", "a"], ["x-other", "b"]]);
  assertEquals(singleValue(headers, "X-Test"), "a");
  assertEquals(singleValue(headers, "X-Other"), "b");
  assertEquals(singleValue(headers, "X-None"), null);
});

for (const value of ["a, b", "a,", "a, b, a, b", "secret, other"]) {
  Deno.test(`a header with a single value is refused as "${value}", by its name alone`, () => {
    const error = assertThrows(() => onlyCopy(value, "X-Test"), ProtocolError);
    assertEquals([error.kind, error.message], [
      "invalid_request",
      "X-Test is sent more than once, with different values; send it once",
    ]);
  });
}

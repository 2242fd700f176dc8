import { assertEquals, assertThrows } from "@std/assert";
import { completionResult } from "../../lib/registry/completion.ts";

const valuesOf = (count: number) => Array.from({ length: count }, (_, index) => `city-${index}`);

Deno.test("100 values are all there are, and the 101st is told by `hasMore`", () => {
  const all = completionResult(valuesOf(100), "prompt");
  assertEquals(all.completion, { values: valuesOf(100), total: 100, hasMore: false });
  const more = completionResult(valuesOf(101), "prompt");
  assertEquals(more.completion, { values: valuesOf(100), total: 101, hasMore: true });
});

Deno.test("a value that is not a string is named by its place, the first and the last as well", () => {
  for (const at of [0, 100]) {
    const values = valuesOf(101).map((value, index) => index === at ? 1 as never : value);
    assertThrows(
      () => completionResult(values, "prompt"),
      Error,
      `Completer of prompt returned values[${at}], which is not a string`,
    );
  }
});

import { assertEquals, assertMatch } from "@std/assert";
import { randomId } from "../../lib/base/ids.ts";

Deno.test("`randomId()` is the prefix and 32 lower-case hexadecimal digits", () => {
  for (let round = 0; round < 100; round++) {
    assertMatch(randomId("mcp_sse_"), /^mcp_sse_[0-9a-f]{32}$/);
  }
});

Deno.test("`randomId()` does not repeat, and every digit of it varies", () => {
  const ids = Array.from({ length: 2_000 }, () => randomId(""));
  assertEquals(new Set(ids).size, ids.length);
  for (let position = 0; position < 32; position++) {
    assertEquals(new Set(ids.map((id) => id[position])).size, 16);
  }
});

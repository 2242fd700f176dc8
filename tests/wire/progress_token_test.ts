import { assertEquals } from "@std/assert";
import type { JsonObject } from "../../lib/wire/json_rpc.ts";
import { progressTokenOf } from "../../lib/wire/meta.ts";

const tokenOf = (progressToken: unknown) =>
  progressTokenOf({ _meta: { progressToken } } as JsonObject);

Deno.test("a progress token is a whole number, or a text of up to 1,024 characters", () => {
  for (const token of ["", "a", "x".repeat(1_024), 0, -1]) assertEquals(tokenOf(token), token);
  for (const none of ["x".repeat(1_025), 1.5, null, {}, true]) {
    assertEquals(tokenOf(none), undefined);
  }
  assertEquals(progressTokenOf(undefined), undefined);
});

import { assertEquals } from "@std/assert";
import fc from "../deps/fast_check.ts";
import { shortId } from "../../lib/base/ids.ts";
import { copyText } from "../../lib/base/copy_text.ts";
import { IdMap } from "../../lib/base/slot_list.ts";

Deno.test("property: an `IdMap` finds, counts, lists and loses things as a map by their ids", () => {
  const steps = fc.array(fc.tuple(fc.boolean(), fc.nat(9)), { maxLength: 40 });
  fc.assert(fc.property(steps, (plan) => {
    const map = new IdMap<{ readonly id: string }>();
    const model = new Map<string, { readonly id: string }>();
    for (const [adds, number] of plan) {
      const id = `id${number}`;
      if (!adds) assertEquals(map.delete(id), model.delete(id));
      else if (!model.has(id)) {
        model.set(id, { id });
        map.add(model.get(id)!);
      }
      assertEquals([map.size, [...map.values()]], [model.size, [...model.values()]]);
      for (let each = 0; each < 10; each++) {
        assertEquals(map.get(`id${each}`) === model.get(`id${each}`), true);
      }
    }
  }));
});

Deno.test("a short id is the first 21 characters, which are no key to a stream", () => {
  assertEquals(shortId("mcp_sse_0123456789abcdef0123456789abcdef"), "mcp_sse_0123456789abc");
});

Deno.test("`copyText()` gives the same text, up to a length", () => {
  assertEquals([copyText('a"\n\\é', 5), copyText("abcdef", 3), copyText("", 3)], [
    'a"\n\\é',
    "abc",
    "",
  ]);
});

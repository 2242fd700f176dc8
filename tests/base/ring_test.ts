import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { Ring } from "../../lib/base/ring.ts";

Deno.test("`Ring` keeps the last so many, newest first, however many were added", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.array(fc.integer()), (max, items) => {
      const ring = new Ring<number>(max);
      for (const item of items) ring.add(item);
      assertEquals(ring.newestFirst(), items.slice(-max).reverse());
    }),
  );
});

import { assertEquals } from "@std/assert";
import fc from "../deps/fast_check.ts";
import { RingBuffer } from "../../lib/http/metrics/recent.ts";

Deno.test("`Ring` keeps the last so many, newest first, however many were added", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.array(fc.integer()), (max, items) => {
      const ring = new RingBuffer<number>(max);
      for (const item of items) ring.add(item);
      assertEquals(ring.newestFirst(), items.slice(-max).reverse());
    }),
  );
});

import { assert, assertEquals, assertGreater } from "@std/assert";
import { heap, resident } from "../../lib/runtime/memory.ts";

Deno.test("the figures of memory are those of the process, with limits above them", () => {
  for (const { used, limit, floor = 0 } of [heap(), resident()]) {
    assertGreater(used, 1_000_000);
    assertGreater(limit, used);
    assertGreater(limit, floor);
  }
});

Deno.test("garbage is collected before a heap counts as full, and not again within 5 s", async () => {
  const { limit, figures } = await figuresOf(`
    let now = 0;
    performance.now = () => now;
    const { limit } = heap();
    const garbage = () => {
      const kept = [];
      while (Deno.memoryUsage().heapUsed < limit * 0.77) kept.push(new Array(100_000).fill(0.5));
    };
    garbage();
    figures.push(heap().used);
    garbage();
    now = 4_999;
    figures.push(heap().used);
    now = 5_000;
    figures.push(heap().used);
  `);
  const [collected = NaN, again = NaN, later = NaN] = figures;
  assert(collected < limit * 0.5, `${collected} of ${limit} bytes`);
  assert(again > limit * 0.7, `${again} of ${limit} bytes`);
  assert(later < limit * 0.5, `${later} of ${limit} bytes`);
});

/** Runs code with a small heap. */
async function figuresOf(code: string): Promise<{ limit: number; figures: number[] }> {
  const script = `
    import { heap } from "${import.meta.resolve("../../lib/runtime/memory.ts")}";
    const figures = [];
    ${code}
    console.log(JSON.stringify({ limit: heap().limit, figures }));
  `;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-lock", "--v8-flags=--max-old-space-size=400", script],
  }).output();
  assertEquals(success, true, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

import { assertEquals, assertRejects } from "@std/assert";
import { lazy } from "../../lib/base/promises.ts";

Deno.test("`lazy()` loads at the first use, and once, however many ask at the same time", async () => {
  let loads = 0;
  const get = lazy(() => Promise.resolve(++loads));
  assertEquals(loads, 0);
  assertEquals(await Promise.all([get(), get()]), [1, 1]);
  assertEquals([await get(), loads], [1, 1]);
});

Deno.test("`lazy()` tries again after a failure, and tells it to whoever asked", async () => {
  let loads = 0;
  const get = lazy(() => ++loads === 1 ? Promise.reject(new Error("no")) : Promise.resolve(loads));
  const [one, other] = [get(), get()];
  await assertRejects(() => one, Error, "no");
  await assertRejects(() => other, Error, "no");
  assertEquals(await get(), 2);
});

import { assert } from "@std/assert";
import type { Setting } from "../../lib/base/setting_kinds.ts";
import type { SETTINGS } from "../../lib/base/settings.ts";
import type { Settings } from "../../lib/mod.ts";

/** True only for the very same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true
  : false;
type Flat<T> = { readonly [K in keyof T]: T[K] };
type Values<T> = { readonly [K in keyof T]: T[K] extends Setting<infer V> ? V : never };

Deno.test("the type Settings, which is written out, is that of the table; else run `deno task docs`", () => {
  const isSame: Same<Flat<Settings>, Values<typeof SETTINGS>> = true;
  assert(isSame);
});

import { assert } from "@std/assert";
import type * as z from "zod";
import type { SETTINGS_SCHEMA } from "../../lib/base/settings.ts";
import type { Settings } from "../../lib/mod.ts";

/** True only for the very same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true
  : false;
type Flat<T> = { readonly [K in keyof T]: T[K] };

Deno.test("the type Settings, which is written out, is that of the schema; else run `deno task docs`", () => {
  const isSame: Same<Flat<Settings>, Flat<z.output<typeof SETTINGS_SCHEMA>>> = true;
  assert(isSame);
});

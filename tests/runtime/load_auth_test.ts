import { assertEquals, assertStrictEquals } from "@std/assert";
import { createAuth } from "../../lib/auth/create_auth.ts";
import { asksForAuthorization } from "../../lib/base/access_settings.ts";
import { settingsWith } from "../../lib/base/settings.ts";
import type { Settings } from "../../lib/base/settings_type.ts";
import { loadAuth } from "../../lib/runtime/load_auth.ts";

/** Settings of authorization that have a default other than off ask for nothing by themselves. */
const TUNING = [
  "MCP_AUTH_TOKEN_TYPES",
  "MCP_AUTH_LEEWAY_MS",
  "MCP_AUTH_INTROSPECTION_CACHE_MS",
  "MCP_AUTH_RECHECK_MS",
  "MCP_AUTH_INTROSPECTION_AUDIENCE",
];

const defaults = settingsWith();
const names = Object.keys(defaults).filter((name) => name.startsWith("MCP_AUTH_"));

Deno.test("authorization is not loaded if no setting asks for it", async () => {
  assertEquals(await loadAuth(defaults), undefined);
});

for (const name of names.filter((name) => !TUNING.includes(name))) {
  Deno.test(`authorization is loaded if ${name} is set, even alone`, async () => {
    const fallback = defaults[name as keyof Settings];
    const value = Array.isArray(fallback) ? ["given"] : fallback === false ? true : "given";
    assertStrictEquals(await loadAuth({ ...defaults, [name]: value }), createAuth);
  });
}

Deno.test("settings of authorization that only tune it do not ask for it", () => {
  const tuned = { ...defaults, MCP_AUTH_LEEWAY_MS: 1, MCP_AUTH_TOKEN_TYPES: ["jwt"] };
  assertEquals(asksForAuthorization(tuned), false);
});

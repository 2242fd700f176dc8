/**
 * What the README says of settings and endpoints is what there is.
 */
import { assertEquals } from "@std/assert";
import { type SettingName, SETTINGS_SCHEMA, settingsWith } from "../lib/base/settings.ts";
import { ENDPOINTS } from "../lib/http/routes/info.ts";

const readme = Deno.readTextFileSync(new URL("../README.md", import.meta.url));
const defaults = settingsWith();

/** Cells of the table rows of a section. */
function rowsOf(heading: string): string[][] {
  const section = readme.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  return section.split("\n").filter((line) => line.startsWith("| `"))
    .map((line) => line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim()));
}

Deno.test("the README's settings table names every setting with its default", () => {
  const shown = rowsOf("Settings").map(([name = "", fallback = ""]) => [
    name.replaceAll("`", ""),
    fallback.replaceAll(/[`\\]/g, ""),
  ]);
  const real = Object.keys(SETTINGS_SCHEMA.shape).map((name) => {
    const value = defaults[name as SettingName];
    const isNone = value === undefined || (Array.isArray(value) && value.length === 0);
    return [name, isNone ? "none" : Array.isArray(value) ? value.join(", ") : String(value)];
  });
  assertEquals(shown.sort(), real.sort());
});

Deno.test("the README's endpoints table names every path that the server lists", () => {
  const shown = rowsOf("Endpoints").flatMap(([cell = ""]) =>
    [...cell.matchAll(/\/[\w./-]+/g)].map(String)
  );
  const real = ENDPOINTS.map(({ path }) => path);
  assertEquals([...new Set(shown)].sort(), [...new Set(real)].sort());
});

Deno.test("the lock file names no client, which a first start would fetch", () => {
  const lock = JSON.parse(Deno.readTextFileSync(new URL("../deno.lock", import.meta.url)));
  const clients = /^npm:@modelcontextprotocol\/(sdk|client|inspector)@/;
  assertEquals(Object.keys(lock.specifiers).filter((name) => clients.test(name)), []);
});

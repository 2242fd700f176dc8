/**
 * What the README says of settings and endpoints is what there is.
 */
import { assert, assertEquals } from "@std/assert";
import {
  SECRET_SETTINGS,
  SETTING_TOPICS,
  type SettingName,
  SETTINGS,
} from "../lib/base/settings.ts";
import { SETTINGS_PAGE, settingsPage } from "./docs/settings_page.ts";
import { ENDPOINTS } from "../lib/http/routes/info.ts";

const ROOT = new URL("../", import.meta.url);
const readme = Deno.readTextFileSync(new URL("README.md", ROOT));

/** Cells of the table rows of a section. */
function rowsOf(heading: string): string[][] {
  const section = readme.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  return section.split("\n").filter((line) => line.startsWith("| `"))
    .map((line) => line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim()));
}

/** The cells of a table, without what the formatter adds. */
function cellsOf(text: string): string {
  return text.replaceAll(/ *\| */g, "|").replaceAll(/-{3,}/g, "---").replaceAll(/\s+/g, " ").trim();
}

Deno.test("docs/settings.md is made from the settings; else run `deno task docs`", () => {
  assertEquals(cellsOf(Deno.readTextFileSync(SETTINGS_PAGE)), cellsOf(settingsPage()));
});

Deno.test("every setting has a topic and a description", () => {
  const names = SETTING_TOPICS.flatMap((topic) => topic.names);
  assertEquals(names, Object.keys(SETTINGS) as SettingName[]);
  assertEquals(names.filter((name) => SETTINGS[name].description === ""), []);
});

Deno.test("the README is shorter than 250 lines; longer explanations stand in docs/", () => {
  assert(readme.trimEnd().split("\n").length < 250);
});

/** What begins like a setting and is none: variables that only some starts read, and names in the code. */
const NO_SETTINGS = ["MCP_AUTH", "MCP_PATHS", "MCP_PROBES", "MCP_SERVERS"];

/** The texts of all files under a folder, by their paths from the root. */
function textsUnder(folder: string): [path: string, text: string][] {
  return [...Deno.readDirSync(new URL(`${folder}/`, ROOT))].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    if (isDirectory) return textsUnder(path);
    return /\.(ts|js|md|html)$/.test(name)
      ? [[path, Deno.readTextFileSync(new URL(path, ROOT))] as [string, string]]
      : [];
  });
}

Deno.test("README, docs, messages and comments name only settings that there are", () => {
  const files = SECRET_SETTINGS.map((secret) => `${secret}_FILE`);
  const known = new Set([...Object.keys(SETTINGS), ...files, ...NO_SETTINGS]);
  const texts = [
    ["README.md", readme] as const,
    ...["lib", "doctor", "static", "docs"].flatMap(textsUnder),
  ];
  const unknown = texts.flatMap(([path, text]) =>
    [...text.matchAll(/\bMCP_[A-Z_]*[A-Z]\b/g)].map(String)
      .filter((name) => !known.has(name))
      .map((name) => `${path}: ${name}`)
  );
  assertEquals(unknown, []);
});

Deno.test("the README's endpoints table names every path that the server lists", () => {
  const shown = rowsOf("Endpoints").flatMap(([cell = ""]) =>
    [...cell.matchAll(/\/[\w./-]*/g)].map(String)
  );
  const real = ENDPOINTS.map(({ path }) => path);
  assertEquals([...new Set(shown)].sort(), [...new Set(real)].sort());
});

/** Packages that only some settings need: the file that names the package, and its lock file. */
const OPTIONAL_PACKAGES = [
  ["lib/gateway/remote_transport.ts", "lib/gateway/deno.lock"],
  ["lib/store/redis/client.ts", "lib/store/redis/deno.lock"],
] as const;

Deno.test("a package that only some settings need is locked beside its use, and fetched by no other start", () => {
  const read = (name: string) => Deno.readTextFileSync(new URL(name, ROOT));
  const specifiers = (name: string) => JSON.parse(read(name)).specifiers;
  for (const [file, lock] of OPTIONAL_PACKAGES) {
    const named = [...new Set(read(file).match(/npm:@?[\w/-]+@[\d.]+/g))];
    assertEquals(named.length, 1, file);
    const optional = Object.keys(specifiers(lock)).filter((name) =>
      !(name in specifiers("deno.lock"))
    );
    assertEquals(optional, named);
    for (const [name, version] of Object.entries(specifiers("deno.lock"))) {
      assertEquals(specifiers(lock)[name], version, `${lock}: ${name}`);
    }
  }
  const { command } = JSON.parse(read("deno.json")).tasks.compile;
  const [redis] = read("lib/store/redis/client.ts").match(/npm:[^")]+/) ?? [];
  assertEquals(/--include=(npm:\S+)/.exec(command)?.[1], redis);
});

Deno.test("the lock file names what the import map names, as a first start fetches all of it", () => {
  const read = (name: string) => JSON.parse(Deno.readTextFileSync(new URL(name, ROOT)));
  const imported = Object.values<string>(read("deno.json").imports)
    .map((specifier) => /^npm:\/?((?:@[^/]+\/)?[^/]+)/.exec(specifier)?.[1]);
  const locked = Object.keys(read("deno.lock").specifiers).map((name) => name.slice("npm:".length));
  assertEquals(locked.sort(), [...new Set(imported)].sort());
});

/** The modules that a plain start loads: each costs time, whether it is used or not. */
import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);
/** Modules of `lib/` that a start may load. Load what few starts need with `import()`. */
const MAX_MODULES = 249;
/** What only some settings ask for, or the first request for a page. */
const ON_DEMAND = [
  /^lib\/auth\/create_auth\.ts$/,
  /^lib\/fleet\/fleet\.ts$/,
  /^lib\/gateway\//,
  /^lib\/http\/routes\/(page|connections|operator_actions)/,
  /^lib\/runtime\/(gateway|keys_file|load_features|open_fleet|stdio)/,
  /^lib\/runtime\/half_open\/tcp_probe\.ts$/,
  /^lib\/runtime\/listen\/node_/,
  /^lib\/store\/(kv|redis)\//,
  /^lib\/transport\/stdio\//,
  /^(static|doctor)\//,
];

/** What this test reads of `deno info --json`. */
interface ModuleGraph {
  readonly roots: readonly string[];
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly code?: { readonly specifier?: string };
      readonly isDynamic?: boolean;
    }[];
  }[];
}

/** The modules of the project that an entry point loads at once, by path. */
async function loadedBy(entry: string): Promise<string[]> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-lock", entry],
    cwd: ROOT,
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const { roots, modules }: ModuleGraph = JSON.parse(new TextDecoder().decode(stdout));
  const bySpecifier = new Map(modules.map((module) => [module.specifier, module]));
  const loaded = new Set(roots);
  for (const specifier of loaded) {
    for (const { code, isDynamic } of bySpecifier.get(specifier)?.dependencies ?? []) {
      if (code?.specifier !== undefined && !isDynamic) loaded.add(code.specifier);
    }
  }
  return [...loaded].filter((specifier) => specifier.startsWith(ROOT.href))
    .map((specifier) => specifier.slice(ROOT.href.length));
}

Deno.test("the modules of a plain start are bounded in number, and none is of a feature that is off", async () => {
  const paths = await loadedBy("main.ts");
  const own = paths.filter((path) => path.startsWith("lib/"));
  assert(own.includes("lib/http/app.ts"), "the search finds what is loaded");
  assert(own.length <= MAX_MODULES, `${own.length} modules, at most ${MAX_MODULES}`);
  assertEquals(paths.filter((path) => ON_DEMAND.some((rule) => rule.test(path))), []);
});

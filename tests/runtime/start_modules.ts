/**
 * Writes `lib/runtime/start_modules.ts`, the list of all modules that a plain start loads:
 * `deno task modules`.
 *
 * @module
 */

/** The folder of the project. */
export const ROOT = new URL("../../", import.meta.url);
/** The list. */
export const LIST = "lib/runtime/start_modules.ts";

/** What this file reads of `deno info --json`. */
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

/**
 * The modules of the project that an entry point loads at once, by path from the root.
 *
 * @param without a module whose imports do not count
 */
export async function loadedBy(entry: string, without?: string): Promise<string[]> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-lock", entry],
    cwd: ROOT,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const { roots, modules }: ModuleGraph = JSON.parse(new TextDecoder().decode(stdout));
  const bySpecifier = new Map(modules.map((module) => [module.specifier, module]));
  const loaded = new Set(roots);
  for (const specifier of loaded) {
    if (without !== undefined && specifier === new URL(without, ROOT).href) continue;
    for (const { code, isDynamic } of bySpecifier.get(specifier)?.dependencies ?? []) {
      if (code?.specifier !== undefined && !isDynamic) loaded.add(code.specifier);
    }
  }
  return [...loaded].filter((specifier) => specifier.startsWith(ROOT.href))
    .map((specifier) => specifier.slice(ROOT.href.length));
}

/** The modules that the list has to name, in its order. */
export async function modulesToList(): Promise<string[]> {
  const loaded = await loadedBy("main.ts", LIST);
  return loaded.filter((path) => path.startsWith("lib/") && path !== LIST).sort();
}

/** The text of the list. */
export function listModule(paths: readonly string[]): string {
  return [
    "/**",
    " * Every module that a plain start loads. Written by `deno task modules`.",
    " *",
    " * Perf: Deno decodes the source map of each module that is the first to import another, and reads",
    " * the map of this list faster than those of a hundred modules.",
    " *",
    " * @module",
    " */",
    ...paths.map((path) =>
      `import "${path.replace(/^lib\/(runtime\/)?/, (_, own) => own ? "./" : "../")}";`
    ),
    "",
  ].join("\n");
}

/** The paths in the text of the list. */
export function listedIn(text: string): string[] {
  return [...text.matchAll(/^import "(.+)";$/gm)].map(([, specifier = ""]) =>
    new URL(specifier, new URL(LIST, ROOT)).href.slice(ROOT.href.length)
  );
}

if (import.meta.main) {
  await Deno.writeTextFile(new URL(LIST, ROOT), listModule(await modulesToList()));
}

/**
 * Writes `lib/http/routes/page_files.ts`, the list of all files that a page can load:
 * `deno task pages`.
 *
 * @module
 */

const ROOT = new URL("../../", import.meta.url);
/** The list, which is a module so that its texts travel inside a compiled binary. */
export const LIST = new URL("lib/http/routes/page_files.ts", ROOT);
/** Folders whose files are served, with a pattern for the files. */
const SERVED = { static: /./, doctor: /\.js$/ };

const LINE_WIDTH = 100;

/** Every file that is served, by its path from the root. */
export function servedFiles(): string[] {
  return Object.entries(SERVED).flatMap(([folder, pattern]) =>
    filesUnder(folder).filter((path) => pattern.test(path))
  ).sort();
}

/** The text of the module that lists these files. */
export function listModule(paths: readonly string[]): string {
  const imports = paths.map((path) => {
    const line = `import ${nameOf(path)} from "../../../${path}" with { type: "text" };`;
    return line.length <= LINE_WIDTH
      ? line
      : line.replace('{ type: "text" }', '{\n  type: "text",\n}');
  });
  const entries = paths.map((path) => `  ${JSON.stringify(path)}: ${nameOf(path)},`);
  return [
    "/**",
    " * Every file that a page can load, by its path from the root. Written by `deno task pages`.",
    " *",
    " * @module",
    " */",
    ...imports,
    "",
    "export const PAGE_FILES: Readonly<Record<string, string>> = {",
    ...entries,
    "};",
    "",
  ].join("\n");
}

function filesUnder(folder: string): string[] {
  return [...Deno.readDirSync(new URL(`${folder}/`, ROOT))].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesUnder(`${folder}/${name}`) : [`${folder}/${name}`]
  );
}

/** `static/ui/event_log.js` becomes `staticUiEventLogJs`. */
function nameOf(path: string): string {
  return path.replace(/[^a-z0-9]+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

if (import.meta.main) await Deno.writeTextFile(LIST, listModule(servedFiles()));

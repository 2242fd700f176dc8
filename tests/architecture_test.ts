/** The rules of the house (docs/architecture.md), read from the source files. */
import { assert, assertEquals } from "@std/assert";

/** Folders of lib/ by floor, lowest first; folders on one floor do not import each other. */
const FLOORS: readonly (readonly string[])[] = [
  ["base"],
  ["auth", "wire"],
  ["registry", "store", "stream"],
  ["fleet", "mcp", "middleware", "tools"],
  ["gateway", "transport"],
  ["http"],
  ["runtime", "testing"],
];
const MAX_LINES = 300;
const MAX_FUNCTION_LINES = 50;
/** Most files directly in a folder, besides those in its rooms. */
const MAX_FILES: Readonly<Record<string, number>> = { "lib/http": 12, "lib/transport": 10 };
/** Share of the exports of lib/ that have a doc comment. */
const MIN_DOCUMENTED = 0.9;

/** Which rooms of a folder import from which others; all other rooms are held apart. */
const ROOM_ARROWS: Readonly<Record<string, readonly string[]>> = {
  "lib/http": ["routes → steps", "routes → metrics", "steps → metrics"],
  "lib/mcp": [
    "ask → methods",
    "methods → ask",
    "methods → session",
    "session → ask",
  ],
  "lib/runtime": ["listen → half_open"],
  "lib/stream": [],
  // A modern request is a stateless one with its own checks; stdio and the plain dialect tell
  // modern messages from others.
  "lib/transport": [
    "http_sse → stream_session",
    "modern → stateless",
    "plain → modern",
    "plain → stream_session",
    "stateless → modern",
    "stdio → modern",
  ],
};

const ROOT = new URL("../", import.meta.url);

/** A source file and what it imports, as paths from the root such as `lib/wire/sse.ts`. */
interface SourceFile {
  readonly path: string;
  /** Without its comment lines. */
  readonly code: string;
  readonly lines: number;
  readonly imports: readonly string[];
}

const IMPORT_REGEXP = /\b(?:import|export)\b[^"';]*?\bfrom\s*"([^"]+)"|\bimport\s*\(?\s*"([^"]+)"/g;

function readSource(path: string): SourceFile {
  const url = new URL(path, ROOT);
  const text = Deno.readTextFileSync(url);
  const lines = text.split("\n");
  const code = lines.filter((line) => !/^\s*(\/\/|\/\*|\*)/.test(line)).join("\n");
  const imports = [...code.matchAll(IMPORT_REGEXP)]
    .map(([, from, bare]) => from ?? bare ?? "")
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => new URL(specifier, url).href.slice(ROOT.href.length));
  return { path, code, lines: lines.length - 1, imports };
}

function pathsUnder(folder: string): string[] {
  return [...Deno.readDirSync(new URL(`${folder}/`, ROOT))].flatMap(({ name, isDirectory }) =>
    isDirectory ? pathsUnder(`${folder}/${name}`) : [`${folder}/${name}`]
  );
}

/** Every source file of lib/, and the composition root. */
const FILES = [...pathsUnder("lib").filter((path) => path.endsWith(".ts")), "main.ts"]
  .filter((path) => !path.endsWith(".d.ts"))
  .map(readSource);

/** Folders whose scripts run in a browser, lowest floor first. */
const BROWSER_FLOORS = [
  "static/shared",
  "doctor/engine",
  "doctor",
  "static/client/sign_in",
  "static/client/dialects",
  "static/client",
  "static/ui",
];

/** Every script that runs in a browser, and the doctor's command line. */
const BROWSER_FILES = [...pathsUnder("static"), ...pathsUnder("doctor")]
  .filter((path) => path.endsWith(".js"))
  .map(readSource);
const DOCTOR_FILES = pathsUnder("doctor").filter((path) => path.endsWith(".ts")).map(readSource);

/** Where a script of the pages stands; the pages' own stand on top. */
function browserFloorOf(path: string): { readonly folder: string; readonly floor: number } {
  const folder = path.slice(0, path.lastIndexOf("/"));
  const floor = BROWSER_FLOORS.indexOf(folder);
  return { folder, floor: floor === -1 ? BROWSER_FLOORS.length : floor };
}

/** Folder of a path in lib/; `top` for what stands on the top floor. */
function folderOf(path: string): string {
  return /^lib\/([^/]+)\//.exec(path)?.[1] ?? "top";
}

function floorOf(folder: string): number {
  return folder === "top" ? FLOORS.length : FLOORS.findIndex((floor) => floor.includes(folder));
}

Deno.test("the reader of imports sees value, type, re-exporting, dynamic and bare imports", () => {
  const code = [
    'import a, { type B } from "./a.ts";',
    'import type { C } from "./c.ts";',
    "import {",
    "  d,",
    '} from "./d.ts";',
    'export { e } from "./e.ts";',
    'export type * from "./f.ts";',
    'import "./g.ts";',
    'const h = await import("./h.ts");',
  ].join("\n");
  const found = [...code.matchAll(IMPORT_REGEXP)].map(([, from, bare]) => from ?? bare);
  assertEquals(found, [..."acdefgh"].map((name) => `./${name}.ts`));
});

Deno.test("every folder of lib/ has its floor, and every floor its folders", () => {
  const folders = new Set(FILES.map(({ path }) => folderOf(path)));
  folders.delete("top");
  assertEquals([...folders].sort(), FLOORS.flat().sort());
});

Deno.test("a file imports only from its own folder or from a floor below", () => {
  const wrong = FILES.flatMap(({ path, imports }) =>
    imports.filter((target) => target.startsWith("lib/") || target === "main.ts")
      .filter((target) => {
        const [from, to] = [folderOf(path), folderOf(target)];
        return from !== to && floorOf(to) >= floorOf(from);
      })
      .map((target) => `${path} → ${target}`)
  );
  assertEquals(wrong, []);
});

Deno.test("nothing in lib/ imports from outside lib/, but the manifest and the texts of the pages", () => {
  const outside = FILES.filter(({ path }) => path.startsWith("lib/"))
    .flatMap(({ path, imports }) =>
      imports.filter((target) => !target.startsWith("lib/")).map((target) => ({ path, target }))
    );
  assert(outside.length > 0);
  const unknown = outside.filter(({ path, target }) =>
    target !== "deno.json" && !path.endsWith("/page_files.ts")
  );
  assertEquals(unknown, []);
  const texts = FILES.filter(({ path }) => path.endsWith("/page_files.ts"));
  assertEquals(texts.length, 1);
  for (const { code, imports } of texts) {
    assertEquals(imports.length, code.match(/with \{\s*type: "text",?\s*\}/g)?.length);
  }
});

Deno.test("pages and doctor import only from their own folder or from a floor below", () => {
  const wrong = BROWSER_FILES.flatMap(({ path, imports }) =>
    imports.filter((target) => {
      const [from, to] = [browserFloorOf(path), browserFloorOf(target)];
      return from.folder !== to.folder && to.floor >= from.floor;
    }).map((target) => `${path} → ${target}`)
  );
  assertEquals(wrong, []);
});

Deno.test("only the doctor's command line imports from lib/, and of that what has no floor above base/", () => {
  const importing = [...BROWSER_FILES, ...DOCTOR_FILES]
    .flatMap(({ path, imports }) =>
      imports.filter((target) => target.startsWith("lib/")).map((target) => ({ path, target }))
    );
  assert(importing.length > 0);
  const wrong = importing.filter(({ path, target }) =>
    !/^doctor\/\w+\.ts$/.test(path) || !target.startsWith("lib/base/")
  );
  assertEquals(wrong, []);
});

Deno.test("the doctor's engine and the pages name no runtime", () => {
  const naming = BROWSER_FILES.filter(({ code }) => /\b(Deno|process|node:)\b/.test(code));
  assertEquals(naming.map(({ path }) => path), []);
});

/** The folder and the room of a path such as `lib/http/steps/guard.ts`. */
function roomOf(path: string): { readonly folder: string; readonly room: string } | undefined {
  const [, folder, room] = /^(lib\/[^/]+)\/([^/]+)\//.exec(path) ?? [];
  return folder === undefined || room === undefined ? undefined : { folder, room };
}

Deno.test("the rooms of a folder are held apart, but for the arrows that are listed", () => {
  const arrows = FILES.flatMap(({ path, imports }) => {
    const from = roomOf(path);
    return imports.flatMap((target) => {
      const to = roomOf(target);
      if (from === undefined || from.folder !== to?.folder || from.room === to.room) return [];
      return [{ folder: from.folder, arrow: `${from.room} → ${to.room}`, path, target }];
    });
  });
  assert(arrows.length > 0);
  const wrong = arrows.filter(({ folder, arrow }) => !ROOM_ARROWS[folder]?.includes(arrow));
  assertEquals(wrong.map(({ path, target }) => `${path} → ${target}`), []);
  const used = new Set(arrows.map(({ folder, arrow }) => `${folder}: ${arrow}`));
  const listed = Object.entries(ROOM_ARROWS)
    .flatMap(([folder, list]) => list.map((arrow) => `${folder}: ${arrow}`));
  assertEquals(listed.filter((arrow) => !used.has(arrow)), [], "listed, but not there");
});

for (const [folder, most] of Object.entries(MAX_FILES)) {
  Deno.test(`${folder}/ has at most ${most} files outside its rooms`, () => {
    const files = FILES.filter(({ path }) =>
      path.startsWith(`${folder}/`) && roomOf(path) === undefined
    );
    assert(files.length <= most, `${files.length} files`);
  });
}

Deno.test("no type is asserted by way of `unknown`, but where node:http's requests are made web ones", () => {
  const wrong = FILES.filter(({ path, code }) =>
    /\bas unknown as\b/.test(code) && !path.startsWith("lib/runtime/listen/node_")
  );
  assertEquals(wrong.map(({ path }) => path), []);
});

Deno.test("nobody asks for the class of a stream or a session, or asserts it", () => {
  const halves = "(\\w*Stream|\\w*Session|\\w*Driver|\\w*Dialect|\\w*Connection)\\b";
  const asking = new RegExp(`\\binstanceof ${halves}|\\bas (?!const\\b)${halves}(?!\\w* from)`);
  const wrong = FILES.filter(({ path, code }) =>
    /^lib\/(stream|transport|mcp|http)\//.test(path) && asking.test(code)
  );
  assertEquals(wrong.map(({ path }) => path), []);
});

Deno.test("no file imports itself through others, types included", () => {
  const importsOf = new Map(FILES.map(({ path, imports }) => [path, imports]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(" → "));
      return;
    }
    if (done.has(path)) return;
    for (const target of importsOf.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const { path } of FILES) visit(path, []);
  assertEquals(cycles, []);
});

Deno.test("every import of a file names a file that is there", () => {
  const known = new Set(FILES.map(({ path }) => path));
  const missing = FILES.flatMap(({ imports }) =>
    imports.filter((target) => target.endsWith(".ts") && !known.has(target))
  );
  assertEquals(missing, []);
});

Deno.test("`Deno.` is named only in lib/runtime/, lib/serve.ts and main.ts", () => {
  const naming = FILES.filter(({ code }) => /\bDeno\b/.test(code)).map(({ path }) => path);
  assert(naming.includes("lib/runtime/listen/deno_listener.ts"), "the search finds it where it is");
  const wrong = naming.filter((path) =>
    folderOf(path) !== "runtime" && path !== "main.ts" && path !== "lib/serve.ts"
  );
  assertEquals(wrong, []);
});

Deno.test("the methods, and what is below them, know no Request and no Response", () => {
  const wrong = FILES.filter(({ path }) =>
    /^lib\/(mcp|tools|registry|wire|base|store)\//.test(path)
  )
    .filter(({ code }) => /\bnew (Request|Response)\b|: (Request|Response)\b/.test(code))
    .map(({ path }) => path);
  assertEquals(wrong, []);
});

Deno.test(`no file of lib/, of the pages and of the doctor is longer than ${MAX_LINES} lines`, () => {
  const long = [...FILES, ...BROWSER_FILES, ...DOCTOR_FILES]
    .filter(({ path, lines }) => path !== "main.ts" && lines > MAX_LINES);
  assertEquals(long.map(({ path, lines }) => `${path}: ${lines}`), []);
});

/** The functions in a formatted text: the line of each body's start, and its length in lines. */
function functionsIn(text: string): { readonly line: number; readonly length: number }[] {
  const lines = text.split("\n");
  return lines.flatMap((line, start) => {
    const opens = /(=>|\)(: [^{}]*)?) \{$/.test(line) &&
      !/^\s*(\} )?(if|for|while|switch|else|catch|class|interface)\b/.test(line);
    if (!opens) return [];
    const end = `${/^\s*/.exec(line)?.[0] ?? ""}}`;
    const length = lines.slice(start + 1).findIndex((other) => other.startsWith(end)) + 2;
    return [{ line: start + 1, length }];
  });
}

Deno.test("the search for functions sees those with and without a name, and no blocks", () => {
  const text = [
    "export function one(",
    "  text: string,",
    "): void {",
    "  if (text) {",
    "  }",
    "}",
    "class A {",
    "  two(): void {",
    "  }",
    "}",
    "const three = () => {",
    "};",
  ].join("\n");
  assertEquals(functionsIn(text), [
    { line: 3, length: 4 },
    { line: 8, length: 2 },
    { line: 11, length: 2 },
  ]);
});

Deno.test(`no function is longer than ${MAX_FUNCTION_LINES} lines`, () => {
  const long = FILES.flatMap(({ path }) =>
    functionsIn(Deno.readTextFileSync(new URL(path, ROOT)))
      .filter(({ length }) => length > MAX_FUNCTION_LINES)
      .map(({ line, length }) => `${path}:${line}: ${length}`)
  );
  assertEquals(long, []);
});

Deno.test("files are named in snake_case and export nothing by default", () => {
  assertEquals(
    FILES.filter(({ path }) => !/^[a-z0-9_/]+\.ts$/.test(path)).map(({ path }) => path),
    [],
  );
  const wrong = FILES.filter(({ code }) => /^export default\b|\bas default\b/m.test(code));
  assertEquals(wrong.map(({ path }) => path), []);
});

/** The entry points of the library, and the program. */
const ENTRY_POINTS = ["lib/mod.ts", "lib/serve.ts", "lib/testing.ts", "main.ts"];

const NAMED_IMPORT_REGEXP = /\b(?:import|export)\s+(?:type\s+)?\{([^}]*)\}\s+from\s+"([^"]+)"/g;
const WHOLE_IMPORT_REGEXP = /\bimport\(\s*"([^"]+)"|\bimport \* as \w+ from "([^"]+)"/g;

/** Names that a file imports, each as `path: name`; `path: *` for a file that it imports whole. */
function importedNames(path: string, code: string): string[] {
  const at = (specifier: string) =>
    new URL(specifier, new URL(path, ROOT)).href.slice(ROOT.href.length);
  const named = [...code.matchAll(NAMED_IMPORT_REGEXP)].flatMap(([, names = "", from = ""]) =>
    [...names.matchAll(/(?:^|,)\s*(?:type\s+)?(\w+)/g)].map(([, name]) => `${at(from)}: ${name}`)
  );
  const whole = [...code.matchAll(WHOLE_IMPORT_REGEXP)].map(([, dynamic, all]) =>
    `${at(dynamic ?? all ?? "")}: *`
  );
  return [...named, ...whole];
}

Deno.test("the reader of names sees those that are renamed, typed, re-exported and loaded later", () => {
  const code = [
    'import { a, type B, c as d } from "./x.ts";',
    'export type { E } from "../y.ts";',
    'const { f } = await import("./z.ts");',
  ].join("\n");
  assertEquals(importedNames("lib/base/one.ts", code), [
    ...["a", "B", "c"].map((name) => `lib/base/x.ts: ${name}`),
    "lib/y.ts: E",
    "lib/base/z.ts: *",
  ]);
});

Deno.test("every exported value is imported by another file, or is public", () => {
  const others = ["tests", "doctor", "docs/examples"].flatMap(pathsUnder)
    .filter((path) => path.endsWith(".ts")).map(readSource);
  const used = new Set(
    [...FILES, ...others].flatMap(({ path, code }) => importedNames(path, code)),
  );
  const exported = FILES.filter(({ path }) => !ENTRY_POINTS.includes(path))
    .flatMap(({ path, code }) =>
      [...code.matchAll(/^export (?:abstract |async )*(?:const|function\*?|class) (\w+)/gm)]
        .map(([, name]) => ({ path, name }))
    );
  assert(exported.length > 0);
  const dead = exported.filter(({ path, name }) =>
    !used.has(`${path}: ${name}`) && !used.has(`${path}: *`)
  );
  assertEquals(dead.map(({ path, name }) => `${path}: ${name}`), []);
});

/** The exports of some files, by file. */
async function exportsOf(paths: readonly string[]): Promise<DocJson["nodes"]> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", ...paths],
    cwd: ROOT,
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return (JSON.parse(new TextDecoder().decode(stdout)) as DocJson).nodes;
}

Deno.test("everything that lib/mod.ts exports has a doc comment", async () => {
  const symbols = Object.values(await exportsOf(["lib/mod.ts"])).flatMap((node) => node.symbols);
  assert(symbols.some(({ name }) => name === "createApp"));
  const bare = symbols.filter(({ declarations }) => !declarations.some(({ jsDoc }) => jsDoc?.doc));
  assertEquals(bare.map(({ name }) => name), []);
});

Deno.test(`at least ${MIN_DOCUMENTED * 100} % of what lib/ exports has a doc comment`, async () => {
  const paths = FILES.map(({ path }) => path).filter((path) => path.startsWith("lib/"));
  const own = Object.entries(await exportsOf(paths)).flatMap(([url, { symbols }]) =>
    symbols.map(({ name, declarations }) => ({
      name: `${url.slice(ROOT.href.length)}: ${name}`,
      declarations: declarations.filter(({ location, kind }) =>
        kind !== "reference" && location.filename === url
      ),
    })).filter(({ declarations }) => declarations.length > 0)
  );
  const bare = own.filter(({ declarations }) => !declarations.some(({ jsDoc }) => jsDoc?.doc));
  const share = 1 - bare.length / own.length;
  assert(share >= MIN_DOCUMENTED, `${share}: ${bare.map(({ name }) => name).join(", ")}`);
});

/** What this test reads of `deno doc --json`. */
interface DocJson {
  readonly nodes: Readonly<
    Record<string, {
      readonly symbols: readonly {
        readonly name: string;
        readonly declarations: readonly {
          readonly kind: string;
          readonly location: { readonly filename: string };
          readonly jsDoc?: { readonly doc?: string };
        }[];
      }[];
    }>
  >;
}

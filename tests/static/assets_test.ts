/**
 * The pages as files: nothing inline, nothing from elsewhere, nothing missing, and no way for what
 * a server sends to become markup.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { ASSETS } from "../../lib/http/routes/pages.ts";
import { testApp } from "../helpers/app.ts";
import { LIST, listModule, servedFiles } from "./page_files.ts";

/** The name of the SVG vocabulary; browsers do not fetch it, and a separate image needs it. */
const SVG_NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"';

interface Tag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** Text between this tag and the next. */
  readonly textAfter: string;
}

Deno.test("the list of page files is as `deno task pages` writes it", async () => {
  assertEquals(await Deno.readTextFile(LIST), listModule(servedFiles()));
});

Deno.test("ASSETS holds every file of static/ and the doctor's scripts, with their texts", async () => {
  const root = new URL("../../", import.meta.url);
  const files = servedFiles();
  assert(files.includes("static/sse-test.html") && files.includes("doctor/engine/examine.js"));
  assertEquals(ASSETS.size, files.length);
  for (const path of files) {
    const url = path.endsWith(".html") ? `/${path.split("/").at(-1)}` : `/${path}`;
    assertEquals(ASSETS.get(url)?.text, await Deno.readTextFile(new URL(path, root)), url);
  }
});

Deno.test("GET of every asset answers with its type and a CSP that allows no inline code", async () => {
  using app = testApp();
  for (const [path, { type }] of ASSETS) {
    const response = await app.request(path);
    assertEquals(response.status, 200, path);
    assertEquals(response.headers.get("content-type"), type);
    const policy = response.headers.get("content-security-policy") ?? "";
    assertMatch(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
    assertNotMatch(policy, /unsafe|https?:|\*/);
    assertEquals(response.headers.get("x-content-type-options"), "nosniff");
    await response.body?.cancel();
  }
});

Deno.test("GET of an asset the browser has already is a 304 without a body", async () => {
  using app = testApp();
  const first = await app.request("/static/style.css");
  await first.body?.cancel();
  const etag = first.headers.get("etag") ?? "";
  const again = await app.request("/static/style.css", { headers: { "if-none-match": etag } });
  assertEquals(again.status, 304);
  assertEquals(await again.text(), "");
});

Deno.test("Pages hold no inline script, no inline style and no event handler attribute", () => {
  for (const [path, html] of assetsOfType("html")) {
    for (const { name, attributes, textAfter } of tagsOf(html)) {
      assert(name !== "style", `${path}: <style>`);
      if (name === "script") {
        assert(attributes.has("src"), `${path}: <script> without src`);
        assertEquals(textAfter.trim(), "", `${path}: text in <script>`);
      }
      for (const [attribute, value] of attributes) {
        assert(!/^(on|style$|srcdoc$)/i.test(attribute), `${path}: ${attribute} on <${name}>`);
        assertNotMatch(value, /^\s*javascript:/i);
      }
    }
  }
});

Deno.test("Assets refer to no other host", () => {
  for (const [path, { text }] of ASSETS) {
    const rest = path === "/static/icon.svg" ? text.replace(SVG_NAMESPACE, "") : text;
    assertNotMatch(rest, /\b(?:https?|wss?|ftp):\/\//i, path);
    assertNotMatch(rest, /["'(=]\s*\/\/[a-z0-9[]/i, `${path}: a URL that begins with //`);
  }
});

Deno.test("Scripts have no way to turn text into markup or code", () => {
  for (const [path, script] of assetsOfType("js")) {
    assertNotMatch(
      script,
      /innerHTML|outerHTML|insertAdjacentHTML|setHTML|document\.write|createContextualFragment|DOMParser|srcdoc|\beval\b|new Function|setTimeout\(\s*["'`]/,
      path,
    );
  }
});

Deno.test("Scripts use nothing that is newer than the stated browsers (docs/pages.md)", () => {
  const newer =
    /\b(Promise\.try|RegExp\.escape|Error\.isError|Math\.sumPrecise|Iterator\.|fromBase64|toBase64|fromHex|toHex|moveBefore|URLPattern|scheduler\.|CloseWatcher|Temporal\.)|\b(await )?using \w+ =/;
  for (const [path, script] of assetsOfType("js")) {
    assertNotMatch(withoutComments(script), newer, path);
  }
});

Deno.test("Everything that pages, scripts and styles load is an asset", () => {
  const loaded: [string, string][] = [];
  for (const [path, html] of assetsOfType("html")) {
    for (const { name, attributes } of tagsOf(html)) {
      const target = name === "link" ? attributes.get("href") : attributes.get("src");
      if (target !== undefined) loaded.push([path, target]);
    }
  }
  for (const [path, text] of assetsOfType("js")) {
    const script = text.replace(/\/\*.*?\*\//gs, "");
    assertNotMatch(
      withoutComments(script),
      /\bimport\(|^export\b.*\bfrom\b/m,
      `${path}: a load that is not looked at`,
    );
    for (const target of importsOf(script)) loaded.push([path, target]);
  }
  for (const [path, style] of assetsOfType("css")) {
    for (const [, target = ""] of style.matchAll(/url\(["']?([^)"']+)/g)) {
      loaded.push([path, target]);
    }
  }
  assert(loaded.length > 20);
  for (const [from, target] of loaded) {
    const { pathname } = new URL(target, `http://localhost${from}`);
    assert(ASSETS.has(pathname), `${from} loads ${target}, which is no asset`);
  }
});

Deno.test("Pages name each id once, and labels and descriptions point to ids that are there", () => {
  for (const [path, html] of assetsOfType("html")) {
    const tags = tagsOf(html);
    const ids = tags.flatMap(({ attributes }) => attributes.get("id") ?? []);
    assertEquals(ids.length, new Set(ids).size, `${path}: an id twice`);
    for (const { attributes } of tags) {
      for (const reference of ["for", "aria-labelledby", "aria-describedby"]) {
        for (const id of attributes.get(reference)?.split(" ") ?? []) {
          assert(ids.includes(id), `${path}: ${reference}="${id}" points nowhere`);
        }
      }
    }
  }
});

Deno.test("Every field of a page has a label", () => {
  for (const [path, html] of assetsOfType("html")) {
    const tags = tagsOf(html);
    const labelled = new Set(tags.flatMap(({ attributes }) => attributes.get("for") ?? []));
    for (const { name, attributes } of tags) {
      if (!["input", "select", "textarea"].includes(name)) continue;
      assert(labelled.has(attributes.get("id") ?? ""), `${path}: <${name}> without a label`);
    }
  }
});

Deno.test("Scripts look only for ids that every page which loads them has", () => {
  let looks = 0;
  for (const [path, html] of assetsOfType("html")) {
    const ids = tagsOf(html).flatMap(({ attributes }) => attributes.get("id") ?? []);
    for (const script of scriptsOf(html)) {
      const text = ASSETS.get(script)?.text ?? "";
      for (const [, id = ""] of text.matchAll(/\bbyId\("([^"]+)"/g)) {
        assert(ids.includes(id), `${script} looks for #${id}, which ${path} lacks`);
        looks++;
      }
    }
  }
  assert(looks > 20);
});

Deno.test("Every script is loaded by a page", () => {
  const loaded = new Set(assetsOfType("html").flatMap(([, html]) => [...scriptsOf(html)]));
  assertEquals([...loaded].sort(), assetsOfType("js").map(([path]) => path).sort());
});

/** The scripts of a page, and all that they import. */
function scriptsOf(html: string): Set<string> {
  const found = new Set<string>();
  const visit = (target: string, from: string): void => {
    const { pathname } = new URL(target, `http://localhost${from}`);
    if (found.has(pathname)) return;
    found.add(pathname);
    for (const next of importsOf(ASSETS.get(pathname)?.text ?? "")) visit(next, pathname);
  };
  for (const { name, attributes } of tagsOf(html)) {
    if (name === "script") visit(attributes.get("src") ?? "", "/");
  }
  return found;
}

function importsOf(script: string): string[] {
  return [...script.matchAll(/^import\s[^"';]*?"([^"]+)";/gm)].map(([, target = ""]) => target);
}

function assetsOfType(ending: string): [string, string][] {
  const found = [...ASSETS].filter(([path]) => path.endsWith(`.${ending}`))
    .map(([path, { text }]): [string, string] => [path, text]);
  assert(found.length > 0);
  return found;
}

function tagsOf(html: string): Tag[] {
  const tags = html.replace(/<!--.*?-->/gs, "")
    .matchAll(
      /<([a-z][\w-]*)((?:\s+[^\s=>"']+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>"']+))?)*)\s*\/?>([^<]*)/gi,
    );
  return [...tags].map(([, name = "", attributes = "", textAfter = ""]) => ({
    name: name.toLowerCase(),
    attributes: attributesOf(attributes),
    textAfter,
  }));
}

function attributesOf(text: string): Map<string, string> {
  const found = text.matchAll(/([^\s=>"']+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+)))?/g);
  return new Map(
    [...found].map(([, name = "", double, single, bare]) => [
      name.toLowerCase(),
      double ?? single ?? bare ?? "",
    ]),
  );
}

/** Types in JSDoc comments are imported without being loaded. */
function withoutComments(script: string): string {
  return script.replace(/\/\*\*[\s\S]*?\*\//g, "");
}

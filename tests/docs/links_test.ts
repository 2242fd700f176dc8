/** Links between the documents lead somewhere. */
import { assertEquals, assertGreater } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);
const LINK_REGEXP = /\]\(([^)\s]+)\)/g;

function documentsUnder(folder: string): string[] {
  return [...Deno.readDirSync(new URL(folder, ROOT))].flatMap(({ name, isDirectory }) => {
    if (isDirectory) return documentsUnder(`${folder}${name}/`);
    return name.endsWith(".md") ? [`${folder}${name}`] : [];
  });
}

function read(url: URL): string {
  return Deno.readTextFileSync(url);
}

/** The anchors of a document's headings, as GitHub makes them. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
  );
}

/** The fault of a link, if it has one. */
function faultOf(from: URL, target: string): string | undefined {
  const url = new URL(target, from);
  const anchor = url.hash.slice(1);
  url.hash = "";
  try {
    const { isFile } = Deno.statSync(url);
    if (anchor === "" || !isFile) return undefined;
  } catch {
    return "is not there";
  }
  return anchorsOf(read(url)).includes(anchor) ? undefined : "has no such heading";
}

const DOCUMENTS = [
  "README.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  ...documentsUnder("docs/"),
  ...documentsUnder("tests/"),
];
const LINKS = DOCUMENTS.flatMap((document) => {
  // Text in a block of code is not a link.
  const text = read(new URL(document, ROOT)).replaceAll(/^```.*?^```/gms, "");
  return [...text.matchAll(LINK_REGEXP)].map(([, target = ""]) => ({ document, target }));
});

Deno.test("the check of links finds what is not there", () => {
  const from = new URL("README.md", ROOT);
  assertEquals(faultOf(from, "docs/none.md"), "is not there");
  assertEquals(faultOf(from, "#no-such-heading"), "has no such heading");
  assertEquals(faultOf(from, "#settings"), undefined);
});

Deno.test("every link between documents leads to a file, and to a heading of it", () => {
  const inside = LINKS.filter(({ target }) => !/^[a-z]+:/.test(target));
  assertGreater(inside.length, 50);
  const faults = inside.flatMap(({ document, target }) => {
    const fault = faultOf(new URL(document, ROOT), target);
    return fault === undefined ? [] : [`${document}: ${target} ${fault}`];
  });
  assertEquals(faults, []);
});

Deno.test("the index of docs/operations names every file there", () => {
  const index = "docs/operations/README.md";
  const named = LINKS.filter(({ document }) => document === index).map(({ target }) => target);
  const files = [...Deno.readDirSync(new URL("docs/operations/", ROOT))].map(({ name }) => name);
  assertEquals(files.filter((name) => name !== "README.md" && !named.includes(name)), []);
});

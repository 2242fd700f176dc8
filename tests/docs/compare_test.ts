/** The figures of docs/examples/compare are those of its files. */
import { assertEquals } from "@std/assert";

const FOLDER = new URL("../../docs/examples/compare/", import.meta.url);

/** Lines with code: no comments, no empty ones. */
function countLines(file: string): number {
  const lines = Deno.readTextFileSync(new URL(file, FOLDER)).split("\n");
  return lines.filter((line) => !/^\s*(\/\/|\/\*|\*|$)/.test(line)).length;
}

Deno.test("the page that compares servers says how many lines each has", () => {
  const page = Deno.readTextFileSync(new URL("README.md", FOLDER));
  const rows = [...page.matchAll(/\]\((\w+\.ts)\)\s*\|\s*(\d+)/g)];
  assertEquals(
    rows.map(([, file, lines]) => [file, Number(lines)]),
    ["lifeline.ts", "sdk.ts", "mcp_lite.ts"].map((file) => [file, countLines(file)]),
  );
});

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { PROTOCOL_VERSIONS } from "../lib/wire/protocol_versions.ts";
import type { Requirement } from "./requirements/requirement.ts";
import { REQUIREMENTS } from "./requirements.ts";

const TESTS_URL = new URL("./", import.meta.url);
/** A test that runs: `Deno.test("name"` or `Deno.test({ name: "name"`, at the start of a line. */
const TEST_REGEXP =
  /^[ \t]*Deno\.test\(\s*(?:\{\s*name:\s*)?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`\\$]*`)/gm;

Deno.test("every requirement is verified by a test or says why it does not bind", () => {
  const bare = REQUIREMENTS.filter(({ verifiedBy, outOfScope }) =>
    (verifiedBy ?? []).length === 0 && (outOfScope ?? "").trim() === ""
  );
  assertEquals(idsOf(bare), []);
});

Deno.test("every test that a requirement names exists", () => {
  const names = testNames();
  const missing = REQUIREMENTS.flatMap(({ id, verifiedBy = [] }) =>
    verifiedBy.filter((name) => !names.has(name)).map((name) => `${id}: ${name}`)
  );
  assertEquals(missing, []);
});

Deno.test("no two requirements share an id", () => {
  const ids = idsOf(REQUIREMENTS);
  assertEquals(ids.filter((id, index) => ids.indexOf(id) !== index), []);
});

Deno.test("every requirement says in which revisions it holds, the first in its id", () => {
  for (const { id, revisions } of REQUIREMENTS) {
    const [first] = id.split("/");
    const known: readonly (string | undefined)[] = PROTOCOL_VERSIONS;
    assert(known.includes(first), `${id} begins with no revision`);
    if (revisions !== undefined) assertEquals([...revisions].sort()[0], first, id);
  }
});

Deno.test("every revision has requirements that tests verify", () => {
  for (const version of PROTOCOL_VERSIONS) {
    const verified = REQUIREMENTS.filter((requirement) =>
      requirement.verifiedBy !== undefined && holdsIn(requirement, version)
    );
    assertNotEquals(verified.length, 0, version);
  }
});

Deno.test("names of tests are read from every form of Deno.test", () => {
  const source = String.raw`
    Deno.test("plain", () => {});
    Deno.test(
      "on a line of its own, with a \"quote\"",
      () => {},
    );
    Deno.test('says "so"', () => {});
    Deno.test({ name: "as an object", fn() {} });
    // Deno.test("commented out", () => {});
    Deno.test.ignore("not run", () => {});`;
  assertEquals([...namesIn(source)], [
    "plain",
    'on a line of its own, with a "quote"',
    'says "so"',
    "as an object",
  ]);
});

function idsOf(requirements: readonly Requirement[]): string[] {
  return requirements.map(({ id }) => id);
}

function holdsIn({ id, revisions }: Requirement, version: string): boolean {
  return revisions === undefined
    ? id.startsWith(`${version}/`)
    : revisions.some((v) => v === version);
}

function testNames(): Set<string> {
  const names = [...testFiles(TESTS_URL)].flatMap((
    url,
  ) => [...namesIn(Deno.readTextFileSync(url))]);
  return new Set(names);
}

function* testFiles(folder: URL): Generator<URL> {
  for (const entry of Deno.readDirSync(folder)) {
    if (entry.isDirectory) yield* testFiles(new URL(`${entry.name}/`, folder));
    else if (isOtherTest(entry.name)) yield new URL(entry.name, folder);
  }
}

/** This file's own tests verify no requirement, and it holds sources that only look like tests. */
function isOtherTest(name: string): boolean {
  return name.endsWith("_test.ts") && name !== "requirements_test.ts";
}

function* namesIn(source: string): Generator<string> {
  for (const [, literal] of source.matchAll(TEST_REGEXP)) {
    if (literal !== undefined) yield textOf(literal);
  }
}

/** What a string literal without substitutions says. */
function textOf(literal: string): string {
  return literal.slice(1, -1).replaceAll(/\\(.)/g, "$1");
}

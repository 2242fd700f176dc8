import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ConfigError } from "../../lib/base/errors.ts";
import { loadTools } from "../../lib/runtime/load_tools.ts";
import { BUILT_IN_TOOLS } from "../../lib/tools/mod.ts";

const FIXTURES = "tests/fixtures/tools";

async function refusal(specifier: string): Promise<string> {
  const { message } = await assertRejects(() => loadTools(specifier), ConfigError);
  assertStringIncludes(message, `MCP_TOOLS=${specifier} (`);
  assertEquals(message.includes("\n    at "), false);
  return message;
}

Deno.test("`loadTools()` takes exported tools and lists of tools, each once, and leaves the rest", async () => {
  const names = (await loadTools(`./${FIXTURES}/good.ts`)).map(({ name }) => name);
  assertEquals(names.sort(), ["hum", "shout", "whisper"]);
});

Deno.test("`loadTools()` takes a path with and without ./, an absolute path and a URL", async () => {
  const url = new URL("../fixtures/tools/good.ts", import.meta.url);
  for (
    const specifier of [`${FIXTURES}/good.ts`, `./${FIXTURES}/good.ts`, url.pathname, url.href]
  ) {
    assertEquals((await loadTools(specifier)).length, 3, specifier);
  }
});

Deno.test("`loadTools()` says which file is missing", async () => {
  const message = await refusal(`./${FIXTURES}/missing.ts`);
  assertStringIncludes(message, "file:///");
  assertStringIncludes(message, "missing.ts");
});

Deno.test("`loadTools()` says what a module threw while it loaded", async () => {
  assertStringIncludes(await refusal(`./${FIXTURES}/throws.ts`), "no database at start");
});

Deno.test("`loadTools()` says why a tool of the module cannot be served", async () => {
  const message = await refusal(`./${FIXTURES}/bad_name.ts`);
  assertStringIncludes(message, '"has blanks"');
});

Deno.test("`loadTools()` refuses a module without tools, and says what to export", async () => {
  assertStringIncludes(await refusal(`./${FIXTURES}/none.ts`), "defineTool()");
});

Deno.test("`loadTools()` refuses what is no module", async () => {
  assert((await refusal("no-such-scheme:tools")).length > 0);
});

Deno.test("`loadTools()` refuses a tool whose name is taken, with the name", async () => {
  const specifier = `./${FIXTURES}/taken_name.ts`;
  const error = await assertRejects(() => loadTools(specifier, BUILT_IN_TOOLS), ConfigError);
  assertStringIncludes(error.message, 'the name of its tool "echo" is taken');
});

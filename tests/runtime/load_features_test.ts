import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { ConfigError } from "../../lib/base/errors.ts";
import { loadFeatures } from "../../lib/runtime/load_features.ts";
import { moduleSpecifiers, toModuleUrl } from "../../lib/runtime/module_url.ts";
import { BUILT_IN_TOOLS } from "../../lib/tools/mod.ts";
import { testApp, toolCall } from "../helpers/app.ts";
import { CapturedLog } from "../helpers/log.ts";

const FIXTURES = "tests/fixtures/tools";

async function refusal(specifier: string): Promise<string> {
  const { message } = await assertRejects(() => loadFeatures([specifier]), ConfigError);
  assertStringIncludes(message, `MCP_TOOLS=${specifier} (`);
  assertEquals(message.includes("\n    at "), false);
  return message;
}

const namesOf = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name).sort();

Deno.test("`loadFeatures()` takes exported tools and lists of tools, each once, and leaves the rest", async () => {
  assertEquals(namesOf((await loadFeatures([`./${FIXTURES}/good.ts`])).tools), [
    "hum",
    "shout",
    "whisper",
  ]);
});

Deno.test("`loadFeatures()` takes features of every kind, alone, in lists, sets, maps and objects, and by default", async () => {
  using _log = new CapturedLog();
  const features = await loadFeatures([`${FIXTURES}/everything.ts`]);
  assertEquals(namesOf(features.tools), [
    "alone",
    "by_default",
    "hum",
    "in_list",
    "in_map",
    "in_mixed",
    "in_nested_list",
    "in_nested_object",
    "in_object",
    "in_set",
    "shout",
    "whisper",
  ]);
  assertEquals(namesOf(features.resources), ["x://motto", "x://two"]);
  assertEquals(namesOf(features.resourceTemplates), ["x://{id}"]);
  assertEquals(namesOf(features.prompts), ["review"]);
});

Deno.test("`loadFeatures()` names what is exported and cannot be served, mistakes as warnings", async () => {
  using log = new CapturedLog();
  await loadFeatures([`${FIXTURES}/everything.ts`]);
  const [mistakes] = log.of("Exports cannot be served");
  assertEquals([mistakes?.level, (mistakes?.fields.exports as string[]).toSorted()], ["WARNING", [
    "later: a promise; await it",
    "mixed[1]: a string",
    "mixed[2]: undefined",
    "plain: a plain definition; pass it to defineTool() or definePrompt()",
    "plainResource: a plain definition; pass it to defineResource()",
  ]]);
  const [others] = log.of("Exports are not served");
  assertEquals([others?.level, (others?.fields.exports as string[]).toSorted()], ["INFO", [
    "helper: a function",
    "schema: an object",
    "version: a string",
  ]]);
});

Deno.test("`loadFeatures()` takes several modules, and nothing where none is named", async () => {
  using _log = new CapturedLog();
  const specifiers = moduleSpecifiers(`./${FIXTURES}/good.ts, ${FIXTURES}/accidents.ts,`);
  assertEquals(namesOf((await loadFeatures(specifiers)).tools).length, 6);
  assertEquals((await loadFeatures(moduleSpecifiers(""))).tools, []);
});

Deno.test("`loadFeatures()` takes a path with and without ./, an absolute path and a URL", async () => {
  const url = new URL("../fixtures/tools/good.ts", import.meta.url);
  for (
    const specifier of [`${FIXTURES}/good.ts`, `./${FIXTURES}/good.ts`, url.pathname, url.href]
  ) {
    assertEquals((await loadFeatures([specifier])).tools.length, 3, specifier);
  }
});

for (
  const name of ["with blank", "with#hash", "with?mark", "with%20percent", "with100%", "größe"]
) {
  Deno.test(`\`loadFeatures()\` loads from a folder named "${name}"`, async () => {
    const folder = await Deno.makeTempDir({ prefix: "lifeline_" });
    try {
      const path = `${folder}/${name}/my ${name}.ts`;
      await Deno.mkdir(`${folder}/${name}`);
      const mod = new URL("../../lib/mod.ts", import.meta.url).href;
      await Deno.writeTextFile(
        path,
        `import { defineTool } from ${JSON.stringify(mod)};
        export default defineTool({ name: "here", description: "Here", run: () => "" });`,
      );
      assertEquals(namesOf((await loadFeatures([path])).tools), ["here"]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

for (
  const [specifier, cwd, url] of [
    ["./a.ts", "/home/me", "file:///home/me/a.ts"],
    ["../a.ts", "/home/me", "file:///home/a.ts"],
    ["a.ts", "/home/me/", "file:///home/me/a.ts"],
    ["/srv/a.ts", "/home/me", "file:///srv/a.ts"],
    ["./a.ts", "/home/c#1/50%", "file:///home/c%231/50%25/a.ts"],
    ["a?b#c%20.ts", "/", "file:///a%3Fb%23c%2520.ts"],
    ["./a:b.ts", "/home", "file:///home/a:b.ts"],
    ["https://example.com/a.ts?x#y", "/home", "https://example.com/a.ts?x#y"],
    ["file:///a%20b.ts", "/home", "file:///a%20b.ts"],
    ["npm:some-tools@1.0.0", "/home", "npm:some-tools@1.0.0"],
    ["C:\\my tools\\a#1.ts", "/home", "file:///C:/my%20tools/a%231.ts"],
    ["d:/tools/a.ts", "C:\\Users\\me", "file:///d:/tools/a.ts"],
    [".\\tools\\a.ts", "C:\\Users\\me", "file:///C:/Users/me/tools/a.ts"],
    ["tools/a.ts", "C:\\Users\\me", "file:///C:/Users/me/tools/a.ts"],
    ["\\\\server\\share\\a.ts", "C:\\Users", "file://server/share/a.ts"],
  ] as const
) {
  Deno.test(`${specifier} in ${cwd} is ${url}`, () => {
    assertEquals(toModuleUrl(specifier, cwd), url);
  });
}

Deno.test("`loadFeatures()` says which file is missing", async () => {
  const message = await refusal(`./${FIXTURES}/missing.ts`);
  assertStringIncludes(message, "file:///");
  assertStringIncludes(message, "missing.ts");
});

Deno.test("`loadFeatures()` says what a module threw while it loaded, and logs where", async () => {
  using log = new CapturedLog();
  assertStringIncludes(await refusal(`./${FIXTURES}/throws.ts`), "no database at start");
  const [line] = log.of("Module threw while it loaded");
  assertMatch(String(line?.fields.stack), /Error: no database at start\n +at .*throws\.ts/);
  assertMatch(String(line?.fields.stack), /\nCaused by: Error: connection refused\n +at /);
});

Deno.test("`loadFeatures()` says why a tool of the module cannot be served", async () => {
  const message = await refusal(`./${FIXTURES}/bad_name.ts`);
  assertStringIncludes(message, '"has blanks"');
});

Deno.test("`loadFeatures()` refuses a module without features, names its exports, and says what to export", async () => {
  const message = await refusal(`./${FIXTURES}/none.ts`);
  assertStringIncludes(message, "defineTool()");
  assertStringIncludes(message, "nothing is an object");
});

Deno.test("`loadFeatures()` refuses what is no module", async () => {
  assert((await refusal("no-such-scheme:tools")).length > 0);
});

Deno.test("`loadFeatures()` refuses a module that is listed twice, however it is written", async () => {
  const url = new URL("../fixtures/tools/good.ts", import.meta.url);
  const twice = [`./${FIXTURES}/good.ts`, url.href];
  const { message } = await assertRejects(() => loadFeatures(twice), ConfigError);
  assertStringIncludes(message, `${url.href}): it is listed twice; list it once`);
});

Deno.test("`loadFeatures()` refuses a tool whose name is taken, with both origins", async () => {
  const specifier = `./${FIXTURES}/taken_name.ts`;
  const builtIn = { tools: BUILT_IN_TOOLS };
  const error = await assertRejects(() => loadFeatures([specifier], builtIn), ConfigError);
  assertStringIncludes(error.message, 'the name of its tool "echo" is taken by a built-in one');
  const copy = new URL("../fixtures/tools/taken_name.ts?copy", import.meta.url).href;
  const twice = await assertRejects(() => loadFeatures([specifier, copy]), ConfigError);
  assertMatch(
    twice.message,
    /taken_name\.ts\?copy \(.*"echo" is taken by one of file:.*taken_name\.ts$/,
  );
});

Deno.test("`loadFeatures()` names the groups of two tools with the same name, too", async () => {
  const [grouped, twice] = [`./${FIXTURES}/grouped.ts`, `./${FIXTURES}/grouped_twice.ts`];
  const both = await assertRejects(() => loadFeatures([grouped, twice]), ConfigError);
  assertMatch(
    both.message,
    /its tool "billing_invoice" of group "billing" is taken by one of group "billing" of file:.*grouped\.ts$/,
  );
  const same = await assertRejects(() => loadFeatures([twice]), ConfigError);
  assertMatch(
    same.message,
    /its tool "billing_invoice" is taken by one of group "billing" of the same module$/,
  );
});

Deno.test("`loadFeatures()` takes middleware and lifespan of modules, for the whole app", async () => {
  const { tools, use, onStart, onStop } = await loadFeatures([
    `${FIXTURES}/good.ts`,
    `${FIXTURES}/pool.ts`,
  ]);
  using app = testApp({ tools, use, onStart, onStop });
  const { result } = await (await app.post("/mcp", toolCall("rows"))).json();
  assertEquals([result.content[0].text, result._meta], ["open: true", { around: "rows" }]);
});

Deno.test("a module whose start fails is named", async () => {
  const specifier = `${FIXTURES}/failing_start.ts`;
  const { onStart } = await loadFeatures([specifier]);
  const { message } = await assertRejects(async () => await onStart!(), ConfigError);
  assertEquals(message, `Cannot start ${specifier}: onStart failed: connection refused`);
});

Deno.test("a `use` that is no list of functions is refused with its module", async () => {
  assertMatch(await refusal(`${FIXTURES}/wrong_use.ts`), /its `use` is not a list of middleware/);
});

Deno.test("`loadFeatures()` says which hook of a module is probably misspelt", async () => {
  using log = new CapturedLog();
  await loadFeatures([`./${FIXTURES}/misspelt_hooks.ts`]);
  assertEquals(log.of("Exports cannot be served")[0]?.fields.exports, [
    "middleware: an empty list; did you mean use?",
    "onStopp: a function; did you mean onStop?",
    "onstart: a function; did you mean onStart?",
  ]);
  assertEquals(log.of("Exports are not served")[0]?.fields.exports, ["helper: a function"]);
});

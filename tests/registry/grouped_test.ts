/** One feature in a group: what it keeps, and what stands around it. */
import { assertEquals, assertRejects } from "@std/assert";
import * as z from "zod";
import {
  definePrompt,
  defineResource,
  defineResourceTemplate,
  defineTool,
  group,
  type Middleware,
} from "../../lib/mod.ts";
import type { ToolContext } from "../../lib/registry/context.ts";
import { middlewareOf } from "../../lib/registry/grouped.ts";
import { CapturedLog } from "../helpers/log.ts";

const ctx = { caller: { address: "127.0.0.1" } } as ToolContext;
const pass: Middleware = (_call, next) => next();

/** One feature of each kind in a group, with these members. */
function groupOf(more: object, use: readonly Middleware[] = []) {
  const { tools, resources, resourceTemplates, prompts } = group("g", {
    use,
    tools: [
      defineTool({
        name: "tool",
        description: "",
        input: z.object({ a: z.string().default("none") }),
        run: ({ a }) => a,
        ...more,
      }),
    ],
    resources: [defineResource({ uri: "x://a", name: "a", read: () => "read", ...more })],
    resourceTemplates: [
      defineResourceTemplate({
        uriTemplate: "x://{id}/b",
        name: "b",
        read: ({ id }) => id,
        ...more,
      }),
    ],
    prompts: [definePrompt({ name: "prompt", run: () => "asked", ...more })],
  }).features;
  return [tools[0]!, resources[0]!, resourceTemplates[0]!, prompts[0]!] as const;
}

Deno.test("a feature of each kind keeps its scopes, tags and switch in a group", () => {
  const sharedOf = (more: object) =>
    groupOf(more).map(({ scopes = [], isListedForAll = false, tags = [], enabled = true }) => ({
      scopes,
      isListedForAll,
      tags,
      enabled,
    }));
  const given = { scopes: ["s"], tags: ["t"], enabled: false };
  assertEquals(
    sharedOf({ ...given, listedFor: "everybody" }),
    Array(4).fill({ ...given, isListedForAll: true }),
  );
  assertEquals(
    sharedOf({ ...given, listedFor: "granted" }),
    Array(4).fill({ ...given, isListedForAll: false }),
  );
  const none = { scopes: [], isListedForAll: false, tags: [], enabled: true };
  assertEquals(sharedOf({}), Array(4).fill(none));
});

Deno.test("a tool keeps its own timeout in a group", () => {
  const tool = defineTool({ name: "a", description: "", timeoutMs: 7, run: () => "" });
  assertEquals(group("g", { tools: [tool] }).features.tools[0]?.timeoutMs, 7);
});

for (const use of [[], [pass]]) {
  Deno.test(`features of a group ${use.length > 0 ? "with" : "without"} middleware answer as they would alone`, async () => {
    const [tool, resource, template, prompt] = groupOf({}, use);
    const content = (words: string) => ({ type: "text", text: words }) as const;
    const contents = (uri: string, words: string) => ({ contents: [{ uri, text: words }] });
    assertEquals(await tool.call({ a: "given" }, ctx), { content: [content("given")] } as never);
    assertEquals(await tool.call(undefined, ctx), { content: [content("none")] } as never);
    assertEquals(await prompt.get(undefined, ctx), {
      messages: [{ role: "user", content: content("asked") }],
    } as never);
    assertEquals(await resource.read("x://a", ctx), contents("x://a", "read") as never);
    assertEquals(await template.read("x://7/b", ctx), contents("x://7/b", "7") as never);
    assertEquals(await template.read("y://7/b", ctx), undefined);
    assertEquals([template.matches("x://7/b"), template.matches("y://7/b")], [true, false]);
  });
}

Deno.test("middleware is not asked for a URI that does not belong to its template", async () => {
  let asked = 0;
  const [, , template] = groupOf({}, [(_call, next) => (asked++, next())]);
  await template.read("y://7/b", ctx);
  assertEquals(asked, 0);
  await template.read("x://7/b", ctx);
  assertEquals(asked, 1);
});

Deno.test("what middleware of a group throws is a result of a tool, masked if asked, and an error of others", async () => {
  using log = new CapturedLog();
  const [tool, resource, template, prompt] = groupOf({}, [function guard() {
    throw new Error("not today");
  }]);
  const { isError, content } = await tool.call({}, ctx) as Record<string, unknown>;
  assertEquals([isError, content], [true, [{ type: "text", text: "not today" }]]);
  assertEquals(await tool.call({}, ctx, false), await tool.call({}, ctx));
  const masked = JSON.stringify(await tool.call({}, ctx, true));
  assertEquals(masked.includes("not today"), false, masked);
  assertEquals(
    log.of("Middleware failed").map(({ fields }) => fields.tool),
    Array(4).fill("g_tool"),
  );
  await assertRejects(async () => await prompt.get({}, ctx), Error, "not today");
  await assertRejects(async () => await resource.read("x://a", ctx), Error, "not today");
  await assertRejects(async () => await template.read("x://7/b", ctx), Error, "not today");
});

Deno.test("the middleware of a feature is that of all its groups, the outermost first", async () => {
  const [inner, outer] = ["inner", "outer"].map((name): Middleware =>
    Object.defineProperty((...[, next]: Parameters<Middleware>) => next(), "name", { value: name })
  );
  const tools = [defineTool({ name: "a", description: "", run: () => "" })];
  const nested = group("o", { use: [outer!], tools: [group("i", { use: [inner!], tools })] });
  const [tool] = nested.features.tools;
  assertEquals(middlewareOf(tool!).map(({ name }) => name), ["outer", "inner"]);
  assertEquals(middlewareOf(tools[0]!), []);
  assertEquals(await tool!.call({}, ctx), { content: [{ type: "text", text: "" }] } as never);
});

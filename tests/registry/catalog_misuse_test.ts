/** A catalog that is changed while its app runs, by a program without types. */
import { assertEquals, assertThrows } from "@std/assert";
import {
  createApp,
  definePrompt,
  defineResource,
  defineResourceTemplate,
  defineTool,
  group,
  RegistrationError,
} from "../../lib/mod.ts";

const tool = defineTool({ name: "t", description: "", tags: ["a"], run: () => "" });
const prompt = definePrompt({ name: "p", run: () => "" });
const resource = defineResource({ uri: "x://r", name: "r", read: () => "" });
const template = defineResourceTemplate({ uriTemplate: "x://{a}", name: "t", read: () => "" });

for (
  const [list, item, says] of [
    ["tools", { name: "x", run: () => "" }, "a plain definition; pass it to defineTool()"],
    ["tools", group("g", { tools: [tool] }), "a group; add its features one by one"],
    ["tools", prompt, "one of the prompts"],
    ["tools", undefined, "undefined"],
    ["tools", Promise.resolve(tool), "a promise; await it"],
    ["prompts", tool, "one of the tools"],
    ["resources", template, "one of the resourceTemplates"],
    ["resourceTemplates", resource, "one of the resources"],
  ] as const
) {
  Deno.test(`${list}.add() refuses ${says}`, () => {
    const app = createApp();
    assertThrows(() => app.catalog[list].add(item as never), RegistrationError, says);
    assertEquals(app.catalog.all(), []);
    app.stop();
  });
}

for (const wrong of [undefined, null, {}, { tags: "a" }, { tag: 5 }, ["t"]]) {
  Deno.test(`${JSON.stringify(wrong)} selects nothing that could be enabled or disabled`, () => {
    const app = createApp({ tools: [tool] });
    const { catalog } = app;
    for (const list of [catalog, catalog.tools]) {
      for (const change of ["enable", "disable"] as const) {
        const says = "give a name, or { tag } with a text";
        assertThrows(() => list[change](wrong as never), TypeError, says);
      }
    }
    assertEquals(catalog.tools.size, 1);
    app.stop();
  });
}

Deno.test("an update of what is no URI is refused where it is told, not when clients are told", () => {
  const app = createApp();
  for (const wrong of [undefined, 5, null]) {
    const says = `resourceUpdated() takes the URI of a resource, not ${wrong}`;
    assertThrows(() => app.catalog.resourceUpdated(wrong as never), TypeError, says);
  }
  app.stop();
});

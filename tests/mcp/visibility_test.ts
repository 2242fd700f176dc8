/** Features that a session shows or hides only for itself. */
import { assertEquals, assertMatch } from "@std/assert";
import {
  createApp,
  defineResource,
  defineResourceTemplate,
  defineTool,
  type Tool,
} from "../../lib/mod.ts";
import { testClient } from "../../lib/testing.ts";
import { SessionVisibility } from "../../lib/registry/visibility.ts";
import { rpc, testApp, toolCall } from "../helpers/app.ts";
import { EventReader } from "../helpers/sse.ts";
import { TestSession } from "../helpers/session.ts";

const tool = (name: string, definition: Partial<Parameters<typeof defineTool>[0]> = {}): Tool =>
  defineTool({ name, description: name, run: () => `${name} ran`, ...definition });

const tools = [
  tool("show_admin", { run: (_input, { session }) => (session?.show("admin"), "shown") }),
  tool("hide_fun", { run: (_input, { session }) => (session?.hide("fun"), "hidden") }),
  tool("show_fun", { run: (_input, { session }) => (session?.show("fun"), "shown") }),
  tool("joke", { tags: ["fun"] }),
  tool("drop", { tags: ["admin"], enabled: false }),
  tool("admin_joke", { tags: ["admin", "fun"], enabled: false }),
];
const resources = [
  defineResource({
    uri: "x://keys",
    name: "keys",
    tags: ["admin"],
    enabled: false,
    read: () => "k",
  }),
];
const resourceTemplates = [
  defineResourceTemplate({
    uriTemplate: "x://logs/{day}",
    name: "logs",
    tags: ["admin"],
    enabled: false,
    read: ({ day }) => day,
  }),
];

async function namesFor(session: TestSession): Promise<string[]> {
  const { result } = await session.ask(rpc("tools/list", {}, crypto.randomUUID()));
  return result.tools.map((each: { name: string }) => each.name).slice(3);
}

Deno.test("a session shows and hides by tag for itself alone, in lists and in calls", async () => {
  using app = testApp({ tools, resources, resourceTemplates });
  const one = await TestSession.open(app);
  const other = await TestSession.open(app);
  assertEquals([await namesFor(one), await namesFor(other)], [["joke"], ["joke"]]);
  assertMatch((await one.ask(toolCall("drop", {}, 2))).error.message, /Unknown tool: drop/);
  await one.ask(toolCall("show_admin", {}, 3));
  assertEquals(await namesFor(one), ["joke", "drop", "admin_joke"]);
  assertEquals(await namesFor(other), ["joke"]);
  assertEquals((await one.ask(toolCall("drop", {}, 4))).result.content[0].text, "drop ran");
  assertMatch((await other.ask(toolCall("drop", {}, 5))).error.message, /Unknown tool/);
  for (const [uri, text] of [["x://keys", "k"], ["X://keys/", "k"], ["x://logs/1", "1"]] as const) {
    const params = rpc("resources/read", { uri }, `${uri} one`);
    assertEquals((await one.ask(params)).result.contents[0].text, text, uri);
    const refused = await other.ask(rpc("resources/read", { uri }, `${uri} other`));
    assertEquals(refused.error.code, -32002, uri);
  }
  await one.ask(toolCall("hide_fun", {}, 6));
  assertEquals([await namesFor(one), await namesFor(other)], [["drop"], ["joke"]]);
  assertMatch((await one.ask(toolCall("joke", {}, 7))).error.message, /Unknown tool/);
  await one.ask(toolCall("show_fun", {}, 8));
  assertEquals(await namesFor(one), ["joke", "drop", "admin_joke"]);
  app.catalog.tools.disable("joke");
  assertEquals([await namesFor(one), await namesFor(other)], [["joke", "drop", "admin_joke"], []]);
});

Deno.test("the client of the session is told that its lists have changed, and no other is", async () => {
  using app = testApp({ tools, resources });
  const one = await TestSession.open(app);
  const other = await TestSession.open(app);
  const [events, others] = await Promise.all(
    [one, other].map(async (session) => new EventReader(await session.listen())),
  );
  await one.ask(toolCall("show_admin", {}, 3));
  const methods: string[] = [];
  while (methods.length < 2) {
    const { json } = (await events!.next())!;
    if (json !== undefined) methods.push(json.method);
  }
  assertEquals(methods, [
    "notifications/tools/list_changed",
    "notifications/resources/list_changed",
  ]);
  app.catalog.resourceUpdated("x://elsewhere");
  app.catalog.prompts.remove("none");
  app.catalog.tools.add(tool("new"));
  let first;
  while (first === undefined) first = (await others!.next())?.json;
  assertEquals(first.method, "notifications/tools/list_changed");
  await events!.leave();
  await others!.leave();
});

Deno.test("a plain stream is a session too", async () => {
  using app = testApp({ tools });
  const { events, send } = await app.open(toolCall("show_admin", {}, 1));
  await events.nextNamed("response");
  await send(toolCall("drop", {}, 2));
  assertEquals((await events.nextNamed("response")).json.result.content[0].text, "drop ran");
  await events.leave();
});

Deno.test("a tool that a session sees still needs its scopes", async () => {
  const guarded = tool("guarded", { tags: ["admin"], enabled: false, scopes: ["admin"] });
  using app = testApp({ tools: [...tools, guarded] });
  const session = await TestSession.open(app, {
    peer: { address: "127.0.0.1", principal: "ada", scopes: [] },
  });
  await session.ask(toolCall("show_admin", {}, 3));
  const response = await session.post(toolCall("guarded", {}, 4));
  assertEquals(response.status, 403);
  await response.body?.cancel();
});

Deno.test("sessions that show the same share a key, whatever the order of their wishes", () => {
  const [a, b] = [new SessionVisibility(), new SessionVisibility()];
  a.show("x");
  a.show("y");
  b.hide("x");
  b.show("y");
  b.show("x");
  assertEquals(a.key, b.key);
  a.hide("y");
  assertEquals(a.key === b.key, false);
});

Deno.test("a session shows and hides at most 100 tags, each a text of at most 200 characters", async () => {
  const failures: string[] = [];
  const fill = tool("fill", {
    run: (_input, { session }) => {
      const attempt = (tag: unknown): void => {
        try {
          session?.show(tag as string);
        } catch (error) {
          failures.push(String(error));
        }
      };
      for (let count = 0; count <= 100; count++) attempt(`tag ${count}`);
      session?.hide("tag 7");
      for (const wrong of ["", "x".repeat(201), undefined, 5]) attempt(wrong);
      return "";
    },
  });
  using app = testApp({ tools: [fill] });
  const session = await TestSession.open(app);
  await session.ask(toolCall("fill", {}, 2));
  const wrong = "TypeError: Cannot show or hide: a tag is a text of 1 to 200 characters";
  assertEquals(failures, [
    'RangeError: Cannot show or hide "tag 100": a session may show and hide 100 tags',
    ...Array(4).fill(wrong),
  ]);
});

Deno.test("a client hears nothing of a tag that its session shows already", async () => {
  await using client = await testClient(createApp({ tools }), { era: "2025-11-25" });
  for (let time = 0; time < 3; time++) await client.call("show_admin");
  await client.call("hide_fun");
  await client.call("hide_fun");
  const heard = client.notifications.map(({ method }) => method);
  assertEquals(heard.filter((method) => method.includes("tools")).length, 2);
});

/** Who is told that a list has changed: the clients that see another list than before. */
import { assertEquals } from "@std/assert";
import { type App, createApp, definePrompt, defineResource, defineTool } from "../../lib/mod.ts";
import { type TestClient, testClient, type TestClientOptions } from "../../lib/testing.ts";
import { ChangeBus } from "../../lib/mcp/changes/change_bus.ts";
import { Catalog } from "../../lib/registry/catalog.ts";
import { until } from "../helpers/until.ts";

const tool = (name: string, definition: { tags?: readonly string[]; enabled?: boolean } = {}) =>
  defineTool({ name, description: name, ...definition, run: () => "" });
const setVisible = (name: "show" | "hide", tag: string) =>
  defineTool({
    name: `${name}_${tag}`,
    description: "Shows or hides what has a tag",
    run: (_input, { session }) => {
      session?.[name](tag);
      return "";
    },
  });

function appWith(): App {
  return createApp({
    tools: [
      ...["extra", "admin", "unknown"].flatMap((tag) => [
        setVisible("show", tag),
        setVisible("hide", tag),
      ]),
      tool("on", { tags: ["extra"] }),
      tool("off", { tags: ["admin"], enabled: false }),
      tool("both", { tags: ["admin", "extra"], enabled: false }),
    ],
    prompts: [definePrompt({ name: "ask", tags: ["extra"], run: () => "" })],
  });
}

/** Clients that have sessions. */
const SESSIONS: Readonly<Record<string, TestClientOptions>> = {
  "2025-11-25": { era: "2025-11-25" },
  "2024-11-05": { era: "2024-11-05" },
  "the plain dialect": { dialect: "plain" },
  "stdio": { dialect: "stdio", era: "2025-11-25" },
};

const LAST = "x://last";

/** The lists of whose changes clients are told while the steps are taken, each in a turn of its own. */
async function told(
  app: App,
  clients: readonly TestClient[],
  steps: readonly (() => unknown)[],
): Promise<string[][]> {
  for (const client of clients) await client.request("resources/subscribe", { uri: LAST });
  for (const step of steps) {
    await step();
    await new Promise<void>((resolve) => setTimeout(resolve));
  }
  app.catalog.resourceUpdated(LAST);
  return await Promise.all(clients.map(async ({ notifications }) => {
    const methods = () => notifications.map(({ method }) => method.split("/").slice(1).join(" "));
    await until(() => methods().includes("resources updated"));
    const seen = methods().slice(0, -1).map((name) => name.replace(" list_changed", ""));
    notifications.length = 0;
    return seen;
  }));
}

for (const [name, options] of Object.entries(SESSIONS)) {
  Deno.test(`a session is told of changes to the features that it sees, and no others: ${name}`, async () => {
    const app = appWith();
    await using one = await testClient(app, options);
    await using other = await testClient(app, options);
    const extra = defineResource({ uri: "x://a", name: "a", tags: ["extra"], read: () => "" });
    const { catalog } = app;

    await one.call("hide_extra");
    one.notifications.length = 0;
    const hidden = await told(app, [one, other], [
      () => catalog.prompts.disable("ask"),
      () => catalog.enable({ tag: "extra" }),
      () => catalog.resources.add(extra),
      () => catalog.tools.remove("on"),
      () => catalog.resources.remove("x://a"),
    ]);
    const all = ["prompts", "tools", "prompts", "resources", "tools", "resources"];
    assertEquals(hidden, [[], all]);

    await one.call("show_admin");
    one.notifications.length = 0;
    const shown = await told(app, [one, other], [
      () => catalog.tools.disable("both"),
      () => catalog.tools.enable("off"),
      () => catalog.tools.disable("off"),
      () => catalog.tools.remove("off"),
      () => catalog.tools.add(tool("off", { tags: ["admin"], enabled: false })),
    ]);
    assertEquals(shown, [["tools", "tools"], ["tools", "tools", "tools"]]);
  });
}

Deno.test("showing and hiding tells the session only of lists that it sees change", async () => {
  const app = appWith();
  await using client = await testClient(app, { era: "2025-11-25" });
  const after = async (...calls: string[]) =>
    (await told(app, [client], calls.map((call) => () => client.call(call))))[0];
  assertEquals(await after("show_extra"), ["tools"], "one of the tools was disabled");
  assertEquals(await after("show_extra", "show_unknown", "hide_unknown"), []);
  assertEquals(await after("hide_extra"), ["tools", "prompts"]);
  assertEquals(await after("hide_extra", "show_extra"), ["tools", "prompts"]);
  assertEquals(await after("show_admin"), ["tools"]);
  assertEquals(await after("hide_admin"), ["tools"]);
});

Deno.test("several changes in one turn are told once, to those who see any of them", async () => {
  const app = appWith();
  await using client = await testClient(app, { era: "2025-11-25" });
  await client.call("hide_extra");
  client.notifications.length = 0;
  const { catalog } = app;
  const names = Array.from({ length: 200 }, (_, index) => `tool_${index}`);
  const steps = [
    () => [catalog.tools.disable("on"), catalog.tools.enable("on")],
    () => [catalog.tools.disable("on"), catalog.tools.enable("off")],
    // More than are looked at.
    () => names.forEach((each) => catalog.tools.add(tool(each, { tags: ["extra"] }))),
    () => catalog.listChanged("tools"),
  ];
  assertEquals(await told(app, [client], steps), [["tools", "tools", "tools"]]);
});

Deno.test("a stream of 2026-07-28 is told of what clients see by default", async () => {
  const app = appWith();
  await using client = await testClient(app, { era: "2025-11-25" });
  const controller = new AbortController();
  await using modern = await testClient(app);
  const notifications = { toolsListChanged: true, resourceSubscriptions: [LAST] };
  const listening = modern.request(
    "subscriptions/listen",
    { notifications },
    { signal: controller.signal },
  ).catch(() => {});
  await until(() => modern.notifications.length > 0);
  modern.notifications.length = 0;
  await client.call("show_admin");
  app.catalog.tools.add(tool("more", { tags: ["admin"], enabled: false }));
  await until(() => client.notifications.length > 1);
  app.catalog.resourceUpdated(LAST);
  await until(() => modern.notifications.length > 0);
  const [{ method }] = modern.notifications as unknown as [{ method: string }];
  assertEquals(method, "notifications/resources/updated");
  controller.abort();
  await listening;
});

Deno.test("other instances are told of the lists that clients see change, without the features", async () => {
  const catalog = new Catalog();
  const bus = new ChangeBus(catalog);
  const published: unknown[] = [];
  bus.publish = (changes) => published.push(...changes);
  catalog.tools.add(tool("off", { enabled: false }));
  await Promise.resolve();
  assertEquals(published, []);
  catalog.tools.add(tool("on"));
  catalog.tools.remove("off");
  await Promise.resolve();
  assertEquals(published, [{ kind: "tools" }]);
});

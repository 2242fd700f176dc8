/** Who is told that a list has changed where the scopes of a caller decide what it finds there. */
import { assertEquals } from "@std/assert";
import {
  type App,
  createApp,
  definePrompt,
  defineResource,
  defineResourceTemplate,
  defineTool,
} from "../../lib/mod.ts";
import { type TestClient, testClient, type TestClientOptions } from "../../lib/testing.ts";
import { rpc, testApp } from "../helpers/app.ts";
import { TestSession } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";
import { until } from "../helpers/until.ts";

const LAST = "x://last";
const NOTES = ["notes:read"];

interface Definition {
  readonly scopes?: readonly string[];
  readonly listedFor?: "everybody";
  readonly tags?: readonly string[];
  readonly enabled?: boolean;
}

const tool = (name: string, definition: Definition = {}) =>
  defineTool({ name, description: name, ...definition, run: () => "" });

const WAYS: Readonly<Record<string, TestClientOptions>> = {
  "2025-11-25": { era: "2025-11-25" },
  "2024-11-05": { era: "2024-11-05" },
  "the plain dialect": { dialect: "plain" },
  "2026-07-28": { era: "2026-07-28" },
};

function appWith(tools: ReturnType<typeof tool>[] = []): App {
  const scopesOf: Record<string, readonly string[]> = { reader: NOTES, guest: [] };
  return createApp({
    tools,
    auth: { verify: (token) => ({ subject: token, scopes: scopesOf[token]! }) },
  });
}

async function subscribe(client: TestClient, era: string, signal: AbortSignal): Promise<void> {
  if (era !== "2026-07-28") {
    await client.request("resources/subscribe", { uri: LAST });
    return;
  }
  const notifications = {
    toolsListChanged: true,
    resourcesListChanged: true,
    promptsListChanged: true,
    resourceSubscriptions: [LAST],
  };
  client.request("subscriptions/listen", { notifications }, { signal }).catch(() => {});
  await until(() => client.notifications.length > 0);
  client.notifications.length = 0;
}

/** The lists of whose changes clients are told while the steps are taken, each in a turn of its own. */
async function told(
  app: App,
  clients: readonly TestClient[],
  steps: readonly (() => unknown)[],
): Promise<string[][]> {
  for (const client of clients) client.notifications.length = 0;
  for (const step of steps) {
    await step();
    await new Promise<void>((resolve) => setTimeout(resolve));
  }
  app.catalog.resourceUpdated(LAST);
  return await Promise.all(clients.map(async ({ notifications }) => {
    const methods = () => notifications.map(({ method }) => method.split("/").slice(1).join(" "));
    await until(() => methods().includes("resources updated"));
    return methods().slice(0, -1).map((name) => name.replace(" list_changed", ""));
  }));
}

for (const [era, options] of Object.entries(WAYS)) {
  Deno.test(`a client is told of a change to a list exactly if its scopes let it see it: ${era}`, async () => {
    const app = appWith([tool("always")]);
    const { catalog } = app;
    const as = (token: string) =>
      testClient(app, { ...options, headers: { authorization: `Bearer ${token}` } });
    await using guest = await as("guest");
    await using reader = await as("reader");
    const controller = new AbortController();
    for (const client of [guest, reader]) await subscribe(client, era, controller.signal);
    const notes = { scopes: NOTES };
    const hidden = await told(app, [guest, reader], [
      () => catalog.tools.add(tool("notes", notes)),
      () => catalog.tools.disable("notes"),
      () => catalog.tools.enable("notes"),
      () => catalog.tools.remove("notes"),
      () => catalog.prompts.add(definePrompt({ name: "p", ...notes, run: () => "" })),
      () =>
        catalog.resources.add(
          defineResource({ uri: "x://n", name: "n", ...notes, read: () => "" }),
        ),
      () =>
        catalog.resourceTemplates.add(
          defineResourceTemplate({ uriTemplate: "y://{id}", name: "t", ...notes, read: () => "" }),
        ),
    ]);
    const all = ["tools", "tools", "tools", "tools", "prompts", "resources", "resources"];
    assertEquals(hidden, [[], all]);

    const seen = await told(app, [guest, reader], [
      () => catalog.tools.add(tool("listed", { ...notes, listedFor: "everybody" })),
      () => catalog.tools.add(tool("open")),
      // Both in one turn: the guest sees one of them.
      () => [catalog.tools.remove("open"), catalog.tools.add(tool("notes", notes))],
      // It is not known which features have changed.
      () => catalog.listChanged("tools"),
    ]);
    assertEquals(seen, [["tools", "tools", "tools", "tools"], [
      "tools",
      "tools",
      "tools",
      "tools",
    ]]);
    controller.abort();
  });
}

Deno.test("showing a tag tells a session nothing of tools that its scopes hide", async () => {
  const show = defineTool({
    name: "show",
    description: "Shows the extra tools",
    run: (_input, { session }) => {
      session?.show("extra");
      return "";
    },
  });
  const extra = { tags: ["extra"], scopes: NOTES };
  const app = appWith([show, tool("extra", { ...extra, enabled: false })]);
  const as = (token: string) =>
    testClient(app, { era: "2025-11-25", headers: { authorization: `Bearer ${token}` } });
  await using guest = await as("guest");
  await using reader = await as("reader");
  const clients = [guest, reader];
  for (const client of clients) await subscribe(client, "2025-11-25", AbortSignal.abort());
  const shown = await told(app, clients, clients.map((client) => () => client.call("show")));
  assertEquals(shown, [[], ["tools"]]);
  // The session has a visibility of its own now.
  const later = await told(app, clients, [
    () => app.catalog.tools.add(tool("more", { ...extra, enabled: false })),
  ]);
  assertEquals(later, [[], ["tools"]]);
});

Deno.test("over stdio the scopes hide nothing, so each change is told", async () => {
  const app = createApp({ tools: [tool("always")] });
  await using client = await testClient(app, { dialect: "stdio", era: "2025-11-25" });
  await subscribe(client, "stdio", AbortSignal.abort());
  const seen = await told(app, [client], [
    () => app.catalog.tools.add(tool("notes", { scopes: NOTES })),
  ]);
  assertEquals(seen, [["tools"]]);
});

Deno.test("a session is told what the token of its newest request lets it see", async () => {
  using app = testApp({ tools: [tool("always")] });
  const peer = { address: "127.0.0.1", principal: "ada" };
  const session = await TestSession.open(app, { peer: { ...peer, scopes: [] } });
  const events = new EventReader(await session.listen());
  const { tools } = app.catalog;
  const change = async (name: string) => {
    tools.add(tool(name, { scopes: NOTES }));
    await new Promise<void>((resolve) => setTimeout(resolve));
  };
  await session.ask(rpc("resources/subscribe", { uri: LAST }));
  await change("unseen");
  await session.on(app, { peer: { ...peer, scopes: NOTES } }).ask(rpc("ping"));
  await change("seen");
  await session.ask(rpc("ping"));
  await change("unseen_again");
  app.catalog.resourceUpdated(LAST);
  const methods: unknown[] = [];
  while (!methods.includes("notifications/resources/updated")) {
    const { json } = (await events.next())!;
    if (json !== undefined) methods.push(json.method);
  }
  assertEquals(methods, ["notifications/tools/list_changed", "notifications/resources/updated"]);
  await events.leave();
});

import { assert, assertEquals, assertMatch } from "@std/assert";
import { rpc } from "../helpers/app.ts";
import { TestSession } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";
import { type SpecApp, specApp } from "./support/fixtures.ts";
import { assertMessage } from "./support/json_rpc.ts";
import { modernPost, modernRequest } from "./support/modern.ts";

const ID_KEY = "io.modelcontextprotocol/subscriptionId";
const ALL = {
  toolsListChanged: true,
  promptsListChanged: true,
  resourcesListChanged: true,
  resourceSubscriptions: ["test://text"],
};

Deno.test("2026-07-28: subscriptions/listen acknowledges first, then tells of changes", async () => {
  using app = specApp();
  const reader = await listen(app, ALL);
  changeEverything(app);
  const told = [];
  for (let count = 0; count < 5; count++) told.push((await reader.nextNamed("message")).json);
  assertEquals(told.map(({ method }) => method), [
    "notifications/subscriptions/acknowledged",
    "notifications/tools/list_changed",
    "notifications/prompts/list_changed",
    "notifications/resources/list_changed",
    "notifications/resources/updated",
  ]);
  assertEquals(told[0].params.notifications, ALL);
  assertEquals(told[4].params.uri, "test://text");
  await reader.leave();
});

Deno.test("2026-07-28: every message of a listen stream names its subscription", async () => {
  using app = specApp();
  for (const id of ["mine", 7, 0, ""]) {
    const reader = await listen(app, { ...ALL, promptsListChanged: false }, id);
    app.catalog.resourceUpdated("test://text");
    const acknowledged = (await reader.nextNamed("message")).json;
    const updated = (await reader.nextNamed("message")).json;
    for (const message of [acknowledged, updated]) {
      assertMessage(message);
      assertEquals(message.params._meta[ID_KEY], id);
    }
    await reader.leave();
  }
});

Deno.test("2026-07-28: a listen stream tells nothing that it was not asked for", async () => {
  const filters: [filter: Record<string, unknown>, methods: string[]][] = [
    [{}, []],
    [{ toolsListChanged: false, resourceSubscriptions: [] }, []],
    [{ toolsListChanged: true }, ["notifications/tools/list_changed"]],
    [{ promptsListChanged: true }, ["notifications/prompts/list_changed"]],
    [{ resourcesListChanged: true }, ["notifications/resources/list_changed"]],
    [{ resourceSubscriptions: ["test://text"] }, ["notifications/resources/updated"]],
    [{ resourceSubscriptions: ["test://other"] }, []],
  ];
  for (const [filter, methods] of filters) {
    using app = specApp();
    const reader = await listen(app, filter);
    changeEverything(app);
    await Promise.resolve();
    app.stop();
    const told = (await reader.rest()).map(({ json }) => json.method).filter((name) => name);
    assertEquals(told, ["notifications/subscriptions/acknowledged", ...methods]);
  }
});

Deno.test("2026-07-28: subscriptions beside each other are told apart", async () => {
  using app = specApp();
  const tools = await listen(app, { toolsListChanged: true }, "tools");
  const prompts = await listen(app, { promptsListChanged: true }, "prompts");
  changeEverything(app);
  for (const [reader, id] of [[tools, "tools"], [prompts, "prompts"]] as const) {
    await reader.nextNamed("message");
    const { method, params } = (await reader.nextNamed("message")).json;
    assertEquals([method, params._meta[ID_KEY]], [`notifications/${id}/list_changed`, id]);
    await reader.leave();
  }
});

Deno.test("2026-07-28: a server that stops ends a subscription with its result", async () => {
  using app = specApp();
  const reader = await listen(app, ALL, "mine");
  await reader.nextNamed("message");
  await app.drain(0);
  const [last, ...more] = await reader.rest();
  assertEquals(more, []);
  assertMessage(last?.json);
  const { id, result } = last?.json;
  assertEquals([id, result.resultType, result._meta[ID_KEY]], ["mine", "complete", "mine"]);
});

Deno.test("2026-07-28: a subscription that its client leaves is let go of", async () => {
  using app = specApp();
  const reader = await listen(app, ALL);
  await reader.nextNamed("message");
  await reader.leave();
  changeEverything(app);
  assertEquals((await modernRequest(app, "tools/list")).error, undefined);
  assertEquals(app.connections.size, 0);
});

Deno.test("2026-07-28: subscriptions/listen refuses a filter that is none", async () => {
  using app = specApp();
  const wrong = [undefined, null, [], "all", { resourceSubscriptions: "test://text" }, {
    resourceSubscriptions: [7],
  }];
  for (const notifications of wrong) {
    const { error } = await modernRequest(app, "subscriptions/listen", { notifications });
    assertEquals(error?.code, -32602, JSON.stringify(notifications));
  }
  assertEquals(app.connections.size, 0);
});

Deno.test("2026-07-28: a subscription may name 1,000 resources, and not one more", async () => {
  using app = specApp();
  const uris = Array.from({ length: 1_001 }, (_, number) => `test://${number}`);
  const reader = await listen(app, { resourceSubscriptions: uris.slice(1) });
  const { params } = (await reader.nextNamed("message")).json;
  assertEquals(params.notifications.resourceSubscriptions.length, 1_000);
  await reader.leave();
  const notifications = { resourceSubscriptions: uris };
  const { error } = await modernRequest(app, "subscriptions/listen", { notifications });
  assertEquals(error?.code, -32602);
  assertMatch(error.message, /at most 1000 URIs/);
});

Deno.test("a URI that a client subscribes to has up to 2,048 characters, in either era", async () => {
  using app = specApp();
  const longest = `test://${"a".repeat(2_048 - "test://".length)}`;
  const reader = await listen(app, { resourceSubscriptions: [longest] });
  const { params } = (await reader.nextNamed("message")).json;
  assertEquals(params.notifications.resourceSubscriptions, [longest]);
  await reader.leave();
  const notifications = { resourceSubscriptions: [`${longest}a`] };
  const { error } = await modernRequest(app, "subscriptions/listen", { notifications });
  assertEquals(error?.code, -32602);
  const session = await TestSession.open(app);
  const subscribe = (uri: string) => session.ask(rpc("resources/subscribe", { uri }));
  assertEquals((await subscribe(longest)).result, {});
  assertEquals((await subscribe(`${longest}a`)).error.code, -32602);
});

async function listen(
  app: SpecApp,
  notifications: Record<string, unknown>,
  id: string | number = 1,
): Promise<EventReader> {
  const response = await modernPost(app, "subscriptions/listen", { notifications }, { id });
  assertEquals(response.status, 200);
  return new EventReader(response);
}

function changeEverything(app: SpecApp): void {
  assert(app.catalog.tools.remove("fail"));
  assert(app.catalog.prompts.remove("media"));
  assert(app.catalog.resources.remove("test://bytes"));
  app.catalog.resourceUpdated("test://text");
}

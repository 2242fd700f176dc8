/** Updates of a resource that needs scopes, which was not there when a client subscribed. */
import { assertEquals } from "@std/assert";
import { type App, createApp, defineResource } from "../../lib/mod.ts";
import { type TestClient, testClient, type TestClientOptions } from "../../lib/testing.ts";
import { rpc, testApp } from "../helpers/app.ts";
import { TestSession } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";
import { until } from "../helpers/until.ts";

const SECRET = "x://files/secret";
const FOLDER = "x://files";
const LAST = "x://last";
const resource = (uri: string, definition: { enabled?: boolean; scopes?: readonly string[] }) =>
  defineResource({ uri, name: uri, ...definition, read: () => "" });
const guarded = (enabled: boolean) => resource(SECRET, { enabled, scopes: ["read:secrets"] });

/** Clients with a credential, in every way that subscribes. */
const WAYS: Readonly<Record<string, TestClientOptions>> = {
  "2025-11-25": { era: "2025-11-25" },
  "2024-11-05": { era: "2024-11-05" },
  "the plain dialect": { dialect: "plain" },
  "2026-07-28": { era: "2026-07-28" },
};

function appWith(resources: ReturnType<typeof resource>[]): App {
  const scopesOf: Record<string, string[]> = { reader: ["read:secrets"], guest: [] };
  return createApp({
    resources,
    auth: { verify: (token) => ({ subject: token, scopes: scopesOf[token]! }) },
  });
}

/** Has a client subscribe. */
async function subscribe(client: TestClient, era: string, uris: string[], signal: AbortSignal) {
  if (era !== "2026-07-28") {
    for (const uri of uris) await client.request("resources/subscribe", { uri });
    return;
  }
  const notifications = { resourceSubscriptions: uris };
  client.request("subscriptions/listen", { notifications }, { signal }).catch(() => {});
  await until(() => client.notifications.length > 0);
}

async function updates({ notifications }: TestClient): Promise<unknown[]> {
  const uris = () =>
    notifications.filter(({ method }) => method === "notifications/resources/updated")
      .map(({ params }) => params?.uri);
  await until(() => uris().includes(LAST));
  return uris();
}

const CASES: Readonly<Record<string, { subscribed: string; provide: (app: App) => unknown }>> = {
  "is enabled later": {
    subscribed: SECRET,
    provide: ({ catalog }) => catalog.resources.enable(SECRET),
  },
  "is added later": {
    subscribed: SECRET,
    provide: ({ catalog }) => {
      catalog.resources.remove(SECRET);
      catalog.resources.add(guarded(true));
    },
  },
  "is added later below the one that was subscribed to": {
    subscribed: FOLDER,
    provide: ({ catalog }) => catalog.resources.enable(SECRET),
  },
};

for (const [era, options] of Object.entries(WAYS)) {
  for (const [what, { subscribed, provide }] of Object.entries(CASES)) {
    Deno.test(`updates of a resource that ${what} need its scopes: ${era}`, async () => {
      const app = appWith([guarded(false)]);
      const as = (token: string) =>
        testClient(app, { ...options, headers: { authorization: `Bearer ${token}` } });
      await using guest = await as("guest");
      await using reader = await as("reader");
      const controller = new AbortController();
      for (const client of [guest, reader]) {
        await subscribe(client, era, [subscribed, LAST], controller.signal);
      }
      provide(app);
      app.catalog.resourceUpdated(SECRET);
      app.catalog.resourceUpdated(LAST);
      assertEquals(await updates(guest), [LAST]);
      assertEquals(await updates(reader), [SECRET, LAST]);
      controller.abort();
    });
  }
}

Deno.test("over stdio updates need no scopes", async () => {
  const app = createApp({ resources: [guarded(false)] });
  await using client = await testClient(app, { dialect: "stdio", era: "2025-11-25" });
  for (const uri of [SECRET, LAST]) await client.request("resources/subscribe", { uri });
  app.catalog.resources.enable(SECRET);
  app.catalog.resourceUpdated(SECRET);
  app.catalog.resourceUpdated(LAST);
  assertEquals(await updates(client), [SECRET, LAST]);
});

Deno.test("a session that subscribes with a token of more scopes gets the updates", async () => {
  using app = testApp({ resources: [guarded(true)] });
  const peer = { address: "127.0.0.1", principal: "ada" };
  const session = await TestSession.open(app, { peer: { ...peer, scopes: ["other"] } });
  const events = new EventReader(await session.listen());
  const subscribing = await session.post(rpc("resources/subscribe", { uri: SECRET }));
  assertEquals(subscribing.status, 403);
  await subscribing.body?.cancel();
  const later = session.on(app, { peer: { ...peer, scopes: ["read:secrets"] } });
  for (const uri of [SECRET, LAST]) await later.ask(rpc("resources/subscribe", { uri }));
  app.catalog.resourceUpdated(SECRET);
  app.catalog.resourceUpdated(LAST);
  const uris: unknown[] = [];
  while (uris.length < 2) {
    const { json } = (await events.next())!;
    if (json !== undefined) uris.push(json.params.uri);
  }
  assertEquals(uris, [SECRET, LAST]);
  await events.leave();
});

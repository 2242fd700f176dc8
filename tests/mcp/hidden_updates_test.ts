/** A client that subscribed to a resource hears nothing of it while the resource is hidden from it. */
import { assertEquals } from "@std/assert";
import { defineResource, defineResourceTemplate, defineTool } from "../../lib/mod.ts";
import { initializeRequest, rpc, type TestApp, testApp, toolCall } from "../helpers/app.ts";
import { TestSession } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";
import { settled } from "../helpers/time.ts";
import type { Inbox } from "../spec/support/inbox.ts";
import { connect, type LegacyClientOptions } from "../spec/support/legacy_client.ts";
import { modernBody, modernPost } from "../spec/support/modern.ts";
import { PipeClient } from "../spec/support/stdio_client.ts";

const ONE = "x://one";
const BY_TEMPLATE = "x://days/1";
/** Stays visible: its update shows that those before it were not sent. */
const LAST = "x://last";
const URIS = [ONE, BY_TEMPLATE, LAST];

function appWithResources(): TestApp {
  const tags = ["hideable"];
  return testApp({
    tools: [
      defineTool({
        name: "hide",
        description: "Hides",
        run: (_input, { session }) => (session?.hide("hideable"), "hidden"),
      }),
      defineTool({
        name: "show",
        description: "Shows",
        run: (_input, { session }) => (session?.show("hideable"), "shown"),
      }),
    ],
    resources: [
      defineResource({ uri: ONE, name: "one", tags, read: () => "1" }),
      defineResource({ uri: LAST, name: "last", read: () => "last" }),
    ],
    resourceTemplates: [
      defineResourceTemplate({ uriTemplate: "x://days/{day}", name: "day", tags, read: () => "d" }),
    ],
  });
}

/** A client that has subscribed to all resources, and the messages that it has received. */
interface Subscriber extends AsyncDisposable {
  /** The URIs of the updates so far; the last update is of {@linkcode LAST}. */
  updates(): Promise<string[]>;
}

interface SessionSubscriber extends Subscriber {
  call(tool: string): Promise<unknown>;
}

/** Clients that have a session, in which a tool can hide and show. */
const SESSIONS: Record<string, (app: TestApp) => Promise<SessionSubscriber>> = {
  "2024-11-05": (app) => legacySubscriber(app, { version: "2024-11-05" }),
  "2025-11-25": (app) => legacySubscriber(app, { version: "2025-11-25" }),
  "plain": async (app) => {
    const { events, send } = await app.open();
    const call = async (message: unknown) => {
      await send(message);
      await events.nextNamed("response");
    };
    for (const uri of URIS) await call(rpc("resources/subscribe", { uri }));
    return {
      updates: () => updatesOf(events),
      call: (tool) => call(toolCall(tool)),
      [Symbol.asyncDispose]: () => events.leave(),
    };
  },
  "stdio, 2025-11-25": async (app) => {
    const client = new PipeClient(app);
    await client.request(initializeRequest());
    for (const uri of URIS) await client.request(rpc("resources/subscribe", { uri }, uri));
    return {
      updates: () => updatesIn(client.inbox),
      call: (tool) => client.request(toolCall(tool, {}, tool)),
      [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
    };
  },
};

const SUBSCRIBERS: Record<string, (app: TestApp) => Promise<Subscriber>> = {
  ...SESSIONS,
  "2026-07-28": listenSubscriber,
  "stdio, 2026-07-28": async (app) => {
    const client = new PipeClient(app);
    const notifications = { resourceSubscriptions: URIS };
    await client.send(modernBody("subscriptions/listen", { notifications }));
    await client.inbox.method("notifications/subscriptions/acknowledged");
    return {
      updates: () => updatesIn(client.inbox),
      [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
    };
  },
};

async function listenSubscriber(app: TestApp): Promise<Subscriber> {
  const notifications = { resourceSubscriptions: URIS };
  const events = new EventReader(await modernPost(app, "subscriptions/listen", { notifications }));
  return { updates: () => updatesOf(events), [Symbol.asyncDispose]: () => events.leave() };
}

async function legacySubscriber(
  app: TestApp,
  options: LegacyClientOptions,
): Promise<SessionSubscriber> {
  const client = await connect(app, options);
  await client.listen();
  for (const uri of URIS) await client.request("resources/subscribe", { uri });
  return {
    updates: () => updatesIn(client.inbox),
    call: (tool) => client.request("tools/call", { name: tool }),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

const UPDATED = "notifications/resources/updated";

/** The updates in an inbox, taken out of it, once the last has come. */
async function updatesIn(inbox: Inbox): Promise<string[]> {
  await inbox.find(`update of ${LAST}`, ({ params }) => params?.uri === LAST);
  const updates = inbox.messages.splice(0).filter(({ method }) => method === UPDATED);
  return updates.map(({ params }) => params.uri);
}

async function updatesOf(events: EventReader): Promise<string[]> {
  const uris: string[] = [];
  while (uris.at(-1) !== LAST) {
    const { json } = await events.nextNamed("message");
    if (json?.method === UPDATED) uris.push(json.params.uri);
  }
  return uris;
}

async function updateAll(app: TestApp): Promise<void> {
  for (const uri of URIS) app.catalog.resourceUpdated(uri);
  await settled();
}

for (const [dialect, subscribe] of Object.entries(SUBSCRIBERS)) {
  Deno.test(`a resource that is disabled sends its subscribers no updates until it is enabled: ${dialect}`, async () => {
    using app = appWithResources();
    await using client = await subscribe(app);
    await updateAll(app);
    assertEquals(await client.updates(), URIS);
    app.catalog.disable({ tag: "hideable" });
    await updateAll(app);
    assertEquals(await client.updates(), [LAST]);
    app.catalog.enable({ tag: "hideable" });
    await updateAll(app);
    assertEquals(await client.updates(), URIS);
  });
}

for (const [dialect, subscribe] of Object.entries(SESSIONS)) {
  Deno.test(`a resource that a session hides sends it no updates until the session shows it: ${dialect}`, async () => {
    using app = appWithResources();
    await using client = await subscribe(app);
    await using other = await listenSubscriber(app);
    await client.call("hide");
    await updateAll(app);
    assertEquals(await client.updates(), [LAST]);
    assertEquals(await other.updates(), URIS);
    await client.call("show");
    app.catalog.disable({ tag: "hideable" });
    await updateAll(app);
    assertEquals(await client.updates(), URIS);
    assertEquals(await other.updates(), [LAST]);
  });
}

Deno.test("a client that resumes its stream hears of no update that came while the resource was hidden", async () => {
  using app = appWithResources();
  const session = await TestSession.open(app);
  const events = new EventReader(await session.listen());
  for (const uri of URIS) await session.ask(rpc("resources/subscribe", { uri }));
  app.catalog.resourceUpdated(LAST);
  let last = await events.nextNamed("message");
  while (last.json === undefined) last = await events.nextNamed("message");
  await events.leave();
  await session.ask(toolCall("hide"));
  await updateAll(app);
  const resumed = new EventReader(await session.listen(last.id));
  assertEquals(await updatesOf(resumed), [LAST]);
  await resumed.leave();
});

Deno.test("a URI that belongs to no feature still has updates", async () => {
  using app = appWithResources();
  const session = await TestSession.open(app);
  const events = new EventReader(await session.listen());
  for (const uri of ["y://unknown", LAST]) await session.ask(rpc("resources/subscribe", { uri }));
  await session.ask(toolCall("hide"));
  app.catalog.resourceUpdated("y://unknown");
  await updateAll(app);
  assertEquals(await updatesOf(events), ["y://unknown", LAST]);
  await events.leave();
});

import { assert, assertEquals } from "@std/assert";
import fc from "../deps/fast_check.ts";
import { defineResource, type Observer } from "../../lib/mod.ts";
import { rpc, testApp } from "../helpers/app.ts";
import { ResumingClient } from "../helpers/resuming_client.ts";
import { TestSession } from "../helpers/session.ts";

type Step =
  | { readonly do: "change" | "read" | "cut" | "abandon" | "notice" | "listen" }
  | { readonly do: "tear"; readonly bytes: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Step>({ do: "change" }) },
  { weight: 3, arbitrary: fc.constant<Step>({ do: "read" }) },
  { weight: 2, arbitrary: fc.constant<Step>({ do: "listen" }) },
  fc.constantFrom<Step>({ do: "cut" }, { do: "abandon" }, { do: "notice" }),
  fc.record({ do: fc.constant("tear" as const), bytes: fc.nat(200) }),
);

const MAX_CHANGES = 20;
const uriOf = (number: number): string => `lifeline://numbers/${number}`;

/** A session's own stream, on which one change after another is told. */
class Listening {
  readonly client: ResumingClient;
  readonly #app: ReturnType<typeof testApp>;
  changes = 0;

  constructor(client: ResumingClient, app: ReturnType<typeof testApp>) {
    this.client = client;
    this.#app = app;
  }

  /** Changes a resource; each one another, so that no two changes become one. */
  async change(): Promise<void> {
    if (this.changes === MAX_CHANGES) return;
    this.#app.catalog.resourceUpdated(uriOf(++this.changes));
    await Promise.resolve();
  }

  async listen(): Promise<void> {
    await this.client.connect();
    const { length } = this.client.eventIds;
    await this.client.readUntil(() => this.client.eventIds.length > length);
  }

  async take(step: Step): Promise<void> {
    const { client } = this;
    const mayRead = client.isConnected && client.messages.length < this.changes;
    if (step.do === "change") await this.change();
    else if (step.do === "abandon") client.abandon();
    else if (step.do === "cut") await client.cut();
    else if (step.do === "notice") await client.dropAbandoned();
    else if (step.do === "listen" && !client.isConnected) await this.listen();
    else if (step.do === "read" && mayRead) await client.readMessages(client.messages.length + 1);
    else if (step.do === "tear" && mayRead) {
      await client.readTorn(step.bytes);
      await client.cut();
    }
  }

  async endAndCheck(): Promise<void> {
    const { client } = this;
    if (!client.isConnected) await client.connect();
    assert(await client.readMessages(this.changes), "the stream ended");
    const uris = client.messages.map(({ params }) => params.uri);
    assertEquals(uris, Array.from({ length: this.changes }, (_, index) => uriOf(index + 1)));
    assertEquals(new Set(client.eventIds).size, client.eventIds.length, "an event id came twice");
    await client.cut();
    await client.dropAbandoned();
  }
}

async function openListening(observer: Partial<Observer> = {}) {
  const resources = Array.from(
    { length: MAX_CHANGES },
    (_, index) => defineResource({ uri: uriOf(index + 1), name: "number", read: () => "" }),
  );
  const app = testApp({ resources, observer });
  const session = await TestSession.open(app);
  for (const { name } of resources) await session.ask(rpc("resources/subscribe", { uri: name }));
  const client = new ResumingClient((lastEventId) => session.listen(lastEventId));
  const listening = new Listening(client, app);
  return { listening, session, app, [Symbol.dispose]: () => app.stop() };
}

Deno.test("a session's stream cut at any point is resumed with every change once and in order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      using set = await openListening();
      await set.listening.listen();
      for (const step of steps) await set.listening.take(step);
      await set.listening.endAndCheck();
    }),
    { numRuns: 100, timeout: 20_000 },
  );
});

Deno.test("a session's stream cut before its first event is opened anew and misses nothing", async () => {
  using set = await openListening();
  await set.listening.client.connect();
  await set.listening.client.cut();
  for (let change = 0; change < 3; change++) await set.listening.change();
  assertEquals(set.listening.client.lastEventId, undefined);
  await set.listening.endAndCheck();
});

Deno.test("a session's stream resumed after its last event goes on with the next", async () => {
  using set = await openListening();
  await set.listening.listen();
  await set.listening.change();
  await set.listening.client.readMessages(1);
  await set.listening.client.cut();
  await set.listening.client.connect();
  await set.listening.change();
  await set.listening.endAndCheck();
});

Deno.test("changes that were replayed do not come again to a client that listens anew", async () => {
  using set = await openListening();
  const { listening, session } = set;
  await listening.listen();
  await listening.client.cut();
  for (let change = 0; change < 2; change++) await listening.change();
  await listening.client.connect();
  await listening.client.readMessages(2);
  const anew = new Listening(new ResumingClient(() => session.listen()), set.app);
  await anew.listen();
  assertEquals(anew.client.messages, []);
  await anew.client.cut();
  await listening.client.cut();
});

Deno.test("an observer hears how many events were replayed, and nothing if none was missed", async () => {
  const replayed: number[] = [];
  using set = await openListening({ replayed: (events) => void replayed.push(events) });
  const { listening } = set;
  const { client } = listening;
  await listening.listen();
  await listening.change();
  await client.readMessages(1);
  await client.cut();
  await listening.listen();
  assertEquals(replayed, []);
  await client.cut();
  for (let change = 0; change < 2; change++) await listening.change();
  await client.connect();
  await client.readMessages(3);
  assertEquals(replayed, [2]);
  await client.cut();
});

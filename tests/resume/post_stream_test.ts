import { assert, assertEquals } from "@std/assert";
import fc from "../deps/fast_check.ts";
import { testApp, toolCall } from "../helpers/app.ts";
import type { EventStore } from "../../lib/store/event_store.ts";
import { MemoryEventStore } from "../../lib/store/memory_event_store.ts";
import { LaterStore } from "../helpers/later_store.ts";
import { Puppet, type PuppetCall } from "../helpers/puppet.ts";
import { ResumingClient } from "../helpers/resuming_client.ts";
import { TestSession } from "../helpers/session.ts";

/** What happens next, in a call that says one number after another. */
type Step =
  | { readonly do: "say" | "read" | "cut" | "abandon" | "notice" | "resume" }
  | { readonly do: "tear"; readonly bytes: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Step>({ do: "say" }) },
  { weight: 3, arbitrary: fc.constant<Step>({ do: "read" }) },
  { weight: 2, arbitrary: fc.constant<Step>({ do: "resume" }) },
  fc.constantFrom<Step>({ do: "cut" }, { do: "abandon" }, { do: "notice" }),
  fc.record({ do: fc.constant("tear" as const), bytes: fc.nat(200) }),
);

/** One call of a session, and the client that follows it. */
class Followed {
  readonly client: ResumingClient;
  readonly #call: PuppetCall;
  said = 0;

  constructor(client: ResumingClient, call: PuppetCall) {
    this.client = client;
    this.#call = call;
  }

  say(): void {
    this.#call.ctx.log.info(++this.said);
  }

  finish(): void {
    this.#call.finish("done");
  }

  async take(step: Step): Promise<void> {
    const { client } = this;
    const mayRead = client.isConnected && client.messages.length < this.said;
    if (step.do === "say") this.say();
    else if (step.do === "abandon") client.abandon();
    else if (step.do === "cut") await client.cut();
    else if (step.do === "notice") await client.dropAbandoned();
    else if (step.do === "resume" && !client.isConnected) await client.connect();
    else if (step.do === "read" && mayRead) await client.readMessages(client.messages.length + 1);
    else if (step.do === "tear" && mayRead) {
      await client.readTorn(step.bytes);
      await client.cut();
    }
  }

  /** Reads to the response, coming back as often as it takes. */
  async readAll(): Promise<void> {
    if (!this.client.isConnected) await this.client.connect();
    assert(await this.client.readMessages(this.said + 1), "the stream ended before the response");
  }

  assertAllOnce(): void {
    const { messages, eventIds } = this.client;
    const numbers = messages.slice(0, -1).map(({ params }) => params.data);
    assertEquals(numbers, Array.from({ length: this.said }, (_, index) => index + 1));
    assertEquals(messages.at(-1).result.content, [{ type: "text", text: "done" }]);
    assertEquals(new Set(eventIds).size, eventIds.length, "an event id came twice");
  }
}

async function openSession(version = "2025-11-25", store?: EventStore) {
  const puppet = new Puppet();
  const app = testApp({ tools: [puppet.tool], store });
  const session = await TestSession.open(app, { version });
  const follow = async (name: string): Promise<Followed> => {
    const client = new ResumingClient((lastEventId) =>
      lastEventId === undefined
        ? session.post(toolCall("puppet", { call: name }, name))
        : session.listen(lastEventId)
    );
    await client.connect();
    return new Followed(client, await puppet.call(name));
  };
  return { session, puppet, follow, [Symbol.dispose]: () => app.stop() };
}

async function primed(followed: Followed): Promise<Followed> {
  await followed.client.readUntil(() => followed.client.lastEventId !== undefined);
  return followed;
}

async function endAndCheck(followed: Followed): Promise<void> {
  followed.finish();
  await followed.readAll();
  followed.assertAllOnce();
  await followed.client.cut();
  await followed.client.dropAbandoned();
}

/** A store that answers a turn later, and looks either when it is asked or when it answers. */
function laterStore(readsLate: boolean): LaterStore {
  const limits = { maxEvents: 1e4, maxStreamBytes: 1e7, maxTotalBytes: 1e7, maxAgeMs: 1e6 };
  const store = new LaterStore(new MemoryEventStore(limits, () => 0));
  store.readsLate = readsLate;
  return store;
}

for (
  const [name, makeStore] of [
    ["the memory of the process", () => undefined],
    ["a store that answers later", () => laterStore(false)],
    ["a store that looks later", () => laterStore(true)],
  ] as const
) {
  Deno.test(`a call cut at any point is resumed with every event once and in order: ${name}`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        using set = await openSession("2025-11-25", makeStore());
        const followed = await primed(await set.follow("a"));
        for (const step of steps) await followed.take(step);
        await endAndCheck(followed);
      }),
      { numRuns: 200, timeout: 20_000 },
    );
  });
}

Deno.test("calls of one session, cut at any point, never get each other's events", async () => {
  const steps = fc.array(fc.tuple(fc.nat(2), step), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(steps, async (steps) => {
      using set = await openSession();
      const calls = [];
      for (const name of ["a", "b", "c"]) calls.push(await primed(await set.follow(name)));
      for (const [index, step] of steps) await calls[index]?.take(step);
      for (const followed of calls) await endAndCheck(followed);
    }),
    { numRuns: 80, timeout: 20_000 },
  );
});

for (const version of ["2025-03-26", "2025-06-18", "2025-11-25"]) {
  Deno.test(`${version}: a call cut after any of its events is resumed there`, async () => {
    const count = 8;
    for (let cutAt = 1; cutAt <= count; cutAt++) {
      using set = await openSession(version);
      const followed = await set.follow("a");
      for (let said = 0; said < count; said++) followed.say();
      await followed.client.readMessages(cutAt);
      await followed.client.cut();
      await endAndCheck(followed);
    }
  });
}

Deno.test("a call cut between all of its events is resumed each time", async () => {
  using set = await openSession();
  const followed = await primed(await set.follow("a"));
  for (let round = 0; round < 10; round++) {
    followed.say();
    await followed.client.readMessages(followed.said);
    await followed.client.cut();
    followed.say();
    await followed.client.connect();
  }
  await endAndCheck(followed);
});

Deno.test("a call cut before its first event runs to its end, and the session goes on", async () => {
  using set = await openSession();
  const lost = await set.follow("lost");
  await lost.client.cut();
  assertEquals(lost.client.lastEventId, undefined);
  assertEquals((await set.puppet.call("lost")).ctx.signal.aborted, false);
  lost.say();
  lost.finish();
  const again = await set.follow("again");
  again.say();
  await endAndCheck(again);
});

Deno.test("a call cut after its response has nothing more to replay", async () => {
  using set = await openSession();
  const followed = await set.follow("a");
  followed.say();
  await endAndCheck(followed);
  const response = await followed.client.connect();
  assertEquals(response.status, 405);
  assertEquals(response.headers.get("allow"), "POST, DELETE");
  await followed.client.cut();
  assertEquals(followed.client.messages.length, 2);
});

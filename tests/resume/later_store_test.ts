/** Resumption from a store that answers later: a client gets everything once, and in order. */
import { assertEquals, assertMatch } from "@std/assert";
import { MemoryEventStore } from "../../lib/store/memory_event_store.ts";
import { rpc, testApp, toolCall } from "../helpers/app.ts";
import { LaterStore } from "../helpers/later_store.ts";
import { CapturedLog } from "../helpers/log.ts";
import { Puppet } from "../helpers/puppet.ts";
import { ResumingClient } from "../helpers/resuming_client.ts";
import { TestSession } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";
import { settled } from "../helpers/time.ts";
import { toolThat } from "../helpers/tools.ts";

const LIMITS = {
  maxEvents: 1_000,
  maxStreamBytes: 1_000_000,
  maxTotalBytes: 10_000_000,
  maxAgeMs: 600_000,
};

/** A session whose call has told `1`, and whose client has lost its stream then. */
async function startAndCut(settings = {}) {
  const store = new LaterStore(new MemoryEventStore(LIMITS, () => 0));
  const puppet = new Puppet();
  const app = testApp({ tools: [puppet.tool], store, settings });
  const session = await TestSession.open(app);
  const client = ResumingClient.ofCall(session);
  await client.connect();
  const call = await puppet.call("a");
  const say = (number: number) => call.ctx.log.info(number);
  say(1);
  await client.readMessages(1);
  await client.cut();
  store.isHeld = true;
  return { app, store, session, client, call, say, [Symbol.dispose]: () => app.stop() };
}

/** What was told, and the result. */
function told({ messages }: ResumingClient): unknown[] {
  return messages.map(({ params, result }) => params?.data ?? result.content[0].text);
}

for (const readsLate of [false, true]) {
  const when = readsLate ? "when it answers" : "when it is asked";

  Deno.test(`what is told while a store reads comes after that, once: a store that looks ${when}`, async () => {
    using set = await startAndCut();
    const { store, client, call, say } = set;
    store.readsLate = readsLate;
    say(2);
    await client.connect();
    say(3);
    await settled();
    say(4);
    store.answer();
    await client.readMessages(4);
    say(5);
    call.finish("done");
    await client.readUntil(() => false);
    assertEquals(told(client), [1, 2, 3, 4, 5, "done"]);
  });

  Deno.test(`a call that ends while a store reads ends its stream after the answer: a store that looks ${when}`, async () => {
    using set = await startAndCut();
    const { store, client, call, say } = set;
    store.readsLate = readsLate;
    say(2);
    await client.connect();
    say(3);
    call.finish("done");
    await settled();
    store.answer();
    assertEquals(await client.readUntil(() => false), false);
    assertEquals(told(client), [1, 2, 3, "done"]);
  });
}

Deno.test("a stream that has ended is read from a store that answers later", async () => {
  using set = await startAndCut();
  const { store, client, call, say } = set;
  say(2);
  call.finish("done");
  await settled();
  const connecting = client.connect();
  await settled();
  store.answer();
  assertEquals((await connecting).status, 200);
  await client.readUntil(() => false);
  assertEquals(told(client), [1, 2, "done"]);
  // Nothing is left to come for who has it all.
  store.isHeld = false;
  assertEquals((await client.connect()).status, 405);
});

Deno.test("a client that loses its stream again while a store reads gets all of it later", async () => {
  using set = await startAndCut();
  const { store, client, call, say } = set;
  say(2);
  await client.connect();
  say(3);
  await client.cut();
  store.answer();
  await client.connect();
  say(4);
  store.answer();
  call.finish("done");
  await client.readUntil(() => false);
  assertEquals(told(client), [1, 2, 3, 4, "done"]);
});

Deno.test("a newer response takes a stream over while a store reads for the older one", async () => {
  using set = await startAndCut();
  const { store, client, call, say } = set;
  say(2);
  await client.connect();
  client.abandon();
  await client.connect();
  assertEquals(set.app.ledger().closed.superseded, 1);
  say(3);
  store.answer();
  call.finish("done");
  await client.readUntil(() => false);
  assertEquals(told(client), [1, 2, 3, "done"]);
});

Deno.test("more than MCP_REPLAY_BYTES told while a store reads ends the response, and all of it comes later", async () => {
  using set = await startAndCut({ MCP_REPLAY_BYTES: 1_024 });
  const { app, store, client, call, say } = set;
  await client.connect();
  for (let number = 2; number < 12; number++) say(number);
  await client.readUntil(() => false);
  assertEquals(app.ledger().closed.limit, 1);
  store.answer();
  await client.connect();
  store.answer();
  call.finish("done");
  await client.readUntil(() => false);
  assertEquals(told(client), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, "done"]);
});

for (const isEnded of [false, true]) {
  const which = isEnded ? "an ended stream" : "a stream that goes on";

  Deno.test(`a store that fails is a gap that the client is told, and the log says why: ${which}`, async () => {
    using log = new CapturedLog();
    using set = await startAndCut();
    const { store, client, call, say } = set;
    say(2);
    if (isEnded) call.finish("done");
    await settled();
    store.isHeld = false;
    store.failure = new Error("Connection refused");
    await client.connect();
    await client.readMessages(2);
    const { params, error } = client.messages[1];
    assertMatch(params?.data ?? error.message, /gone and cannot be replayed/);
    assertEquals(log.of("Store failed")[0]?.fields.error, "Connection refused");
    if (!isEnded) call.finish("done");
    await client.readUntil(() => false);
  });
}

Deno.test("what a handler says before it first waits goes out in order from a store that answers later", async () => {
  const store = new LaterStore(new MemoryEventStore(LIMITS, () => 0));
  store.isHeld = true;
  const tool = toolThat(async ({ log }) => {
    log.info(1);
    log.info(2);
    await settled();
    log.info(3);
    return "done";
  });
  using app = testApp({ tools: [tool], store });
  const session = await TestSession.open(app);
  const events = new EventReader(await session.post(toolCall("subject")));
  await settled();
  store.answer();
  const all = (await events.rest()).filter(({ data }) => data !== "").map(({ json }) => json);
  assertEquals(all.map(({ params, result }) => params?.data ?? result.content[0].text), [
    1,
    2,
    3,
    "done",
  ]);
});

Deno.test("the session's own stream tells what was missed before what comes, from a store that answers later", async () => {
  const store = new LaterStore(new MemoryEventStore(LIMITS, () => 0));
  using app = testApp({ store });
  const session = await TestSession.open(app);
  const first = new EventReader(await session.listen());
  await settled();
  await first.leave();
  app.catalog.tools.add(toolThat(() => "", "one"));
  await settled();
  store.isHeld = true;
  const events = new EventReader(await session.listen());
  app.catalog.resourceUpdated("test://x");
  app.catalog.tools.add(toolThat(() => "", "two"));
  await settled();
  store.answer();
  await session.ask(rpc("ping"));
  await session.delete();
  const methods = (await events.rest()).flatMap(({ json }) => json?.method ?? []);
  assertEquals(methods, Array(2).fill("notifications/tools/list_changed"));
});

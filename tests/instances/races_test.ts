/** Two instances act at the same moment; each test holds one of them at the moment that matters. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import * as z from "zod";
import { rpc, toolCall } from "../helpers/app.ts";
import { type Instance, Instances, LEASE_MS } from "../helpers/instances.ts";
import { TestSession } from "../helpers/session.ts";
import { EventReader, type ReadEvent } from "../helpers/sse.ts";
import { settled } from "../helpers/time.ts";
import type { MemoryMember } from "../../lib/store/memory_hub.ts";

const ELICITATION = { elicitation: {} };

function started(settings = {}): Promise<Instances> {
  return Instances.startPastLease(3, { settings });
}

type Operation = "append" | "carry" | "readSession" | "takeSession";

/** Holds each call of an operation of the store back until it is let go. */
function hold({ member }: { readonly member: MemoryMember }, name: Operation) {
  const gate = Promise.withResolvers<void>();
  const original = member[name].bind(member) as (...args: unknown[]) => Promise<never>;
  const held = async (...args: unknown[]) => {
    await gate.promise;
    return await original(...args);
  };
  Object.assign(member, { [name]: held });
  return () => {
    Object.assign(member, { [name]: original });
    gate.resolve();
  };
}

function saidBy(events: readonly ReadEvent[]) {
  return events.flatMap(({ json }) => json?.params?.data ?? json?.result?.content[0].text ?? []);
}

async function listening(session: TestSession, app: Instance): Promise<EventReader> {
  const reader = new EventReader(await session.on(app).listen());
  await settled();
  return reader;
}

Deno.test("events that come before, while and after another instance takes the stream arrive once, in order", async () => {
  using fleet = await started();
  const { puppet, a, b } = fleet;
  const session = await TestSession.open(a);
  const { primed, ctx, finish } = await puppet.callIn(session);
  ctx.log.info("before");
  await settled();
  const letCarry = hold(b, "carry");
  const resumed = new EventReader(await session.on(b).listen(primed?.id));
  await settled();
  ctx.log.info("while");
  await settled();
  const letAppend = hold(a, "append");
  ctx.log.info("in flight");
  letCarry();
  await settled();
  letAppend();
  ctx.log.info("after");
  finish("done");
  assertEquals(saidBy(await resumed.rest()), ["before", "while", "in flight", "after", "done"]);
});

Deno.test("a client that comes back while the answer is being kept gets it once", async () => {
  using fleet = await started();
  const { puppet, a, b } = fleet;
  const session = await TestSession.open(a);
  const { reader, primed, finish } = await puppet.callIn(session);
  const letAppend = hold(a, "append");
  finish("done");
  await settled();
  const resumed = new EventReader(await session.on(b).listen(primed?.id));
  await settled();
  letAppend();
  assertEquals(saidBy(await resumed.rest()), ["done"]);
  assertEquals(saidBy(await reader.rest()), []);
});

Deno.test("an answer that was kept before its instance died is the answer, and no call counts as lost", async () => {
  using fleet = await started();
  const { puppet, a, b } = fleet;
  const session = await TestSession.open(a);
  const { primed, finish } = await puppet.callIn(session);
  // The store keeps it, and the instance dies before it hears so.
  const append = a.member.append.bind(a.member);
  a.member.append = async (...args) => {
    await append(...args);
    fleet.kill(a);
    return await new Promise(() => {});
  };
  finish("done");
  await settled();
  await fleet.time.advance(LEASE_MS + 1_000);
  const resumed = new EventReader(await session.on(b).listen(primed?.id));
  await fleet.time.advance(1_000);
  assertEquals(saidBy(await resumed.rest()), ["done"]);
});

Deno.test("an event that was sent while the store was away is not sent again with another number", async () => {
  using fleet = await started();
  const { puppet, a, b } = fleet;
  const session = await TestSession.open(a);
  const { reader, ctx } = await puppet.callIn(session);
  ctx.log.info("kept");
  assertEquals((await reader.next())?.json.params.data, "kept");
  a.member.isUp = false;
  ctx.log.info("sent only");
  const last = await reader.next();
  assertEquals(last?.json.params.data, "sent only");
  fleet.kill(a);
  await fleet.time.advance(LEASE_MS + 1_000);
  const resumed = new EventReader(await session.on(b).listen(last?.id));
  await fleet.time.advance(1_000);
  const rest = await resumed.rest();
  assertEquals(rest.map(({ json }) => json?.error?.data.outcome), ["unknown"]);
});

Deno.test("a session's stream that goes to another instance and back within a lease loses and doubles nothing", async () => {
  using fleet = await started();
  const { a, b, c } = fleet;
  const session = await TestSession.open(a);
  await session.ask(rpc("resources/subscribe", { uri: "test://one" }));
  const first = await listening(session, a);
  const second = await listening(session, b);
  const third = await listening(session, a);
  for (const old of [first, second]) {
    assertEquals((await old.rest()).filter(({ json }) => json !== undefined), []);
  }
  c.catalog.resourceUpdated("test://one");
  await settled();
  b.catalog.tools.remove("puppet");
  await settled();
  assertEquals((await session.delete()).status, 204);
  const methods = (await third.rest()).flatMap(({ json }) => json?.method ?? []);
  assertEquals(methods, [
    "notifications/resources/updated",
    "notifications/tools/list_changed",
  ]);
});

Deno.test("a session that ends while another instance restores it does not come back to life", async () => {
  using fleet = await started();
  const { a, b } = fleet;
  const session = await TestSession.open(a);
  // It has read that the session lives, and goes on only once that has ended.
  const read = b.member.readSession.bind(b.member);
  const gate = Promise.withResolvers<void>();
  b.member.readSession = async (key) => {
    const record = await read(key);
    await gate.promise;
    return record;
  };
  const restoring = session.on(b).post(rpc("ping"));
  await settled();
  assertEquals((await session.delete()).status, 204);
  await settled();
  gate.resolve();
  assertEquals((await restoring).status, 404);
  assertEquals((await session.on(b).post(rpc("ping"))).status, 404);
});

Deno.test("a session that ends while another instance takes its stream ends that stream", async () => {
  using fleet = await started();
  const { a, b } = fleet;
  const session = await TestSession.open(a);
  assertEquals((await session.on(b).ask(rpc("ping"))).result, {});
  const letTake = hold(b, "takeSession");
  const stream = await listening(session, b);
  assertEquals((await session.delete()).status, 204);
  await settled();
  letTake();
  assertEquals((await stream.rest()).filter(({ json }) => json !== undefined), []);
  assertEquals((await session.on(b).post(rpc("ping"))).status, 404);
});

Deno.test("a question takes the first answer alone, and none after its call, from any instance", async () => {
  using fleet = await started();
  const { puppet, a, b, c } = fleet;
  const session = await TestSession.open(a, { capabilities: ELICITATION });
  const { reader, ctx, finish } = await puppet.callIn(session);
  const asked = ctx.elicit({ message: "Sure?", schema: z.object({ yes: z.boolean() }) });
  const question = await reader.next();
  const answer = (yes: boolean) => ({
    jsonrpc: "2.0",
    id: question?.json.id,
    result: { action: "accept", content: { yes } },
  });
  await session.on(b).tell(answer(true));
  await session.on(c).tell(answer(false));
  assertEquals(await asked, { action: "accept", content: { yes: true } });
  finish("done");
  assertEquals(saidBy(await reader.rest()), ["done"]);
  await session.on(b).tell(answer(false));
  await session.tell(answer(false));
  assertEquals((await session.on(c).ask(rpc("ping"))).result, {});
});

Deno.test("an instance that missed the takeover of a session's stream ends its own when the store is back", async () => {
  using fleet = await started();
  const { a, b } = fleet;
  const session = await TestSession.open(a);
  const old = await listening(session, a);
  a.member.isUp = false;
  const taken = await listening(session, b);
  await fleet.time.advance(2_100);
  a.member.isUp = true;
  await settled();
  assertEquals((await old.rest()).filter(({ json }) => json !== undefined), []);
  a.catalog.tools.remove("puppet");
  let event = await taken.next();
  while (event?.json?.method !== "notifications/tools/list_changed") event = await taken.next();
  assertEquals((await session.delete()).status, 204);
});

Deno.test("an instance that missed the takeover of a call's stream leaves it to the other when the store is back", async () => {
  using fleet = await started();
  const { puppet, a, b, c } = fleet;
  const session = await TestSession.open(a);
  const { primed, ctx, finish } = await puppet.callIn(session);
  const atB = new EventReader(await session.on(b).listen(primed?.id));
  await settled();
  b.member.isUp = false;
  const atC = new EventReader(await session.on(c).listen(primed?.id));
  await settled();
  b.member.isUp = true;
  await settled();
  assertEquals(await atB.rest(), []);
  ctx.log.info("one");
  finish("done");
  assertEquals(saidBy(await atC.rest()), ["one", "done"]);
});

Deno.test("changes that an instance missed while the store was away are told when it is back", async () => {
  using fleet = await started();
  const { a, b } = fleet;
  const session = await TestSession.open(a);
  await session.ask(rpc("resources/subscribe", { uri: "test://one" }));
  const stream = await listening(session, b);
  b.member.isUp = false;
  a.catalog.resourceUpdated("test://one");
  a.catalog.tools.remove("puppet");
  await settled();
  b.member.isUp = true;
  const missed = ["notifications/resources/updated", "notifications/tools/list_changed"];
  const heard = new Set<string>();
  while (!missed.every((method) => heard.has(method))) {
    heard.add((await stream.next())?.json?.method);
  }
});

Deno.test("a store that is away for less than a lease changes nothing for a call", async () => {
  using fleet = await started();
  const { puppet, a, b } = fleet;
  const session = await TestSession.open(a);
  const { primed, ctx, finish } = await puppet.callIn(session);
  const resumed = new EventReader(await session.on(b).listen(primed?.id));
  await settled();
  for (const { member } of fleet.all) member.isUp = false;
  ctx.log.info("meanwhile");
  await fleet.time.advance(LEASE_MS / 2);
  for (const { member } of fleet.all) member.isUp = true;
  await fleet.time.advance(1_000);
  finish("done");
  await fleet.time.advance(1_000);
  assertEquals(saidBy(await resumed.rest()), ["meanwhile", "done"]);
});

Deno.test("an instance that starts in the place of a dead one takes over nothing by name", async () => {
  using fleet = await started();
  const { puppet, a, b } = fleet;
  const session = await TestSession.open(a);
  const { primed } = await puppet.callIn(session);
  fleet.kill(a);
  const next = await fleet.add();
  assertNotEquals(next.fleet.me, a.fleet.me);
  const answer = { jsonrpc: "2.0", id: `lifeline-i${a.fleet.me}-12345678-1`, result: {} };
  const resumed = new EventReader(await session.on(next).listen(primed?.id));
  await fleet.time.advance(LEASE_MS + 1_000);
  assertEquals((await resumed.rest()).map(({ json }) => json.error.data.outcome), ["unknown"]);
  assertEquals((await session.on(b).post(answer)).status, 202);
});

Deno.test("a session in use is not idle for an instance whose clock is five minutes ahead or behind", async () => {
  using fleet = await started({ MCP_SESSION_IDLE_MS: 60_000 });
  const { a, b, c } = fleet;
  const session = await TestSession.open(a);
  assertEquals((await session.ask(rpc("ping"))).result, {});
  const { now } = Date;
  // The store has one clock, whichever instance asks.
  for (const { member } of fleet.all) member.now = now;
  for (const [app, skewMs] of [[b, 300_000], [c, -300_000]] as const) {
    Date.now = () => now() + skewMs;
    try {
      assertEquals((await session.on(app).ask(rpc("ping"))).result, {});
    } finally {
      Date.now = now;
    }
  }
});

Deno.test("a batch whose instance dies has its answers so far once, and one error for the rest", async () => {
  using fleet = await started();
  const { puppet, a, b } = fleet;
  const session = await TestSession.open(a, { version: "2025-03-26" });
  const calls = ["1", "2", "3"].map((call) => toolCall("puppet", { call }, call));
  const reader = new EventReader(await session.post(calls));
  const [one, two] = [await puppet.call("1"), await puppet.call("2")];
  one.ctx.log.info("begun");
  one.finish("one");
  const begun = await reader.next();
  assertEquals((await reader.next())?.json.id, "1");
  two.finish("two");
  await settled();
  fleet.kill(a);
  const resumed = new EventReader(await session.on(b).listen(begun?.id));
  await fleet.time.advance(LEASE_MS + 1_000);
  const rest = await resumed.rest();
  assertEquals(rest.map(({ json }) => json.id), ["1", "2", null]);
  assertEquals(rest.at(-1)?.json.error.data.outcome, "unknown");
});

Deno.test("a result of 4 MiB is resumed whole at another instance", async () => {
  using fleet = await started();
  const { puppet, a, b } = fleet;
  const session = await TestSession.open(a);
  const { reader, primed, finish } = await puppet.callIn(session);
  await reader.leave();
  const text = "x".repeat(4_194_304);
  finish(text);
  await settled();
  const resumed = new EventReader(await session.on(b).listen(primed?.id));
  const [answer] = await resumed.rest();
  assertEquals(answer?.json.result.content[0].text.length, text.length);
});

Deno.test("of thousands of list changes in a second every instance hears the last, by few messages", async () => {
  using fleet = await started();
  const { a, b } = fleet;
  const session = await TestSession.open(b);
  const stream = await listening(session, b);
  let broadcasts = 0;
  const broadcast = a.member.broadcast.bind(a.member);
  a.member.broadcast = (message) => {
    if (message.kind === "changes") broadcasts++;
    return broadcast(message);
  };
  for (let change = 0; change < 10_000; change++) {
    a.catalog.tools.disable({ tag: `none ${change}` });
    a.catalog.resourceUpdated(`test://${change % 2}`);
    if (change % 100 === 0) await fleet.time.advance(10, 10);
  }
  await fleet.time.advance(1_000);
  assert(broadcasts <= 100, `${broadcasts} messages`);
  a.catalog.tools.remove("puppet");
  await fleet.time.advance(1_000);
  let event = await stream.next();
  while (event?.json?.method !== "notifications/tools/list_changed") event = await stream.next();
});

Deno.test("messages of another version, and of kinds that an instance does not know, change nothing", async () => {
  using fleet = await started();
  const { puppet, a, b } = fleet;
  const session = await TestSession.open(a);
  const { reader, finish } = await puppet.callIn(session);
  const [key] = fleet.hub.sessions.keys();
  const from = b.fleet.me;
  await b.member.broadcast({ kind: "ended", key, v: 99, from });
  await b.member.broadcast({ kind: "ended", key, from });
  await b.member.broadcast({ kind: "invented later", key, v: 1, from, id: "1" });
  await b.member.send(a.fleet.me, { kind: "handOver", v: 99, from, id: "2", key: { of: 1 } });
  await b.member.send(a.fleet.me, { kind: "record", v: 1, from, key, subscriptions: 7 });
  await settled();
  assertEquals((await session.ask(rpc("ping"))).result, {});
  finish("done");
  assertEquals(saidBy(await reader.rest()), ["done"]);
});

/** Sessions of the 2025 revisions at any of several instances. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import * as z from "zod";
import { Fleet } from "../../lib/fleet/fleet.ts";
import { defineResource } from "../../lib/mod.ts";
import { rpc, testApp, toolCall } from "../helpers/app.ts";
import { Instances, KEY } from "../helpers/instances.ts";
import { TestSession } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";
import { settled } from "../helpers/time.ts";

const ELICITATION = { elicitation: {} };

/** The next message, without the events that only carry an id. */
async function nextMessage(reader: EventReader) {
  for (let event = await reader.next(); event !== undefined; event = await reader.next()) {
    if (event.json !== undefined) return event;
  }
  throw new Error("Stream ended before a message");
}

Deno.test("an answer to a question reaches its tool from any instance", async () => {
  using fleet = await Instances.start(3);
  const { a, b, puppet } = fleet;
  const session = await TestSession.open(a, { capabilities: ELICITATION });
  const reader = new EventReader(await session.post(toolCall("puppet", { call: "1" })));
  const { ctx, finish } = await puppet.call("1");
  const asked = ctx.elicit({ message: "Sure?", schema: z.object({ yes: z.boolean() }) });
  let question = await reader.next();
  while (question?.json?.method !== "elicitation/create") question = await reader.next();
  await session.on(b).tell({
    jsonrpc: "2.0",
    id: question.json.id,
    result: { action: "accept", content: { yes: true } },
  });
  assertEquals(await asked, { action: "accept", content: { yes: true } });
  finish("done");
  const events = await reader.rest();
  assertEquals(events.at(-1)?.json.result.content[0].text, "done");
});

Deno.test("an answer of another session settles nothing, from any instance", async () => {
  using fleet = await Instances.start(3);
  const { a, b, puppet } = fleet;
  const session = await TestSession.open(a, { capabilities: ELICITATION });
  const stranger = await TestSession.open(b, { capabilities: ELICITATION });
  const reader = new EventReader(await session.post(toolCall("puppet", { call: "1" })));
  const { ctx } = await puppet.call("1");
  let isAnswered = false;
  ctx.elicit({ message: "Sure?", schema: z.object({}) }).then(
    () => isAnswered = true,
    () => {},
  );
  let question = await reader.next();
  while (question?.json?.method !== "elicitation/create") question = await reader.next();
  const answer = { jsonrpc: "2.0", id: question.json.id, result: { action: "accept" } };
  for (const app of [a, b]) await stranger.on(app).tell(answer);
  await settled();
  assertEquals(isAnswered, false);
});

Deno.test("a cancellation stops its call at another instance", async () => {
  using fleet = await Instances.start(3);
  const { a, c, puppet } = fleet;
  const session = await TestSession.open(a);
  const reader = new EventReader(await session.post(toolCall("puppet", { call: "1" }, 7)));
  const { ctx } = await puppet.call("1");
  const aborted = Promise.withResolvers<void>();
  ctx.signal.addEventListener("abort", () => aborted.resolve());
  await session.on(c).tell({
    jsonrpc: "2.0",
    method: "notifications/cancelled",
    params: { requestId: 7, reason: "changed my mind" },
  });
  await aborted.promise;
  assertMatch(String(ctx.signal.reason.message), /changed my mind/);
  await reader.rest();
});

Deno.test("a cancellation that comes before its call keeps it from running", async () => {
  using fleet = await Instances.start(3);
  const { a, b, puppet } = fleet;
  const session = await TestSession.open(a);
  await session.on(b).tell({
    jsonrpc: "2.0",
    method: "notifications/cancelled",
    params: { requestId: 7 },
  });
  await settled();
  assertEquals((await session.post(toolCall("puppet", { call: "1" }, 7))).status, 202);
  let isRun = false;
  void puppet.call("1").then(() => isRun = true);
  await settled();
  assertEquals(isRun, false);
});

Deno.test("a call that runs elsewhere is resumed with all that it said and says, in order", async () => {
  using fleet = await Instances.start(3);
  const { a, b, puppet } = fleet;
  const session = await TestSession.open(a);
  const first = new EventReader(await session.post(toolCall("puppet", { call: "1" })));
  const { ctx, finish } = await puppet.call("1");
  const primed = await first.next();
  assert(primed?.id);
  ctx.log.info("one");
  ctx.log.info("two");
  const one = await first.next();
  assertEquals(one?.json.params.data, "one");
  const resumed = new EventReader(await session.on(b).listen(one?.id));
  assertEquals((await resumed.next())?.json.params.data, "two");
  ctx.log.info("three");
  assertEquals((await resumed.next())?.json.params.data, "three");
  finish("done");
  const rest = await resumed.rest();
  assertEquals(rest.map(({ json }) => json.result.content[0].text), ["done"]);
  // The response that the client gave up was ended meanwhile.
  const old = await first.rest();
  assert(old.every(({ json }) => json?.result === undefined));
});

Deno.test("a call that has ended elsewhere is replayed", async () => {
  using fleet = await Instances.start(3);
  const { a, b, puppet } = fleet;
  const session = await TestSession.open(a);
  const first = new EventReader(await session.post(toolCall("puppet", { call: "1" })));
  const { finish } = await puppet.call("1");
  const primed = await first.next();
  await first.leave();
  finish("done");
  await settled();
  const resumed = new EventReader(await session.on(b).listen(primed?.id));
  assertEquals((await resumed.rest()).map(({ json }) => json.result.content[0].text), ["done"]);
});

Deno.test("an answer that came at once is replayed elsewhere", async () => {
  using fleet = await Instances.start(3);
  const { a, b } = fleet;
  const session = await TestSession.open(a);
  const response = await session.post(rpc("tools/list"), { accept: "text/event-stream" });
  const [primed] = await new EventReader(response).rest();
  const resumed = new EventReader(await session.on(b).listen(primed?.id));
  assertEquals((await resumed.rest()).length, 1);
});

Deno.test("of two resumptions at two instances the newest wins, and so does a third at the writer", async () => {
  using fleet = await Instances.start(3);
  const { a, b, c, puppet } = fleet;
  const session = await TestSession.open(a);
  const first = new EventReader(await session.post(toolCall("puppet", { call: "1" })));
  const { ctx, finish } = await puppet.call("1");
  const primed = await first.next();
  const atB = new EventReader(await session.on(b).listen(primed?.id));
  await settled();
  const atC = new EventReader(await session.on(c).listen(primed?.id));
  assertEquals(await atB.rest(), []);
  ctx.log.info("one");
  assertEquals((await atC.next())?.json.params.data, "one");
  const atA = new EventReader(await session.listen(primed?.id));
  assertEquals(await atC.rest(), []);
  assertEquals((await atA.next())?.json.params.data, "one");
  finish("done");
  assertEquals((await atA.rest()).at(-1)?.json.result.content[0].text, "done");
});

Deno.test("DELETE ends the session at all instances, with what runs there", async () => {
  using fleet = await Instances.start(3);
  const { a, b, c, puppet } = fleet;
  const session = await TestSession.open(a);
  const stream = new EventReader(await session.post(toolCall("puppet", { call: "1" })));
  const { ctx } = await puppet.call("1");
  const { signal } = ctx;
  assertEquals((await session.on(b).ask(rpc("ping"))).result, {});
  assertEquals((await session.on(c).delete()).status, 204);
  await settled();
  assert(signal.aborted);
  await stream.rest();
  for (const app of fleet.all) {
    assertEquals((await session.on(app).post(rpc("ping"))).status, 404);
  }
  const late = await fleet.add();
  assertEquals((await session.on(late).post(rpc("ping"))).status, 404);
});

Deno.test("log level and subscriptions hold at every instance, also those that restore the session later", async () => {
  using fleet = await Instances.start(3);
  const { a, b, c, puppet } = fleet;
  const session = await TestSession.open(a);
  assertEquals((await session.on(b).ask(rpc("ping"))).result, {});
  await session.ask(rpc("logging/setLevel", { level: "error" }));
  await session.ask(rpc("resources/subscribe", { uri: "test://one" }));
  await settled();
  for (const [app, call] of [[b, "known"], [c, "restored"]] as const) {
    const reader = new EventReader(await session.on(app).post(toolCall("puppet", { call })));
    const { ctx, finish } = await puppet.call(call);
    ctx.log.info("not wanted");
    ctx.log.error("wanted");
    finish("done");
    const said = (await reader.rest()).map(({ json }) => json?.params?.data).filter(Boolean);
    assertEquals(said, ["wanted"]);
    const stream = new EventReader(await session.on(app).listen());
    await settled();
    a.catalog.resourceUpdated("test://one");
    await fleet.time.advance(50);
    assertEquals((await nextMessage(stream)).json.params.uri, "test://one");
    await stream.leave();
  }
});

Deno.test("the newest stream of a session wins, and nothing is lost or doubled from one to the next", async () => {
  using fleet = await Instances.start(3);
  const { a, b } = fleet;
  const session = await TestSession.open(a);
  const atA = new EventReader(await session.listen());
  await settled();
  a.catalog.tools.disable({ tag: "none" });
  b.catalog.resourceUpdated("test://not-subscribed");
  const primed = await atA.next();
  assert(primed?.id);
  const atB = new EventReader(await session.on(b).listen(primed.id));
  assertEquals((await atA.rest()).filter(({ data }) => data !== ""), []);
  await settled();
  await fleet.time.advance(50);
  a.catalog.tools.remove("puppet");
  const change = await nextMessage(atB);
  assertEquals(change.json.method, "notifications/tools/list_changed");
  // While no response carries the stream, the last carrier keeps what happens.
  await atB.leave();
  await settled();
  b.catalog.prompts.disable({ tag: "none" });
  a.catalog.resources.add(defineResource({ uri: "test://new", name: "new", read: () => "" }));
  await fleet.time.advance(50);
  const back = new EventReader(await session.on(a).listen(change.id));
  assertEquals(
    (await nextMessage(back)).json.method,
    "notifications/resources/list_changed",
  );
});

Deno.test("a client gets at another instance what its session's stream sent to it in vain", async () => {
  using fleet = await Instances.start(2);
  const { a, b } = fleet;
  const session = await TestSession.open(a);
  const atA = new EventReader(await session.listen());
  const primed = await atA.next();
  assert(primed?.id);
  a.catalog.tools.remove("puppet");
  assertEquals((await nextMessage(atA)).json.method, "notifications/tools/list_changed");
  const atB = new EventReader(await session.on(b).listen(primed.id));
  assertEquals((await nextMessage(atB)).json.method, "notifications/tools/list_changed");
  await atB.leave();
  await atA.rest();
});

Deno.test("what a call says that has no stream goes to the instance that carries the session's own", async () => {
  using fleet = await Instances.start(3);
  const { a, b, puppet } = fleet;
  const session = await TestSession.open(a, { capabilities: ELICITATION });
  const stream = new EventReader(await session.listen());
  await settled();
  const response = session.on(b).post(toolCall("puppet", { call: "1" }), {
    accept: "application/json",
  });
  const { ctx, finish } = await puppet.call("1");
  const asked = ctx.elicit({ message: "Sure?", schema: z.object({}) });
  const question = await nextMessage(stream);
  assertEquals(question.json.method, "elicitation/create");
  await session.tell({ jsonrpc: "2.0", id: question.json.id, result: { action: "decline" } });
  assertEquals(await asked, { action: "decline" });
  finish("done");
  assertEquals((await (await response).json()).result.content[0].text, "done");
});

Deno.test("an app joins the other instances by its start, or else by its first request", async () => {
  using fleet = await Instances.start(1);
  const [a] = fleet.all;
  const member = fleet.hub.join();
  using b = testApp({
    settings: { MCP_SESSION_KEY: KEY },
    wheel: { clock: fleet.time.clock },
    fleet: (wheel, emit) => new Fleet(member, wheel, emit),
  });
  assertEquals(member.isUp, false);
  const session = await TestSession.open(a!);
  assertEquals((await session.on(b).ask(rpc("ping"))).result, {});
  assertEquals(member.isUp, true);
  assertEquals((await session.on(b).delete()).status, 204);
  await settled();
  assertEquals((await session.post(rpc("ping"))).status, 404);
});

Deno.test("a change of the log level or of a subscription writes only that to the store", async () => {
  using fleet = await Instances.start(2);
  const { a, b } = fleet;
  const session = await TestSession.open(a);
  const written: string[][] = [];
  for (const { member } of [a, b]) {
    const { writeSession } = member;
    member.writeSession = (key, changes) => {
      written.push(Object.keys(changes).filter((field) => field !== "usedAt"));
      return writeSession.call(member, key, changes);
    };
  }
  await session.ask(rpc("resources/subscribe", { uri: "x://one" }));
  await session.on(b).ask(rpc("logging/setLevel", { level: "error" }));
  await session.on(b).ask(rpc("resources/unsubscribe", { uri: "x://one" }));
  await session.ask(rpc("ping"));
  assertEquals(written.filter(({ length }) => length > 0), [
    ["subscriptions"],
    ["logLevel"],
    ["subscriptions"],
  ]);
  const [record] = fleet.hub.sessions.values();
  assertEquals([record?.logLevel, record?.subscriptions], ["error", []]);
});

Deno.test("a session's own stream counts as long-lived, whichever instance opens it", async () => {
  using fleet = await Instances.start(2, { settings: { MCP_STREAM_OPENS_BURST: 1 } });
  const session = await TestSession.open(fleet.a);
  const first = await session.listen();
  assertEquals(first.status, 200);
  const refused = await session.listen();
  const { error } = await refused.json();
  assertEquals([refused.status, error.data.limit], [429, "open_rate"]);
  await new EventReader(first).leave();
});

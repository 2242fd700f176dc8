/** Instances that die, freeze, or lose their store. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { rpc, toolCall } from "../helpers/app.ts";
import { Instances, LEASE_MS } from "../helpers/instances.ts";
import { TestSession } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";
import { settled } from "../helpers/time.ts";

function started(settings = {}): Promise<Instances> {
  return Instances.startPastLease(3, { settings });
}

Deno.test("a call whose instance dies ends with one error that says that its outcome is unknown", async () => {
  using fleet = await started();
  const { a, b, puppet } = fleet;
  const session = await TestSession.open(a);
  const { primed } = await puppet.callIn(session);
  fleet.kill(a);
  const resumed = new EventReader(await session.on(b).listen(primed?.id));
  await fleet.time.advance(LEASE_MS + 1_000);
  const [lost, ...more] = await resumed.rest();
  assertEquals(more, []);
  assertEquals(lost?.json.id, "1");
  assertEquals(lost?.json.error.data, { outcome: "unknown", is_repeatable: false });
  assertMatch(lost?.json.error.message, /outcome is unknown: it may have run\. Find out/);
  // Nothing more comes, whoever asks.
  assertEquals((await session.on(b).listen(lost?.id)).status, 405);
});

Deno.test("a client that comes after the lease has run out is told at its first look", async () => {
  using fleet = await started();
  const { a, b, puppet } = fleet;
  const session = await TestSession.open(a);
  const { primed } = await puppet.callIn(session);
  fleet.kill(a);
  await fleet.time.advance(LEASE_MS + 1_000);
  const resumed = new EventReader(await session.on(b).listen(primed?.id));
  await fleet.time.advance(600);
  assertEquals((await resumed.rest()).length, 1);
});

Deno.test("two instances that end the same call tell the same error", async () => {
  using fleet = await started();
  const { a, b, c, puppet } = fleet;
  const session = await TestSession.open(a);
  const { primed } = await puppet.callIn(session);
  fleet.kill(a);
  const atB = new EventReader(await session.on(b).listen(primed?.id));
  const atC = new EventReader(await session.on(c).listen(primed?.id));
  const reading = Promise.all([atB.rest(), atC.rest()]);
  await fleet.time.advance(LEASE_MS + 1_000);
  const told = (await reading).flat();
  assertEquals(told.length, 1);
  const again = new EventReader(await session.on(b).listen(primed?.id));
  await fleet.time.advance(600);
  assertEquals((await again.rest()).map(({ id }) => id), told.map(({ id }) => id));
});

Deno.test("an instance that was frozen past its lease sends nothing of a call that was told lost", async () => {
  using fleet = await started();
  const { a, b, puppet } = fleet;
  const session = await TestSession.open(a);
  const { reader, primed, finish } = await puppet.callIn(session);
  fleet.kill(a);
  const resumed = new EventReader(await session.on(b).listen(primed?.id));
  await fleet.time.advance(LEASE_MS + 1_000);
  assertEquals((await resumed.rest()).map(({ json }) => json.error.data.outcome), ["unknown"]);
  a.member.isUp = true;
  finish("too late");
  await fleet.time.advance(1_000);
  assertEquals((await reader.rest()).filter(({ json }) => json !== undefined), []);
});

Deno.test("a call that runs on is stopped once its instance learns that it was told lost", async () => {
  using fleet = await started();
  const { a, b, puppet } = fleet;
  const session = await TestSession.open(a);
  const { primed, ctx } = await puppet.callIn(session);
  const { signal } = ctx;
  fleet.kill(a);
  const resumed = new EventReader(await session.on(b).listen(primed?.id));
  await fleet.time.advance(LEASE_MS + 1_000);
  await resumed.rest();
  a.member.isUp = true;
  ctx.log.info("still here");
  await fleet.time.advance(1_000);
  assert(signal.aborted);
});

Deno.test("a client that still reads from an instance without a store gets its result there", async () => {
  using fleet = await started();
  const { a, b, puppet } = fleet;
  const session = await TestSession.open(a);
  const { reader, primed, finish } = await puppet.callIn(session);
  a.member.isUp = false;
  finish("done");
  await settled();
  const [answer] = await reader.rest();
  assertEquals(answer?.json.result.content[0].text, "done");
  // When the store is back, what was not kept is made up.
  a.member.isUp = true;
  await fleet.time.advance(1_000);
  const resumed = new EventReader(await session.on(b).listen(primed?.id));
  assertEquals((await resumed.rest()).map(({ id }) => id), [answer?.id]);
});

Deno.test("a store that was away for longer than a lease has nobody declared dead", async () => {
  using fleet = await started();
  const { a, b, puppet } = fleet;
  const session = await TestSession.open(a);
  const { primed, finish } = await puppet.callIn(session);
  const resumed = new EventReader(await session.on(b).listen(primed?.id));
  const reading = resumed.rest();
  await settled();
  for (const { member } of fleet.all) member.isUp = false;
  await fleet.time.advance(3 * LEASE_MS);
  for (const { member } of fleet.all) member.isUp = true;
  await fleet.time.advance(LEASE_MS);
  finish("done");
  await fleet.time.advance(1_000);
  assertEquals((await reading).at(-1)?.json.result.content[0].text, "done");
});

Deno.test("a store that comes back empty loses no call and no answer", async () => {
  using fleet = await started();
  const { a, b, puppet } = fleet;
  const session = await TestSession.open(a);
  const { primed, ctx, finish } = await puppet.callIn(session);
  const resumed = new EventReader(await session.on(b).listen(primed?.id));
  await settled();
  ctx.log.info("before");
  assertEquals((await resumed.next())?.json.params.data, "before");
  for (const { member } of fleet.all) member.isUp = false;
  fleet.hub.clear();
  await fleet.time.advance(1_000);
  for (const { member } of fleet.all) member.isUp = true;
  await fleet.time.advance(1_000);
  finish("done");
  await fleet.time.advance(1_000);
  assertEquals((await resumed.rest()).at(-1)?.json.result.content[0].text, "done");
});

Deno.test("while the store is away answers for elsewhere are refused with 503, and calls go on", async () => {
  using fleet = await started();
  const { a, b, puppet } = fleet;
  const session = await TestSession.open(a);
  assertEquals((await session.on(b).ask(rpc("ping"))).result, {});
  b.member.isUp = false;
  const answer = { jsonrpc: "2.0", id: `lifeline-i${a.fleet.me}-12345678-1`, result: {} };
  const refused = await session.on(b).post(answer);
  assertEquals(refused.status, 503);
  assertEquals(refused.headers.get("retry-after"), "1");
  const reader = new EventReader(await session.on(b).post(toolCall("puppet", { call: "2" })));
  (await puppet.call("2")).finish("done");
  assertEquals((await reader.rest()).at(-1)?.json.result.content[0].text, "done");
  assertEquals((await b.request("/readyz")).status, 503);
  assertEquals((await b.request("/healthz")).status, 200);
  b.member.isUp = true;
  assertEquals((await b.request("/readyz")).status, 200);
});

Deno.test("while the store is away a session is restored, or refused where MCP_STORE_STRICT is set", async () => {
  for (const [MCP_STORE_STRICT, status] of [[false, 200], [true, 503]] as const) {
    using fleet = await started({ MCP_STORE_STRICT });
    const { a, b } = fleet;
    const session = await TestSession.open(a);
    b.member.isUp = false;
    assertEquals((await session.on(b).post(rpc("ping"))).status, status);
  }
});

Deno.test("an instance that missed the end of a session learns of it when the store is back", async () => {
  using fleet = await started();
  const { a, b } = fleet;
  const session = await TestSession.open(a);
  assertEquals((await session.on(b).ask(rpc("ping"))).result, {});
  b.member.isUp = false;
  assertEquals((await session.delete()).status, 204);
  await settled();
  assertEquals((await session.on(b).post(rpc("ping"))).status, 200);
  b.member.isUp = true;
  await settled();
  assertEquals((await session.on(b).post(rpc("ping"))).status, 404);
});

Deno.test("a bus that carries nothing makes an instance unready, though the store is there", async () => {
  using fleet = await started();
  const { a } = fleet;
  assertEquals((await a.request("/readyz")).status, 200);
  a.member.onMessage = () => {};
  await fleet.time.advance(LEASE_MS);
  assertEquals((await a.request("/readyz")).status, 503);
});

Deno.test("a bus that carries nothing for a while is connected anew", async () => {
  using fleet = await started();
  const { a } = fleet;
  const resets: string[] = [];
  Object.assign(a.member, { reset: (why: string) => void resets.push(why) });
  await fleet.time.advance(2 * LEASE_MS);
  assertEquals(resets, []);
  a.member.onMessage = () => {};
  await fleet.time.advance(2 * LEASE_MS);
  assertEquals(resets[0], "The bus carries no messages");
});

Deno.test("a drained instance keeps what its calls answered, and is not waited for", async () => {
  using fleet = await started();
  const { a, b, puppet } = fleet;
  const session = await TestSession.open(a);
  const { primed, finish, reader } = await puppet.callIn(session);
  await reader.leave();
  const drained = a.drain(1_000);
  finish("in time");
  await fleet.time.advance(2_000);
  await drained;
  a.stop();
  const resumed = new EventReader(await session.on(b).listen(primed?.id));
  assertEquals((await resumed.rest()).at(-1)?.json.result.content[0].text, "in time");
});

Deno.test("all calls of a batch are stopped once their instance learns that it was taken for dead", async () => {
  using fleet = await started();
  const { a, b, puppet } = fleet;
  const session = await TestSession.open(a, { version: "2025-03-26" });
  const calls = ["1", "2"].map((call, index) => toolCall("puppet", { call }, index));
  const reader = new EventReader(await session.post(calls));
  const [one, two] = [await puppet.call("1"), await puppet.call("2")];
  const signals = [one, two].map(({ ctx }) => ctx.signal);
  one.ctx.log.info("begun");
  const begun = await reader.next();
  await settled();
  fleet.kill(a);
  const resumed = new EventReader(await session.on(b).listen(begun?.id));
  await fleet.time.advance(LEASE_MS + 1_000);
  assertEquals((await resumed.rest()).length, 1);
  a.member.isUp = true;
  one.ctx.log.info("still here");
  await fleet.time.advance(1_000);
  assertEquals(signals.map(({ aborted }) => aborted), [true, true]);
});

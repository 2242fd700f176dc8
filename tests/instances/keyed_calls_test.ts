/** Calls with an `Idempotency-Key` at several instances. */
import { assertEquals, assertMatch } from "@std/assert";
import { PLAIN_HEADERS, toolCall } from "../helpers/app.ts";
import { type Instance, Instances, LEASE_MS } from "../helpers/instances.ts";
import { EventReader } from "../helpers/sse.ts";
import { settled } from "../helpers/time.ts";
import { HeldTool } from "../helpers/tools.ts";

const HELD = toolCall("held", {}, 7);

/** POSTs a call with a key, and reads its welcome. */
async function post(at: Instance, body: unknown = HELD, key = "key"): Promise<EventReader> {
  const response = await at.post("/mcp/sse", body, { ...PLAIN_HEADERS, "idempotency-key": key });
  assertEquals(response.status, 200);
  const events = new EventReader(response);
  await events.nextNamed("welcome");
  return events;
}

async function textOf(events: EventReader): Promise<string> {
  const { json } = await events.nextNamed("response");
  assertEquals(json.id, 7);
  return json.result.content[0].text;
}

async function started(count = 2) {
  const held = new HeldTool();
  const fleet = await Instances.start(count, { tools: [held.tool] });
  const [a, b, c] = fleet.all;
  await fleet.time.advance(LEASE_MS + 1_000);
  return { fleet, held, a: a!, b: b!, c: c! };
}

Deno.test("a key that two instances are sent runs once, and both streams get the response", async () => {
  const { fleet, held, a, b } = await started();
  using _ = fleet;
  const first = await post(a);
  const call = await held.next();
  const second = await post(b);
  const third = await post(b);
  await fleet.time.advance(5_000);
  assertEquals(held.calls.length, 1);
  call.finish("done");
  await fleet.time.advance(1_000);
  assertEquals(await Promise.all([first, second, third].map(textOf)), ["done", "done", "done"]);
  const later = await post(b);
  await settled();
  assertEquals(await textOf(later), "done");
  assertEquals(held.calls.length, 1);
  for (const events of [first, second, third, later]) await events.leave();
});

Deno.test("the same key at all instances in one moment runs once", async () => {
  const { fleet, held } = await started(3);
  using _ = fleet;
  const posts = Promise.all([...fleet.all, ...fleet.all].map((at) => post(at)));
  const streams = await posts;
  const call = await held.next();
  await fleet.time.advance(1_000);
  assertEquals(held.calls.length, 1);
  call.finish("done");
  await fleet.time.advance(1_000);
  assertEquals(new Set(await Promise.all(streams.map(textOf))), new Set(["done"]));
  for (const events of streams) await events.leave();
});

Deno.test("a call goes on when its client moves to another instance, which answers it", async () => {
  const { fleet, held, a, b } = await started();
  using _ = fleet;
  const first = await post(a);
  const call = await held.next();
  const { signal } = call.ctx;
  await first.leave();
  const second = await post(b);
  await fleet.time.advance(1_000);
  assertEquals(signal.aborted, false);
  call.finish("done");
  await fleet.time.advance(1_000);
  assertEquals(await textOf(second), "done");
  await second.leave();
});

Deno.test("a key that comes with another request is refused at every instance, also after its end", async () => {
  const { fleet, held, a, b } = await started();
  using _ = fleet;
  const first = await post(a);
  const call = await held.next();
  for (let round = 0; round < 2; round++) {
    const other = await post(b, toolCall("held", { other: 1 }, 8));
    const { json } = await other.nextNamed("error");
    assertMatch(json.error.message, /Idempotency-Key was sent with another request already/);
    await other.leave();
    call.finish("done");
    await settled();
  }
  await first.leave();
  assertEquals(held.calls.length, 1);
});

Deno.test("all who wait for a call that is cut get its error, and none of them runs it again", async () => {
  const { fleet, held, a, b, c } = await started(3);
  using _ = fleet;
  const first = await post(a);
  await held.next();
  const second = await post(b);
  const drained = a.drain(100);
  await fleet.time.advance(1_000);
  await drained;
  await fleet.time.advance(1_000);
  for (const events of [first, second]) {
    const { error } = (await events.nextNamed("error")).json;
    assertEquals(error.data, { outcome: "unknown", is_repeatable: false });
  }
  assertEquals(held.calls.length, 1);
  // A client that sends it once more has decided that it may run twice.
  const third = await post(c);
  (await held.next()).finish("again");
  await settled();
  assertEquals(await textOf(third), "again");
  for (const events of [second, third]) await events.leave();
});

Deno.test("a key whose instance has died is answered with one error of unknown outcome, and runs nothing", async () => {
  const { fleet, held, a, b } = await started();
  using _ = fleet;
  const first = await post(a);
  await held.next();
  const second = await post(b);
  await settled();
  fleet.kill(a);
  await fleet.time.advance(LEASE_MS + 3_000);
  const { json } = await second.nextNamed("error");
  assertEquals([json.id, json.error.data], [7, { outcome: "unknown", is_repeatable: false }]);
  assertMatch(json.error.message, /is gone, and the key cannot be used again\. Its outcome/);
  assertEquals(held.calls.length, 1);
  for (const events of [first, second]) await events.leave();
});

Deno.test("while the store is away a new key is refused, as nobody can tell whether it ran", async () => {
  const { fleet, held, b } = await started();
  using _ = fleet;
  b.member.isUp = false;
  const refused = await post(b);
  const { json } = await refused.nextNamed("error");
  assertEquals(json.error.data, { retry_after: 1 });
  assertEquals(held.calls.length, 0);
  await refused.leave();
  b.member.isUp = true;
  const taken = await post(b);
  (await held.next()).finish("done");
  await settled();
  assertEquals(await textOf(taken), "done");
  await taken.leave();
});

Deno.test("a client that has left before its key was claimed runs nothing, and its key is free", async () => {
  const { fleet, held, a, b } = await started();
  using _ = fleet;
  const response = await a.fetch(
    new Request("http://localhost/mcp/sse", {
      method: "POST",
      headers: { ...PLAIN_HEADERS, "idempotency-key": "key" },
      body: JSON.stringify(HELD),
    }),
    { address: "127.0.0.1" },
  );
  await response.body?.cancel();
  await settled();
  const runs = held.calls.length;
  const again = await post(b);
  await settled();
  assertEquals(held.calls.length, Math.max(runs, 1));
  held.calls.at(-1)!.finish("done");
  await fleet.time.advance(1_000);
  assertEquals(await textOf(again), "done");
  await again.leave();
});

/** Calls with an `Idempotency-Key` at several instances. */
import { assertEquals, assertMatch } from "@std/assert";
import { PLAIN_HEADERS, toolCall } from "../helpers/app.ts";
import { Instances, LEASE_MS } from "../helpers/instances.ts";
import { HELD, heldText, postKeyed } from "../helpers/keyed_calls.ts";
import { settled } from "../helpers/time.ts";
import { HeldTool } from "../helpers/tools.ts";

async function started(count = 2) {
  const held = new HeldTool();
  const fleet = await Instances.startPastLease(count, { tools: [held.tool] });
  return { fleet, held };
}

Deno.test("a key that two instances are sent runs once, and both streams get the response", async () => {
  const { fleet, held } = await started();
  using _ = fleet;
  const { a, b } = fleet;
  const first = await postKeyed(a);
  const call = await held.next();
  const second = await postKeyed(b);
  const third = await postKeyed(b);
  await fleet.time.advance(5_000);
  assertEquals(held.calls.length, 1);
  call.finish("done");
  await fleet.time.advance(1_000);
  assertEquals(await Promise.all([first, second, third].map(heldText)), ["done", "done", "done"]);
  const later = await postKeyed(b);
  await settled();
  assertEquals(await heldText(later), "done");
  assertEquals(held.calls.length, 1);
  for (const events of [first, second, third, later]) await events.leave();
});

Deno.test("the same key at all instances in one moment runs once", async () => {
  const { fleet, held } = await started(3);
  using _ = fleet;
  const posts = Promise.all([...fleet.all, ...fleet.all].map((at) => postKeyed(at)));
  const streams = await posts;
  const call = await held.next();
  await fleet.time.advance(1_000);
  assertEquals(held.calls.length, 1);
  call.finish("done");
  await fleet.time.advance(1_000);
  assertEquals(new Set(await Promise.all(streams.map(heldText))), new Set(["done"]));
  for (const events of streams) await events.leave();
});

Deno.test("a call goes on when its client moves to another instance, which answers it", async () => {
  const { fleet, held } = await started();
  using _ = fleet;
  const { a, b } = fleet;
  const first = await postKeyed(a);
  const call = await held.next();
  const { signal } = call.ctx;
  await first.leave();
  const second = await postKeyed(b);
  await fleet.time.advance(1_000);
  assertEquals(signal.aborted, false);
  call.finish("done");
  await fleet.time.advance(1_000);
  assertEquals(await heldText(second), "done");
  await second.leave();
});

Deno.test("a key that comes with another request is refused at every instance, also after its end", async () => {
  const { fleet, held } = await started();
  using _ = fleet;
  const { a, b } = fleet;
  const first = await postKeyed(a);
  const call = await held.next();
  for (let round = 0; round < 2; round++) {
    const other = await postKeyed(b, { body: toolCall("held", { other: 1 }, 8) });
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
  const { fleet, held } = await started(3);
  using _ = fleet;
  const { a, b, c } = fleet;
  const first = await postKeyed(a);
  await held.next();
  const second = await postKeyed(b);
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
  const third = await postKeyed(c);
  (await held.next()).finish("again");
  await settled();
  assertEquals(await heldText(third), "again");
  for (const events of [second, third]) await events.leave();
});

Deno.test("a key whose instance has died is answered with one error of unknown outcome, and runs nothing", async () => {
  const { fleet, held } = await started();
  using _ = fleet;
  const { a, b } = fleet;
  const first = await postKeyed(a);
  await held.next();
  const second = await postKeyed(b);
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
  const { fleet, held } = await started();
  using _ = fleet;
  const { b } = fleet;
  b.member.isUp = false;
  const refused = await postKeyed(b);
  const { json } = await refused.nextNamed("error");
  assertEquals(json.error.data, { retry_after: 1 });
  assertEquals(held.calls.length, 0);
  await refused.leave();
  b.member.isUp = true;
  const taken = await postKeyed(b);
  (await held.next()).finish("done");
  await settled();
  assertEquals(await heldText(taken), "done");
  await taken.leave();
});

Deno.test("a client that has left before its key was claimed runs nothing, and its key is free", async () => {
  const { fleet, held } = await started();
  using _ = fleet;
  const { a, b } = fleet;
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
  const again = await postKeyed(b);
  await settled();
  assertEquals(held.calls.length, Math.max(runs, 1));
  held.calls.at(-1)!.finish("done");
  await fleet.time.advance(1_000);
  assertEquals(await heldText(again), "done");
  await again.leave();
});

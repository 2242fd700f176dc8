/** The bytes of large bodies: whose they are, how long they count, and what refuses more. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { ProtocolError } from "../../../lib/base/errors.ts";
import { TimerWheel } from "../../../lib/base/timer_wheel.ts";
import { Admission } from "../../../lib/stream/admit/admission.ts";
import { BodyBudget } from "../../../lib/stream/admit/body_budget.ts";
import { LIMITS } from "../../helpers/streams.ts";

function budgetOf(total: number, perClient: number): BodyBudget {
  const limits = { MCP_MAX_TOTAL_BODY_BYTES: total, MCP_MAX_BODY_BYTES_PER_CLIENT: perClient };
  return new BodyBudget(limits, (refusal, client) => {
    throw new Error(`${refusal} ${client}`);
  });
}

Deno.test("a client may have as many bytes as its limit says, and not one more", () => {
  const budget = budgetOf(1_000, 100);
  assertEquals([budget.total, budget.of("a")], [0, 0]);
  const lease = budget.lease("a");
  assertThrows(() => lease.grow(101), Error, "body_bytes_per_client a");
  lease.grow(60);
  lease.grow(40);
  assertThrows(() => lease.grow(1), Error, "body_bytes_per_client a");
  assertThrows(() => budget.lease("a").grow(1), Error, "body_bytes_per_client a");
  assertEquals([budget.total, budget.of("a"), budget.of("b")], [100, 100, 0]);
  budget.lease("b").grow(100);
  assertEquals([budget.total, budget.of("a"), budget.of("b")], [200, 100, 100]);
});

Deno.test("all clients together may have as many bytes as their limit says, and not one more", () => {
  const budget = budgetOf(150, 100);
  budget.lease("a").grow(100);
  assertThrows(() => budget.lease("b").grow(51), Error, "body_bytes b");
  assertEquals([budget.total, budget.of("b")], [100, 0]);
  budget.lease("b").grow(50);
  assertThrows(() => budget.lease("c").grow(1), Error, "body_bytes c");
  assertEquals(budget.total, 150);
});

Deno.test("a lease counts until its last holder has let go, each once", () => {
  const budget = budgetOf(1_000, 100);
  const lease = budget.lease("a");
  lease.grow(30);
  const other = budget.lease("a");
  other.grow(1);
  const [first, second] = [lease.hold(), lease.hold()];
  first();
  first();
  assertEquals([budget.total, budget.of("a")], [31, 31]);
  second();
  assertEquals([budget.total, budget.of("a")], [1, 1]);
  second();
  assertEquals([budget.total, budget.of("a")], [1, 1]);
  other.hold()();
  assertEquals([budget.total, budget.of("a")], [0, 0]);
});

Deno.test("a lease that was let go of can be filled again, and frees only what is new", () => {
  const budget = budgetOf(1_000, 100);
  const lease = budget.lease("a");
  lease.grow(30);
  lease.hold()();
  const release = lease.hold();
  lease.grow(5);
  assertEquals(budget.total, 5);
  release();
  assertEquals([budget.total, budget.of("a")], [0, 0]);
});

Deno.test("a request may hold the lease of its body while that is dispatched, and only then", () => {
  const budget = budgetOf(1_000, 100);
  assertEquals(budget.hold(), undefined);
  const lease = budget.lease("a");
  lease.grow(10);
  const reading = lease.hold();
  const running = budget.dispatch(lease, () => budget.hold());
  assert(running !== undefined);
  assertEquals(budget.hold(), undefined);
  reading();
  assertEquals(budget.total, 10);
  running();
  assertEquals(budget.total, 0);
  assertThrows(
    () =>
      budget.dispatch(lease, () => {
        throw new Error("broken");
      }),
    Error,
    "broken",
  );
  assertEquals(budget.hold(), undefined);
});

Deno.test("admission tells a client which limit of bodies it has reached", () => {
  const admission = new Admission({
    ...LIMITS,
    MCP_MAX_TOTAL_BODY_BYTES: 150,
    MCP_MAX_BODY_BYTES_PER_CLIENT: 100,
  }, {
    wheel: new TimerWheel({ clock: () => 0 }),
    queuedBytes: () => 0,
    memory: {},
    onRefused: () => {},
  });
  const { bodies } = admission;
  bodies.lease("a").grow(100);
  const own = assertThrows(() => bodies.lease("a").grow(1), ProtocolError);
  assertEquals([own.kind, own.message.replace(/\d+ s/, "N s")], [
    "too_many_requests",
    "Refused, come back in N s: too many large bodies of client a are on their way " +
    "(MCP_MAX_BODY_BYTES_PER_CLIENT)",
  ]);
  const all = assertThrows(() => bodies.lease("b").grow(51), ProtocolError);
  assertEquals([all.kind, all.message.replace(/\d+ s/, "N s")], [
    "overloaded",
    "Refused, come back in N s: too many large bodies are on their way (MCP_MAX_TOTAL_BODY_BYTES)",
  ]);
});

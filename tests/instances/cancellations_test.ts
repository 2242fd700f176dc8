/** A cancellation that goes to all instances has only the parts that they use. */
import { assertEquals } from "@std/assert";
import { FleetCalls } from "../../lib/fleet/calls.ts";
import type { Body, Messenger } from "../../lib/fleet/messenger.ts";
import type { JsonRpcNotification } from "../../lib/wire/json_rpc.ts";

const NONE = { has: () => false };

/** The calls of an instance, and the bodies of all messages that it has sent to the others. */
function calls() {
  const told: Body[] = [];
  const fleet: Partial<Messenger> = {
    wheel: { now: () => 0 } as Messenger["wheel"],
    broadcast: (_, body) => void told.push(body),
  };
  return { told, calls: new FleetCalls(fleet as Messenger) };
}

function cancellation(requestId: unknown, more: object = {}): JsonRpcNotification {
  return {
    jsonrpc: "2.0",
    method: "notifications/cancelled",
    params: { requestId, ...more },
  };
}

Deno.test("the others get the id of the cancelled request and the beginning of the reason, and nothing else", () => {
  const { told, calls: one } = calls();
  const large = "x".repeat(1_000_000);
  one.cancel("session", cancellation(7, { reason: large, other: large }), NONE);
  const reason = large.slice(0, 500);
  assertEquals(told, [{ key: "session", message: cancellation(7, { reason }) }]);
});

for (const id of ["x".repeat(8_193), { a: 1 }, null, undefined, true]) {
  Deno.test(`no cancellation is passed on or remembered for an id that no request can have: ${typeof id}`, () => {
    const { told, calls: one } = calls();
    one.cancel("session", cancellation(id), NONE);
    assertEquals(told, []);
    one.noteEarly("session", cancellation(id));
    assertEquals(one.isCancelled("session", id as string), false);
  });
}

Deno.test("a cancellation that came before its call is remembered", () => {
  const { calls: one } = calls();
  one.noteEarly("session", cancellation("7"));
  assertEquals(one.isCancelled("session", "7"), true);
  assertEquals(one.isCancelled("session", 7), false);
});

import { assertEquals } from "@std/assert";
import { ClientPings } from "../../../lib/mcp/session/client_pings.ts";

const answerTo = (id: string | number) => ({ jsonrpc: "2.0" as const, id, result: {} });

Deno.test("`answer` is unknown until the client has answered once", () => {
  const pings = new ClientPings();
  assertEquals(pings.answer, "unknown");
  const { id } = pings.next();
  assertEquals(pings.answer, "unknown");
  assertEquals(pings.settle(answerTo(id)), true);
  assertEquals(pings.answer, "answered");
  pings.next();
  assertEquals(pings.answer, "unanswered");
});

Deno.test("`settle()` takes a late answer and an error for a sign of life", () => {
  const pings = new ClientPings();
  const [first, second] = [pings.next(), pings.next()];
  assertEquals(pings.settle(answerTo(first.id)), true);
  assertEquals(pings.answer, "answered");
  pings.next();
  const error = { code: -32601, message: "Method not found" };
  assertEquals(pings.settle({ jsonrpc: "2.0", id: second.id, error }), true);
  assertEquals(pings.answer, "answered");
});

Deno.test("`settle()` takes no answer to what was never asked", () => {
  const pings = new ClientPings();
  pings.next();
  for (const id of ["lifeline-ping-2", "lifeline-ping-0", "lifeline-ping-", "lifeline-1", 1, ""]) {
    assertEquals(pings.settle(answerTo(id)), false, String(id));
  }
  assertEquals(pings.answer, "unknown");
});

Deno.test("`restart()` forgets what was asked on a stream that is gone, not that the client answers", () => {
  const pings = new ClientPings();
  pings.settle(answerTo(pings.next().id));
  pings.next();
  pings.restart();
  assertEquals(pings.answer, "answered");
  pings.next();
  assertEquals(pings.answer, "unanswered");
});

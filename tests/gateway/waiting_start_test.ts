/** One start that waits for its turn, and the callers that wait for it. */
import { assertEquals, assertRejects } from "@std/assert";
import { GatewayServer } from "../../lib/gateway/server.ts";
import { StartTurns } from "../../lib/gateway/start_turns.ts";
import { FakeTime, settled } from "../helpers/time.ts";
import { ordinary, ScriptedServer } from "./scripted_server.ts";

/** A server whose start waits until a test ends the turn of another. */
function waiting(time: FakeTime) {
  const turns = new StartTurns({ perClient: 1, total: 1, waiting: 10 });
  const end = turns.take("a", new AbortController().signal) as () => void;
  const runs: ScriptedServer[] = [];
  const server = new GatewayServer({
    name: "one",
    version: "1",
    start: () => {
      const run = new ScriptedServer(ordinary(() => ({})));
      runs.push(run);
      return run;
    },
    takeTurn: (signal) => turns.take("a", signal),
    limits: { maxLineBytes: 100_000, maxQueued: 100_000 },
    startMs: 5_000,
    now: time.clock,
  });
  return { turns, end, runs, server, [Symbol.asyncDispose]: () => server.stop() };
}

Deno.test("a start goes on for as long as one of its callers waits", async () => {
  using time = new FakeTime();
  await using one = waiting(time);
  const leaving = new AbortController();
  const left = one.server.request("tools/call", {}, { signal: leaving.signal });
  const stays = one.server.request("tools/call", {}, { signal: new AbortController().signal });
  leaving.abort(new Error("left"));
  one.end();
  assertEquals(await stays, {});
  await assertRejects(() => left, Error, "left");
  assertEquals([one.runs.length, one.turns.running], [1, 0]);
});

Deno.test("a start that all callers leave is not tried again, until the next call", async () => {
  using time = new FakeTime();
  await using one = waiting(time);
  const leaving = [new AbortController(), new AbortController()];
  const left = leaving.map(({ signal }) => one.server.request("tools/call", {}, { signal }));
  for (const [at, controller] of leaving.entries()) controller.abort(new Error(`left ${at}`));
  for (const call of left) await assertRejects(() => call, Error, "left 1");
  one.end();
  await time.advance(60_000, 1_000);
  assertEquals([one.runs.length, one.turns.waiting, one.server.report.state], [0, 0, "down"]);
  assertEquals(one.server.counts.errors, 0, "no call failed");
  assertEquals(await one.server.request("tools/call", {}), {});
});

Deno.test("a call that is gone before it begins starts nothing", async () => {
  using time = new FakeTime();
  await using one = waiting(time);
  one.end();
  const signal = AbortSignal.abort(new Error("left"));
  await assertRejects(() => one.server.request("tools/call", {}, { signal }), Error, "left");
  await time.advance(1_000, 100);
  assertEquals(one.runs.length, 0);
});

Deno.test("a server that is ended in the moment of its turn does not start, and gives the turn back", async () => {
  using time = new FakeTime();
  await using one = waiting(time);
  const call = one.server.request("tools/call", {});
  one.end();
  assertEquals(one.turns.running, 1, "it has its turn");
  await one.server.stop("session_ended");
  await assertRejects(() => call, Error, "The server one was ended: its session has ended");
  await settled();
  assertEquals([one.runs.length, one.turns.running], [0, 0]);
});

Deno.test("an operator's restart of a server that waits for its turn leaves one start", async () => {
  using time = new FakeTime();
  await using one = waiting(time);
  const call = one.server.request("tools/call", {});
  one.server.restart();
  assertEquals([one.server.report.state, one.turns.waiting], ["waiting", 1]);
  one.end();
  assertEquals(await call, {});
  assertEquals(one.runs.length, 1);
});

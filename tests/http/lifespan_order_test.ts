/** The order of an app's start and stop, what is logged of them, and what a drain closes. */
import { assertEquals, assertRejects } from "@std/assert";
import { ConfigError } from "../../lib/base/errors.ts";
import { drain } from "../../lib/http/drain.ts";
import { afterStart, AppLifespan } from "../../lib/http/lifespan.ts";
import { PendingResponses } from "../../lib/http/pending_responses.ts";
import { testApp, toolCall } from "../helpers/app.ts";
import { CapturedLog } from "../helpers/log.ts";
import { FakeTime, settled } from "../helpers/time.ts";
import { HeldTool } from "../helpers/tools.ts";

/** A step that a test lets go on. */
function step(notes: string[], name: string) {
  const gate = Promise.withResolvers<void>();
  const run = async () => {
    notes.push(`${name}…`);
    await gate.promise;
    notes.push(name);
  };
  return { run, finish: () => (gate.resolve(), settled()) };
}

Deno.test("a start runs onStart, then joins the fleet, then tells that it is done; each waits for the last", async () => {
  const notes: string[] = [];
  const [open, join, tell] = ["open", "join", "tell"].map((name) => step(notes, name));
  const lifespan = new AppLifespan({ onStart: open!.run }, { start: join!.run }, tell!.run);
  const started = lifespan.start().then(() => notes.push("started"));
  void lifespan.start();
  assertEquals([notes, lifespan.isStarted], [["open…"], false]);
  await open!.finish();
  assertEquals(notes, ["open…", "open", "join…"]);
  await join!.finish();
  assertEquals([notes.at(-1), lifespan.isStarted], ["tell…", false]);
  await tell!.finish();
  await started;
  assertEquals([notes.slice(-2), lifespan.isStarted], [["tell", "started"], true]);
  await lifespan.start();
  assertEquals(notes.length, 7);
});

Deno.test("an app waits for a start only if there is something to start", () => {
  const nothing = () => Promise.resolve();
  const isStarted = (...parts: ConstructorParameters<typeof AppLifespan>) =>
    new AppLifespan(...parts).isStarted;
  assertEquals(isStarted({}), true);
  assertEquals(isStarted({ onStop: () => {} }), true);
  assertEquals(isStarted({ onStart: () => 1 }), false);
  assertEquals(isStarted({}, { start: nothing }), false);
  assertEquals(isStarted({}, undefined, nothing), false);
});

Deno.test("if the fleet cannot be joined, what was opened is closed first, and a fault in that is logged", async () => {
  using log = new CapturedLog();
  const notes: string[] = [];
  const close = step(notes, "close");
  const fleet = { start: () => Promise.reject(new ConfigError("no store")) };
  const lifespan = new AppLifespan({ onStart: () => 1, onStop: close.run }, fleet);
  const failed = assertRejects(() => lifespan.start(), ConfigError, "no store")
    .then(() => notes.push("failed"));
  await settled();
  assertEquals(notes, ["close…"]);
  await close.finish();
  await failed;
  assertEquals([notes, log.lines], [["close…", "close", "failed"], []]);
  const faulty = new AppLifespan({
    onStart: () => 1,
    onStop: () => {
      throw new Error("stuck");
    },
  }, fleet);
  await assertRejects(() => faulty.start(), ConfigError, "no store");
  assertEquals(log.lines, ['[ERROR] onStop failed {"error":"stuck"}']);
});

Deno.test("an error of the settings in onStart is told as it is, any other with what failed", async () => {
  for (
    const [error, told] of [
      [new ConfigError("MCP_X is wrong"), "MCP_X is wrong"],
      [new Error("refused"), "Cannot start: onStart failed: refused"],
    ] as const
  ) {
    const lifespan = new AppLifespan({ onStart: () => Promise.reject(error) });
    const { message } = await assertRejects(() => lifespan.start(), ConfigError);
    assertEquals(message, told);
  }
});

Deno.test("a stop tells why onStop failed, with the cause, and a second stop does nothing", async () => {
  using log = new CapturedLog();
  const cause = new Error("stuck");
  let stops = 0;
  const lifespan = new AppLifespan({
    onStop: () => {
      stops++;
      throw cause;
    },
  });
  const told = await lifespan.stop(1_000);
  assertEquals([told?.message, told?.cause], ["onStop failed: stuck", cause]);
  assertEquals([await lifespan.stop(1_000), stops], [undefined, 1]);
  assertEquals(log.lines, ['[ERROR] onStop failed {"error":"stuck"}']);
});

Deno.test("a stop waits for a running start, and ends what that has opened", async () => {
  const notes: string[] = [];
  const open = step(notes, "open");
  const lifespan = new AppLifespan({ onStart: open.run, onStop: () => void notes.push("stop") });
  const starting = lifespan.start();
  const stopped = lifespan.stop(60_000).then((error) => notes.push(`stopped ${error}`));
  await settled();
  assertEquals(notes, ["open…"]);
  await open.finish();
  await Promise.all([starting, stopped]);
  assertEquals(notes, ["open…", "open", "stop", "stopped undefined"]);
  const failing = new AppLifespan({ onStart: () => Promise.reject(new Error("no")) });
  const failed = assertRejects(() => failing.start());
  assertEquals(await failing.stop(60_000), undefined);
  await failed;
});

Deno.test("an app without a start is asked directly; another answers once it has started, or is 503", async () => {
  using log = new CapturedLog();
  const fetch = () => new Response("answer");
  assertEquals(afterStart(new AppLifespan({}), fetch), fetch);
  let tries = 0;
  const lifespan = new AppLifespan({
    onStart: () => {
      if (++tries === 1) throw new Error("not yet");
    },
  });
  const answer = afterStart(lifespan, fetch);
  const ask = () => answer(new Request("http://localhost/"));
  const refused = await ask();
  assertEquals([refused.status, (await refused.json()).error.message], [
    503,
    "Server could not start; its log says why, try again later",
  ]);
  assertEquals(log.lines, [
    "[ERROR] Request refused, as the app cannot start " +
    '{"error":"Cannot start: onStart failed: not yet"}',
  ]);
  assertEquals(await (await ask()).text(), "answer");
  const later = ask();
  assertEquals([later instanceof Promise, tries], [false, 2]);
  await (later as Response).body?.cancel();
});

Deno.test("a drain whose budget ends cuts what runs, waits 100 ms for its answers, and closes all streams", async () => {
  using time = new FakeTime();
  using app = testApp({ wheel: { clock: time.clock } });
  const pending = new PendingResponses();
  pending.add();
  pending.add();
  let cuts = 0;
  const server = { cutRunning: () => void cuts++ };
  const told: unknown[] = [];
  const closes: number[] = [];
  const streams = new Proxy(app.registry, {
    get: (target, name) => {
      if (name === "closeAll") return () => void closes.push(time.now);
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  void drain({ server, streams, pending }, 500).then((outcome) => told.push(outcome));
  await time.advance(499, 1);
  assertEquals([cuts, told], [0, []]);
  await time.advance(1, 1);
  assertEquals([cuts, told], [1, []]);
  await time.advance(99, 1);
  assertEquals([told, closes], [[], []]);
  await time.advance(1, 1);
  assertEquals([told, closes], [[{ drained: 0, cut: 0, unanswered: 2 }], [600]]);
});

Deno.test("who waits for pending responses is told at once if there are none, else by the last", async () => {
  const pending = new PendingResponses();
  const told: string[] = [];
  pending.whenEmpty().then(() => told.push("none"));
  await settled();
  assertEquals(told, ["none"]);
  pending.add();
  const first = pending.whenEmpty();
  assertEquals(pending.whenEmpty(), first);
  first.then(() => told.push("first"));
  await settled();
  assertEquals([told, pending.size], [["none"], 1]);
  pending.remove();
  await settled();
  assertEquals([told, pending.size], [["none", "first"], 0]);
});

Deno.test("a drain counts the streams that ended in time apart from those that it cut", async () => {
  using time = new FakeTime();
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool], wheel: { clock: time.clock } });
  const idle = [await app.open(), await app.open()];
  const busy = await app.open(toolCall("held"));
  await held.next();
  const drained = app.drain(500);
  await time.advance(1_000, 50);
  assertEquals(await drained, { drained: 2, cut: 1, unanswered: 0 });
  for (const { events } of [...idle, busy]) await events.rest();
});

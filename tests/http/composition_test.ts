/** What the settings and options of an app decide before its first request. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { StaticKeys } from "../../lib/mod.ts";
import { RegistrationError } from "../../lib/base/errors.ts";
import type { Middleware } from "../../lib/registry/middleware.ts";
import {
  initializeRequest,
  PLAIN_HEADERS,
  rpc,
  type TestApp,
  testApp,
  toolCall,
} from "../helpers/app.ts";
import { CapturedLog } from "../helpers/log.ts";
import { scrape } from "../helpers/metrics.ts";
import { TestPipe } from "../helpers/pipe.ts";
import { EventReader } from "../helpers/sse.ts";
import { FakeTime, settled } from "../helpers/time.ts";
import { HeldTool, toolThat } from "../helpers/tools.ts";

const somebody = () => ({ principal: "ada" });
const broken = toolThat(() => {
  throw new Error("the password is 1234");
});

async function textOf(app: TestApp): Promise<string> {
  const { result } = await (await app.post("/mcp", toolCall("subject"))).json();
  return result.content[0].text;
}

Deno.test("errors of tools are hidden where others than this machine can call, unless a setting says so", async () => {
  using _log = new CapturedLog();
  const authenticate = somebody;
  for (
    const [options, isHidden] of [
      [{}, false],
      [{ authenticate }, true],
      [{ settings: { HOST: "0.0.0.0" } }, true],
      [{ settings: { MCP_PUBLIC_URL: "https://a.test" } }, true],
      [{ authenticate, settings: { HOST: "0.0.0.0" } }, true],
      [{ settings: { MCP_MASK_ERRORS: "on" } }, true],
      [{ authenticate, settings: { MCP_MASK_ERRORS: "off" } }, false],
    ] as const
  ) {
    using app = testApp({ ...options, tools: [broken] });
    const text = await textOf(app);
    assertEquals(text.includes("1234"), !isHidden, JSON.stringify(options));
  }
});

Deno.test("an app is open to all if it listens beyond its machine and asks nobody who is there", () => {
  for (
    const [HOST, authenticate, isOpen] of [
      ["127.0.0.1", undefined, false],
      ["0.0.0.0", undefined, true],
      ["0.0.0.0", somebody, false],
      ["::1", somebody, false],
    ] as const
  ) {
    using app = testApp({ settings: { HOST }, authenticate });
    assertEquals(app.isOpen, isOpen, `${HOST} ${authenticate}`);
    assertEquals(app.isOneOfSeveral, false);
  }
});

Deno.test("a list of middleware that holds something else is refused at once", () => {
  for (const use of [[5], [{}], ["logging"]] as unknown[]) {
    assertThrows(
      () => testApp({ use: use as Middleware[] }),
      RegistrationError,
      "Cannot serve the app: use[0] is ",
    );
  }
});

Deno.test("MCP_MEMORY_BYTES is the limit of resident memory, else what the runtime tells", async () => {
  const resident = () => ({ used: 3_000, limit: 9_000_000 });
  for (const [settings, limit] of [[{}, 9_000_000], [{ MCP_MEMORY_BYTES: 5_000_000 }, 5_000_000]]) {
    using app = testApp({ resident, settings: settings as Record<string, never> });
    const figures = await scrape(app);
    assertEquals(figures.value("lifeline_resident_bytes"), 3_000);
    assertEquals(figures.value("lifeline_memory_limit_bytes"), limit);
  }
  using app = testApp({ settings: { MCP_MEMORY_BYTES: 5_000_000 } });
  assertEquals((await scrape(app)).value("lifeline_memory_limit_bytes"), NaN);
});

Deno.test("every gauge has the value of its source", async () => {
  using time = new FakeTime();
  const held = new HeldTool();
  using app = testApp({
    tools: [held.tool],
    wheel: { clock: time.clock },
    settings: { MCP_MAX_CONNECTIONS: 70, MCP_MAX_SESSIONS: 80, MCP_MAX_TOTAL_QUEUED_BYTES: 9_000 },
  });
  for (let count = 0; count < 2; count++) await app.post("/mcp", initializeRequest());
  const client = await app.open(toolCall("held"));
  const call = await held.next();
  await time.advance(3_000);
  const figures = await scrape(app);
  const gauges = {
    lifeline_connections_max: 70,
    lifeline_sessions_max: 80,
    lifeline_queued_max_bytes: 9_000,
    lifeline_requests_in_flight: 1,
    lifeline_sessions_open: 2,
    lifeline_connections_open: 1,
    lifeline_connection_oldest_seconds: 3,
    lifeline_queued_bytes: app.ledger().queuedBytes,
    lifeline_replay_streams: 0,
    lifeline_replay_bytes: 0,
    lifeline_replay_dropped_events_total: 0,
    lifeline_draining: 0,
    lifeline_start_time_seconds: Date.UTC(2026, 0, 1) / 1_000,
    lifeline_info: 1,
  };
  for (const [name, value] of Object.entries(gauges)) {
    assertEquals(figures.value(name), value, name);
  }
  assertEquals(figures.value("lifeline_heap_used_bytes"), NaN);
  assertEquals(
    figures.of("lifeline_connections_open").map(({ labels, value }) => [labels.dialect, value])
      .filter(([, value]) => value !== 0),
    [["plain", 1]],
  );
  call.finish("done");
  await client.events.leave();
});

Deno.test("activity() counts streams, sessions, requests and deadlines, and none when all is quiet", async () => {
  using time = new FakeTime();
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool], wheel: { clock: time.clock } });
  const quiet = {
    ...{ streams: 0, sessions: 0, requests: 0, handlers: 0 },
    ...{ unreadBytes: 0, timers: 0 },
  };
  assertEquals(app.activity(), quiet);
  await app.post("/mcp", initializeRequest());
  assertEquals(app.activity(), { ...quiet, sessions: 1 });
  const answer = app.post("/mcp", toolCall("held"), { accept: "application/json" });
  const call = await held.next();
  const busy = app.activity();
  assertEquals([busy.sessions, busy.requests, busy.timers > 0], [1, 2, true]);
  call.finish("done");
  await (await answer).json();
  await time.advance(100);
  assertEquals(app.activity(), { ...quiet, sessions: 1 });
  const client = await app.open();
  const open = app.activity();
  assertEquals([open.streams, open.requests, open.timers > 0], [1, 0, true]);
  await client.events.leave();
  await time.advance(60_000);
  assertEquals(app.activity(), { ...quiet, sessions: 1 });
});

Deno.test("a drain takes MCP_DRAIN_MS unless it is given another time, and refuses what is no time", async () => {
  for (const [given, ends] of [[undefined, 700], [300, 300], [-5, 10]] as const) {
    using time = new FakeTime();
    const held = new HeldTool();
    using app = testApp({
      tools: [held.tool],
      wheel: { clock: time.clock },
      settings: { MCP_DRAIN_MS: 700 },
    });
    const answer = app.post("/mcp", toolCall("held"), { accept: "application/json" });
    const call = await held.next();
    const aborted = Promise.withResolvers<number>();
    call.ctx.signal.addEventListener("abort", () => aborted.resolve(time.now));
    // Time moves in steps of 10 ms, so no time at all ends with the first.
    const drained = app.drain(given);
    await time.advance(1_000, 10);
    assertEquals(await drained, { drained: 0, cut: 0, unanswered: 1 });
    assertEquals(await aborted.promise, ends);
    await (await answer).body?.cancel();
  }
  using app = testApp();
  for (const wrong of [NaN, "5", null]) {
    await assertRejects(() => app.drain(wrong as number), TypeError, "takes a time in ms");
  }
});

Deno.test("onStop has the rest of the drain's time, and a second at least", async () => {
  for (const [budget, toldMs] of [[0, 1_000], [5_000, 5_000]] as const) {
    using _log = new CapturedLog();
    using time = new FakeTime();
    const app = testApp({ wheel: { clock: time.clock }, onStop: () => new Promise(() => {}) });
    const drained = app.drain(budget);
    await time.advance(6_000, 100);
    const { stopError } = await drained;
    assertEquals(stopError?.message, `onStop did not end within ${toldMs} ms`);
    app.stop();
    await time.advance(2_000, 100);
  }
});

Deno.test("a key that is removed ends the streams and the sessions of its holder alone", async () => {
  const keys = new StaticKeys([
    { name: "ada", key: "ada-key-0123456789" },
    { name: "bob", key: "bob-key-0123456789" },
  ]);
  using app = testApp({ auth: { keys } });
  const as = (name: string) => ({ authorization: `Bearer ${name}-key-0123456789` });
  for (const name of ["ada", "bob"]) await app.post("/mcp", initializeRequest(), as(name));
  const open = async (name: string) => {
    const headers = { ...PLAIN_HEADERS, ...as(name) };
    return new EventReader(await app.request("/mcp/sse", { method: "POST", headers }));
  };
  const [ada, bob] = [await open("ada"), await open("bob")];
  assertEquals([app.activity().streams, app.activity().sessions], [2, 2]);
  keys.replace([{ name: "bob", key: "bob-key-0123456789" }]);
  await settled();
  const goodbye = await ada.nextNamed("close");
  assertEquals(goodbye.json.data.reason, "auth_expired");
  assertEquals([app.activity().streams, app.activity().sessions], [1, 1]);
  await bob.leave();
});

Deno.test("an app speaks over a pipe once it has started, until the pipe closes", async () => {
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  using app = testApp({
    onStart: async () => {
      await gate.promise;
      order.push("started");
    },
  });
  const pipe = new TestPipe();
  const speaking = app.speak(pipe).then(() => order.push("closed"));
  await settled();
  assertEquals([order, pipe.lines], [[], []]);
  gate.resolve();
  await settled();
  await pipe.say(rpc("ping"));
  assertEquals([order, pipe.lines.length], [["started"], 1]);
  await pipe.close();
  await speaking;
  assertEquals(order, ["started", "closed"]);
});

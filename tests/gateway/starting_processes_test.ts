/** Processes of single clients that start in turns, in fake time. */
import { assertEquals, assertMatch } from "@std/assert";
import type { ServerConfig } from "../../lib/gateway/config.ts";
import { StartTurns } from "../../lib/gateway/start_turns.ts";
import { testClient } from "../../lib/testing.ts";
import { META_KEYS } from "../../lib/wire/meta.ts";
import { rpc, toolCall } from "../helpers/app.ts";
import { FakeTime, settled } from "../helpers/time.ts";
import { gatewayApp } from "./gateway_app.ts";
import { ordinary, type Script, type ScriptedServer } from "./scripted_server.ts";

/** Starts of one client at a time. */
const PER_CLIENT = 4;
const MAX_WAITING = 100;
const ANY = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
} as const;
const answering = ordinary((message) =>
  message.method === "tools/call" ? { content: [] } : undefined
);

const MODERN_HEADERS = {
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": "tools/call",
  "mcp-name": "one__add",
};
const MODERN_CALL = rpc("tools/call", {
  name: "one__add",
  arguments: {},
  _meta: {
    [META_KEYS.protocolVersion]: "2026-07-28",
    [META_KEYS.clientInfo]: { name: "test", version: "1" },
    [META_KEYS.clientCapabilities]: { elicitation: { form: {} } },
  },
});

/** A gateway whose further processes do not end their start before a test says so. */
async function gateway(
  time: FakeTime,
  whileStarting: Script = () => undefined,
  entry: Partial<ServerConfig> = {},
) {
  let isHeld = false;
  const held: { run: ScriptedServer; message: { id: unknown } }[] = [];
  const script: Script = (message, run) => {
    if (!isHeld || message.method !== "initialize") return answering(message, run);
    held.push({ run, message });
    return whileStarting(message, run);
  };
  const served = gatewayApp({ one: script, two: script, three: script }, {
    now: time.clock,
    turns: new StartTurns({ perClient: PER_CLIENT, total: 2 * PER_CLIENT, waiting: MAX_WAITING }),
    wheel: { clock: time.clock },
    entries: Object.fromEntries(
      ["one", "two", "three"].map((
        name,
      ) => [name, { maxChildren: 100, idleMs: 1_000_000, ...entry }]),
    ),
    settings: { MCP_REQUEST_TIMEOUT_MS: 30_000 },
    authenticate: ({ headers }) => ({ principal: headers.get("x-who") ?? "nobody" }),
  });
  await finished(time, served.app.start());
  isHeld = true;
  const began = () => Object.values(served.runs).flat().length - 3;
  /** Lets the processes that start now be ready. */
  const ready = async () => {
    for (const { run, message } of held.splice(0)) {
      run.send({ jsonrpc: "2.0", id: message.id, result: answering(message, run) });
    }
    await time.advance(100);
  };
  const post = (who: string, message: unknown, headers = {}, signal: AbortSignal | null = null) =>
    Promise.resolve(served.app.fetch(
      new Request("http://localhost/mcp", {
        method: "POST",
        signal,
        headers: { ...ANY, "x-who": who, ...headers },
        body: JSON.stringify(message),
      }),
    ));
  /** Opens a session with a process at each of the three servers. */
  const open = async (who: string) => {
    const params = {
      protocolVersion: "2025-11-25",
      capabilities: { elicitation: {} },
      clientInfo: { name: "test", version: "1" },
    };
    const response = await post(who, rpc("initialize", params));
    await response.body?.cancel();
    return { "x-who": who, "mcp-session-id": response.headers.get("mcp-session-id")! };
  };
  const close = (headers: Readonly<Record<string, string>>) =>
    served.app.fetch(new Request("http://localhost/mcp", { method: "DELETE", headers }));
  return {
    ...served,
    began,
    ready,
    post,
    open,
    close,
    letAllBeReady: () => void (isHeld = false),
  };
}

/** Moves time on until a promise has settled. */
async function finished<T>(time: FakeTime, promise: Promise<T>): Promise<T> {
  let isSettled = false;
  const settle = () => void (isSettled = true);
  promise.then(settle, settle);
  while (!isSettled) await time.advance(10, 10);
  return await promise;
}

Deno.test("a client that opens many sessions starts four processes at a time, and all in the end", async () => {
  using time = new FakeTime();
  await using served = await gateway(time);
  for (let n = 0; n < 10; n++) await served.open("greedy");
  for (let begun = PER_CLIENT; begun < 30; begun += PER_CLIENT) {
    assertEquals(served.began(), begun);
    await served.ready();
  }
  assertEquals(served.began(), 30);
  await served.ready();
  const children = served.gateway.reports().flatMap(({ children }) => children);
  assertEquals(children.filter(({ state }) => state === "up").length, 33);
});

Deno.test("another client's session does not wait behind them", async () => {
  using time = new FakeTime();
  await using served = await gateway(time);
  for (let n = 0; n < 10; n++) await served.open("greedy");
  await served.open("modest");
  assertEquals(served.began(), PER_CLIENT + 3);
});

Deno.test("the processes of one session start at once where nobody else starts any", async () => {
  using time = new FakeTime();
  await using served = await gateway(time);
  await served.open("only");
  assertEquals(served.began(), 3);
});

Deno.test("connections to servers elsewhere take no turn", async () => {
  using time = new FakeTime();
  const launch = { url: "http://localhost/far", headers: {}, transport: "auto" } as const;
  await using served = await gateway(time, undefined, { launch });
  for (let n = 0; n < 10; n++) await served.open("greedy");
  assertEquals(served.began(), 30);
});

Deno.test("a process that waits for its turn is shown as waiting", async () => {
  using time = new FakeTime();
  await using served = await gateway(time);
  for (let n = 0; n < 3; n++) await served.open("greedy");
  const states = served.gateway.reports()
    .flatMap(({ children }) => children.map(({ state }) => state));
  assertEquals(states.filter((state) => state === "starting").length, PER_CLIENT);
  assertEquals(states.filter((state) => state === "waiting").length, 9 - PER_CLIENT);
  assertEquals(served.began(), PER_CLIENT);
});

Deno.test("the processes of a session that ends while they wait never start", async () => {
  using time = new FakeTime();
  await using served = await gateway(time);
  const sessions = [];
  for (let n = 0; n < 10; n++) sessions.push(await served.open("greedy"));
  for (const session of sessions.slice(2)) await served.close(session);
  await served.ready();
  await served.ready();
  await time.advance(100_000, 1_000);
  assertEquals(served.began(), 6);
});

Deno.test("a call that waits for its session's processes ends at its time limit", async () => {
  using time = new FakeTime();
  await using served = await gateway(time);
  for (let n = 0; n < 20; n++) await served.open("greedy");
  const session = await served.open("greedy");
  const asked = served.post("greedy", toolCall("one__add", {}), session);
  const response = await finished(time, asked);
  const text = await finished(time, response.text());
  assertMatch(text, /Request timed out after 30000 ms \(MCP_REQUEST_TIMEOUT_MS\)/);
});

Deno.test("a call is told if too many processes wait to be started, and the session's next call gets one", async () => {
  using time = new FakeTime();
  await using served = await gateway(time);
  const sessions = [];
  while (sessions.length * 3 < PER_CLIENT + MAX_WAITING) sessions.push(await served.open("greedy"));
  const last = await served.open("greedy");
  await settled();
  const refused = await finished(time, served.post("greedy", toolCall("one__add", {}), last));
  assertMatch(await finished(time, refused.text()), /100 processes wait to be started/);
  for (const session of sessions) await served.close(session);
  served.letAllBeReady();
  await time.advance(20_000, 100);
  const response = await finished(time, served.post("greedy", toolCall("one__add", {}), last));
  assertMatch(await finished(time, response.text()), /"result":\{"content":\[\]\}/);
});

Deno.test("a client of 2026-07-28 is told if too many processes wait to be started, and others are served", async () => {
  using time = new FakeTime();
  await using served = await gateway(time);
  for (let n = 0; n * 3 < PER_CLIENT + MAX_WAITING; n++) await served.open("greedy");
  const refused = await finished(time, served.post("greedy", MODERN_CALL, MODERN_HEADERS));
  assertMatch(await finished(time, refused.text()), /100 processes wait to be started/);
  served.letAllBeReady();
  const answer = await finished(time, served.post("modest", MODERN_CALL, MODERN_HEADERS));
  assertMatch(await finished(time, answer.text()), /"content":\[\]/);
});

/** What becomes of a process that starts. */
const ENDS: Readonly<Record<string, Script>> = {
  "that dies": (_, run) => void run.die("code 1"),
  "that sends no MCP": (_, run) => {
    for (let n = 0; n < 200; n++) run.print("Welcome!");
  },
  "that speaks another revision": () => ({ protocolVersion: "1999-01-01", capabilities: {} }),
  "that answers nothing": () => undefined,
};

for (const [what, script] of Object.entries(ENDS)) {
  Deno.test(`a process ${what} at its start gives its turn back`, async () => {
    using time = new FakeTime();
    await using served = await gateway(time, script);
    for (let n = 0; n < 10; n++) await served.open("greedy");
    await time.advance(60_000, 250);
    served.letAllBeReady();
    await time.advance(300_000, 500);
    await served.open("greedy");
    await time.advance(1_000);
    const children = served.gateway.reports().flatMap(({ children }) => children);
    assertEquals(children.filter(({ state }) => state === "up").length, 36);
  });
}

Deno.test("a session that ends while its processes start gives their turns back", async () => {
  using time = new FakeTime();
  await using served = await gateway(time);
  for (let n = 1; n <= 10; n++) {
    const session = await served.open("greedy");
    await settled();
    assertEquals(served.began(), 3 * n);
    await served.close(session);
    await settled();
  }
});

Deno.test("the process that all clients share starts again at once while those of clients wait", async () => {
  using time = new FakeTime();
  await using served = await gateway(time);
  for (let n = 0; n < 10; n++) for (const who of ["a", "b", "c"]) await served.open(who);
  const before = served.runs.one!.length;
  served.runs.one![0]!.die("SIGKILL");
  await time.advance(600);
  assertEquals(served.runs.one!.length, before + 1);
});

Deno.test("a client of 2026-07-28 that leaves while its processes wait starts none, and those of the next call start", async () => {
  using time = new FakeTime();
  await using served = await gateway(time);
  const sessions = [];
  for (let n = 0; n < 4; n++) sessions.push(await served.open("ada"));
  const leaving = new AbortController();
  served.post("ada", MODERN_CALL, MODERN_HEADERS, leaving.signal).catch(() => {});
  await time.advance(100);
  leaving.abort();
  for (let n = 0; n < 4; n++) await served.ready();
  assertEquals(served.began(), 12);
  served.letAllBeReady();
  const client = await finished(
    time,
    testClient(served.app, {
      era: "2026-07-28",
      keepApp: true,
      headers: { "x-who": "ada" },
      elicit: () => ({ action: "decline" }),
    }),
  );
  assertEquals((await finished(time, client.list("tools"))).length, 6);
  assertEquals((await finished(time, client.call("one__add"))).content, []);
  assertEquals(served.began(), 15);
  for (const session of sessions) await served.close(session);
  await finished(time, client.close());
});

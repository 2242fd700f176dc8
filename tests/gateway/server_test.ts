/** A server behind the gateway: its clients stay separate, and they learn of its death at once. */
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { ProtocolError } from "../../lib/base/errors.ts";
import { relay } from "../../lib/gateway/relay.ts";
import { GatewayServer } from "../../lib/gateway/server.ts";
import { rpc, testApp, toolCall } from "../helpers/app.ts";
import { CapturedLog } from "../helpers/log.ts";
import { settled } from "../helpers/time.ts";
import { ordinary, scripted, ScriptedServer } from "./scripted_server.ts";

const JSON_ONLY = { accept: "application/json" };

/** Echoes the arguments of a call, and reports progress where a token came. */
const echo = ordinary((message, server) => {
  if (message.method !== "tools/call") return undefined;
  const { progressToken } = message.params._meta ?? {};
  if (progressToken !== undefined) {
    server.send({
      jsonrpc: "2.0",
      method: "notifications/progress",
      params: { progressToken, progress: message.params.arguments.n, message: "half" },
    });
  }
  return { content: [{ type: "text", text: String(message.params.arguments.n) }] };
});

Deno.test("clients that use the same request ids and progress tokens get their own answers and progress", async () => {
  await using gateway = scripted(echo);
  using app = testApp({ tools: [] });
  relay(gateway.server, app);
  await gateway.server.connect();
  const answers = await Promise.all(Array.from({ length: 20 }, async (_, n) => {
    const call = toolCall("add", { n: n + 1 });
    const params = { ...call.params as object, _meta: { progressToken: "the same" } };
    const response = await app.post("/mcp", { ...call, id: 7, params }, {
      accept: "text/event-stream",
      "mcp-protocol-version": "2025-11-25",
    });
    const messages = (await response.text()).split("\n").filter((line) => line.startsWith("data:"))
      .map((line) => JSON.parse(line.slice(5)));
    const own = (message: { params?: { progress: number } }) => message.params?.progress;
    return {
      progress: messages.filter((one) => one.method === "notifications/progress").map(own),
      text: messages.at(-1).result.content[0].text,
      id: messages.at(-1).id,
    };
  }));
  assertEquals(
    answers,
    answers.map((_, n) => ({ progress: [n + 1], text: String(n + 1), id: 7 })),
  );
  const calls = gateway.run().received.filter(({ method }) => method === "tools/call");
  assertEquals(new Set(calls.map(({ id }) => id)).size, 20, "each has an id of its own upstream");
});

Deno.test("the log names each server that is connected, with what it says of itself", async () => {
  using log = new CapturedLog();
  await using gateway = scripted(echo);
  await gateway.server.connect();
  const [connected] = log.of("Server connected");
  assertEquals([connected?.level, connected?.fields.server], ["INFO", "scripted"]);
  assertEquals(typeof connected?.fields.version, "string");
});

Deno.test("when a server dies, its running calls fail with its name and last words, and the next call works", async () => {
  await using gateway = scripted(
    ordinary((message) => message.params?.name === "add" ? { content: [] } : undefined),
  );
  using app = testApp({ tools: [] });
  relay(gateway.server, app);
  await gateway.server.connect();
  const running = [1, 2, 3].map((id) => app.post("/mcp", toolCall("slow", {}, id), JSON_ONLY));
  await settled();
  gateway.run().die("SIGKILL");
  for (const response of await Promise.all(running)) {
    const { message, data } = (await response.json()).error;
    assertEquals(message, "The server scripted ended (SIGKILL); its last words: out of luck");
    assertEquals(data, { outcome: "unknown" });
  }
  const next = await app.post("/mcp", toolCall("add", {}), JSON_ONLY);
  assertEquals((await next.json()).result, { content: [] });
  assertEquals(gateway.runs.length, 2);
});

Deno.test("where reasons are hidden, a client gets a reference to the line with a server's last words", async () => {
  using log = new CapturedLog("warning");
  await using gateway = scripted(ordinary(() => undefined), { hidesReasons: true });
  using app = testApp({ tools: [] });
  relay(gateway.server, app);
  await gateway.server.connect();
  const running = app.post("/mcp", toolCall("slow", {}), JSON_ONLY);
  await settled();
  gateway.run().die("SIGKILL");
  const { error } = await (await running).json();
  const told = /^The server scripted ended; the log of the server says why \(reference (\w+)\)$/;
  assertMatch(error.message, told);
  const [line] = log.of("Server ended");
  assertEquals(line?.fields.reference, told.exec(error.message)?.[1]);
  assertEquals([line?.fields.how, line?.fields.last], ["SIGKILL", "out of luck"]);
});

Deno.test("a call that is cancelled is cancelled at the server, by the id that the server knows", async () => {
  await using gateway = scripted(ordinary());
  await gateway.server.connect();
  const stop = new AbortController();
  const call = gateway.server.request("tools/call", { name: "slow" }, { signal: stop.signal });
  await settled();
  stop.abort(new Error("not wanted"));
  await assertRejects(() => call, Error, "not wanted");
  await settled();
  const { received } = gateway.run();
  const { id } = received.find(({ method }) => method === "tools/call");
  assertEquals(received.at(-1), {
    jsonrpc: "2.0",
    method: "notifications/cancelled",
    params: { requestId: id, reason: "not wanted" },
  });
  // A late answer, a second one and one to a request that never was are ignored.
  for (const late of [id, id, 4_711, "x"]) {
    gateway.run().send({ jsonrpc: "2.0", id: late, result: {} });
  }
  await settled();
  assertEquals(gateway.runs.length, 1);
});

Deno.test("a server's error is passed on with its code and data", async () => {
  await using gateway = scripted(ordinary((message, server) => {
    if (message.method !== "tools/call") return undefined;
    const error = { code: -32042, message: "No luck", data: { why: 1 } };
    server.send({ jsonrpc: "2.0", id: message.id, error });
    return undefined;
  }));
  using app = testApp({ tools: [] });
  relay(gateway.server, app);
  await gateway.server.connect();
  const response = await app.post("/mcp", toolCall("add", {}), JSON_ONLY);
  assertEquals((await response.json()).error, {
    code: -32042,
    message: "No luck",
    data: { why: 1 },
  });
});

Deno.test("a list that a server changes is changed for clients", async () => {
  let tools = [{ name: "add", inputSchema: { type: "object" } }];
  const first = ordinary();
  await using gateway = scripted((message, server) =>
    message.method === "tools/list" ? { tools } : first(message, server)
  );
  using app = testApp({ tools: [] });
  relay(gateway.server, app);
  await gateway.server.connect();
  tools = [{ name: "other", inputSchema: { type: "object" } }];
  gateway.run().send({ jsonrpc: "2.0", method: "notifications/tools/list_changed" });
  while (app.catalog.tools.get("other") === undefined) await settled();
  const response = await app.post("/mcp", rpc("tools/list"), JSON_ONLY);
  assertEquals((await response.json()).result.tools, tools);
});

Deno.test("a server that asks its clients is refused, and its pings are answered", async () => {
  await using gateway = scripted(ordinary());
  await gateway.server.connect();
  gateway.run().send({ jsonrpc: "2.0", id: "q", method: "sampling/createMessage", params: {} });
  gateway.run().send({ jsonrpc: "2.0", id: "p", method: "ping" });
  await settled();
  const [refusal, pong] = gateway.run().received.slice(-2);
  assertEquals(refusal.error.code, -32601);
  assertEquals(pong, { jsonrpc: "2.0", id: "p", result: {} });
});

Deno.test("lines that are no messages are passed over, and a hundred in a row end the server", async () => {
  await using gateway = scripted(
    ordinary((message) => message.method === "tools/call" ? { content: [] } : undefined),
  );
  await gateway.server.connect();
  for (let n = 0; n < 99; n++) gateway.run().print("noise");
  assertEquals(await gateway.server.request("tools/call", {}), { content: [] });
  const first = gateway.run();
  for (let n = 0; n < 100; n++) first.print("noise");
  while (!first.isEnded) await settled();
});

Deno.test("a line over the limit ends the server, with the limit in the error", async () => {
  await using gateway = scripted(
    ordinary((message, server) => {
      if (message.method === "tools/call") server.print("x".repeat(3_000));
      return undefined;
    }),
    { maxLineBytes: 2_048 },
  );
  await gateway.server.connect();
  const error = await assertRejects(
    () => gateway.server.request("tools/call", {}),
    ProtocolError,
  );
  assertStringIncludes(error.message, "a line of more than 2048 bytes");
});

Deno.test("a server that never answers initialize is ended, and the error says so", async () => {
  await using gateway = scripted(() => undefined, { startMs: 20 });
  const error = await assertRejects(() => gateway.server.connect(), ProtocolError);
  assertStringIncludes(error.message, "did not answer initialize within 20 ms");
  assertStringIncludes(error.message, '"startMs"');
  assert(gateway.run().isEnded);
});

Deno.test("a server that answers initialize and never lists its tools is ended, and the error says so", async () => {
  const first = ordinary();
  await using gateway = scripted(
    (message, server) => message.method === "tools/list" ? undefined : first(message, server),
    { startMs: 20 },
  );
  using app = testApp({ tools: [] });
  relay(gateway.server, app);
  const error = await assertRejects(() => gateway.server.connect(), ProtocolError);
  assertStringIncludes(error.message, "did not list its features within 20 ms");
  assert(gateway.run().isEnded);
});

Deno.test("a server that dies while its lists are read is not taken for connected", async () => {
  const first = ordinary();
  await using gateway = scripted((message, server) => {
    if (message.method !== "tools/list") return first(message, server);
    server.die("code 4");
    return undefined;
  });
  using app = testApp({ tools: [] });
  relay(gateway.server, app);
  const error = await assertRejects(() => gateway.server.connect(), ProtocolError);
  assertStringIncludes(error.message, "code 4");
});

Deno.test("a server that dies again and again is given up for a while", async () => {
  await using gateway = scripted((_message, server) => void server.die("code 1"));
  for (let n = 0; n < 5; n++) await assertRejects(() => gateway.server.connect(), ProtocolError);
  const error = await assertRejects(() => gateway.server.connect(), ProtocolError);
  assertStringIncludes(error.message, "5 times within a minute");
  assertEquals(gateway.runs.length, 5);
});

Deno.test("a server that does not read is told of once more text waits than the limit", async () => {
  await using gateway = scripted(ordinary());
  await gateway.server.connect();
  const calls = Array.from(
    { length: 20 },
    () => gateway.server.request("tools/call", { arguments: { text: "x".repeat(20_000) } }),
  );
  const outcomes = Promise.allSettled(calls);
  await gateway.server.stop();
  const messages = (await outcomes).map((one) => one.status === "rejected" && one.reason.message);
  assert(messages.includes("The server scripted does not read: too much waits for it"));
});

Deno.test("a server that leaves its input unread is ended, and the next call has a new one", async () => {
  let isStuck = true;
  const runs: ScriptedServer[] = [];
  await using server = stoppable(
    new GatewayServer({
      name: "stuck",
      version: "1",
      start: () => {
        const run = new ScriptedServer(ordinary(() => ({ content: [] })));
        runs.push(run);
        if (!isStuck) return run;
        const writer = run.input.getWriter();
        let lines = 0;
        return {
          output: run.output,
          ended: run.ended,
          lastLines: () => [],
          end: () => run.end(),
          // Reads the first messages of a connection, and nothing after that.
          input: new WritableStream<Uint8Array>({
            write: (bytes) => ++lines > 2 ? new Promise<void>(() => {}) : writer.write(bytes),
          }),
        };
      },
      limits: { maxLineBytes: 100_000, maxQueued: 1_000, stuckMs: 0 },
      startMs: 5_000,
      now: () => performance.now(),
    }),
  );
  await server.value.connect();
  isStuck = false;
  const text = "x".repeat(2_000);
  const first = server.value.request("tools/call", { arguments: { text } });
  const failed = assertRejects(() => first);
  await settled();
  await assertRejects(() => server.value.request("tools/call", {}));
  await failed;
  assertEquals(await server.value.request("tools/call", {}), { content: [] });
  assertEquals(runs.length, 2);
});

Deno.test("readiness and metrics tell which servers are up, and how often each was started", async () => {
  await using good = scripted(ordinary());
  await using bad = scripted((_message, server) => void server.die("code 1"));
  const reports = () => [good.server.tally.report(), { ...bad.server.tally.report(), name: "bad" }];
  const servers = { reports, restart: () => undefined };
  using app = testApp({ tools: [], servers });
  await good.server.connect();
  await bad.server.connect().catch(() => {});
  assertEquals(await (await app.request("/readyz")).json(), {
    status: "ready",
    servers: { scripted: "up", bad: "down" },
  });
  const metrics = await (await app.operate("/metrics")).text();
  for (
    const line of [
      'lifeline_gateway_server_up{server="scripted"} 1',
      'lifeline_gateway_server_up{server="bad"} 0',
      'lifeline_gateway_server_starts_total{server="bad"} 1',
      'lifeline_gateway_requests_open{server="scripted"} 0',
    ]
  ) assertStringIncludes(metrics, line);
});

function stoppable(value: GatewayServer) {
  return { value, [Symbol.asyncDispose]: () => value.stop() };
}

Deno.test("an answer of too many values, or nested too deeply, fails its call alone, with the reason", async () => {
  const answers: Readonly<Record<string, unknown>> = {
    wide: { content: [], structuredContent: { rows: Array(2_000).fill(0) } },
    deep: { content: [], structuredContent: JSON.parse('{"a":'.repeat(70) + "1" + "}".repeat(70)) },
  };
  await using gateway = scripted(
    ordinary((message) => answers[String(message.params?.name)] ?? { content: [] }),
    { maxValues: 1_000 },
  );
  const call = (name: string) => gateway.server.request("tools/call", { name });
  const reasons = { wide: /holds more than 1000 values$/, deep: /nested deeper than 64 levels$/ };
  for (const [name, reason] of Object.entries(reasons)) {
    const { message } = await assertRejects(() => call(name), ProtocolError);
    assertMatch(message, /^The server scripted gave an answer that cannot be taken: /);
    assertMatch(message, reason);
  }
  assertEquals(await call("small"), { content: [] });
  assertEquals(gateway.runs.length, 1);
});

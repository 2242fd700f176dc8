/** One server process for each session whose client can answer questions. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ChildPlaces } from "../../lib/gateway/child_places.ts";
import { GatewayServer } from "../../lib/gateway/server.ts";
import { ALL } from "../../lib/gateway/relay.ts";
import { SessionServers } from "../../lib/gateway/session_servers.ts";
import { SharedInterest } from "../../lib/gateway/shared_interest.ts";
import { createApp } from "../../lib/mod.ts";
import { type TestClient, testClient, type TestClientOptions } from "../../lib/testing.ts";
import { settled } from "../helpers/time.ts";
import { ordinary, type Script, ScriptedServer } from "./scripted_server.ts";

/** Asks in each call, and returns the answer. */
const asking = ordinary((message, server) => {
  if (message.method === "tools/call") {
    const params = { message: "Your name?", requestedSchema: { type: "object", properties: {} } };
    server.send({ jsonrpc: "2.0", id: `q${message.id}`, method: "elicitation/create", params });
  } else if (String(message.id).startsWith("q")) {
    const { action, content } = message.result ?? { action: message.error.message };
    server.send({
      jsonrpc: "2.0",
      id: Number(message.id.slice(1)),
      result: { content: [{ type: "text", text: content?.name ?? action }] },
    });
  }
  return undefined;
});

/** An app whose sessions each have a scripted server. */
function gateway(script: Script, { maxChildren = 10, idleMs = 60_000 } = {}) {
  const runs: ScriptedServer[] = [];
  const sessions = new SessionServers([{
    selection: ALL,
    interest: new SharedInterest(),
    places: new ChildPlaces("scripted", maxChildren),
    create: (client) =>
      new GatewayServer({
        name: "scripted",
        version: "1",
        start: () => {
          const run = new ScriptedServer(script);
          runs.push(run);
          return run;
        },
        limits: { maxLineBytes: 100_000, maxQueued: 100_000 },
        startMs: 5_000,
        now: () => performance.now(),
        ...client,
      }),
  }], { idleMs, now: () => performance.now() });
  const app = createApp({ sessionMethods: sessions.methods });
  return { app, sessions, runs, [Symbol.asyncDispose]: () => (app.stop(), sessions.stop()) };
}

const answering = (name: string): TestClientOptions => ({
  era: "2025-11-25",
  keepApp: true,
  elicit: () => ({ action: "accept", content: { name } }),
});

Deno.test("each client that can be asked is asked by a server of its own, and hears of no other's questions", async () => {
  await using served = gateway(asking);
  const names = Array.from({ length: 8 }, (_, n) => `client ${n}`);
  const clients = await Promise.all(
    names.map((name) => testClient(served.app, answering(name))),
  );
  const results = await Promise.all(clients.map((client) => client.call("add")));
  assertEquals(results.map(({ content: [first] }) => (first as { text: string }).text), names);
  assertEquals(served.runs.length, 8);
  for (const client of clients) await client.close();
});

Deno.test("a server declares what its client can be asked, and nothing more", async () => {
  await using served = gateway(asking);
  const client = await testClient(served.app, answering("Ada"));
  await client.list("tools");
  const [{ params }] = served.runs[0]!.received;
  assertEquals(params.capabilities, { elicitation: { form: {}, url: {} } });
  await client.close();
});

Deno.test("clients that cannot be asked have no server of their own", async () => {
  await using served = gateway(asking);
  const client = await testClient(served.app, { era: "2025-11-25", keepApp: true });
  await client.list("tools");
  assertEquals(served.sessions.size, 0);
  await client.close();
});

Deno.test("a session's server ends with the session", async () => {
  await using served = gateway(asking);
  const client = await testClient(served.app, answering("Ada"));
  await client.call("add");
  assertEquals(served.runs.map(({ isEnded }) => isEnded), [false]);
  await client.close();
  for (let turn = 0; turn < 50 && served.sessions.size > 0; turn++) await settled();
  assertEquals([served.sessions.size, served.runs[0]!.isEnded], [0, true]);
});

Deno.test("over the limit of sessions, the one idle for longest loses its server, and gets a new one when it comes back", async () => {
  await using served = gateway(asking, { maxChildren: 2 });
  const clients = [];
  for (const name of ["a", "b", "c"]) {
    const client = await testClient(served.app, answering(name));
    await client.call("add");
    clients.push(client);
  }
  assertEquals(served.sessions.size, 2);
  assertEquals(served.runs.map(({ isEnded }) => isEnded), [true, false, false]);
  const [first] = clients;
  const { content: [text] } = await first!.call("add");
  assertEquals(text, { type: "text", text: "a" });
  for (const client of clients) await client.close();
});

Deno.test("while all sessions are busy, a further one is refused", async () => {
  await using served = gateway(ordinary(), { maxChildren: 1 });
  const busy = await testClient(served.app, answering("busy"));
  const call = busy.call("slow").catch(() => {});
  while (!served.runs.some(({ received }) => received.at(-1).method === "tools/call")) {
    await settled();
  }
  const error = await assertRejects(async () => {
    const client = await testClient(served.app, answering("late"));
    await client.list("tools");
  }, Error);
  assertStringIncludes(error.message, "The server scripted has no process free for this client");
  await busy.close();
  await call;
});

Deno.test("log messages and updates of a session's server go to its client alone", async () => {
  await using served = gateway(
    ordinary((message) => message.method === "tools/call" ? { content: [] } : undefined),
  );
  const [one, two] = [
    await testClient(served.app, answering("one")),
    await testClient(served.app, answering("two")),
  ];
  await one.call("add");
  await two.call("add");
  await served.runs[0]!.send({
    jsonrpc: "2.0",
    method: "notifications/message",
    params: { level: "error", data: "for one" },
  });
  for (let turn = 0; turn < 50 && one.logs.length === 0; turn++) await settled();
  assertEquals(one.logs.map(({ data }) => data), ["for one"]);
  const complete = {
    method: "notifications/elicitation/complete",
    params: { elicitationId: "visited" },
  };
  served.runs[0]!.send({ jsonrpc: "2.0", ...complete });
  const visits = (client: TestClient) =>
    client.notifications.filter(({ method }) => method === complete.method);
  for (let turn = 0; turn < 50 && visits(one).length === 0; turn++) await settled();
  assertEquals(visits(one).map(({ params }) => params), [complete.params]);
  assertEquals(visits(two), []);
  assertEquals(two.logs, []);
  for (const client of [one, two]) await client.close();
  assert(served.runs.length === 2);
});

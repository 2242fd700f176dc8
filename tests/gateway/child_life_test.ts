/** The life of a server's children: idle times, limits, pauses and calls that wait, in fake time. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { testClient, type TestClientOptions } from "../../lib/testing.ts";
import { rpc } from "../helpers/app.ts";
import { FakeTime, settled } from "../helpers/time.ts";
import { gatewayApp } from "./gateway_app.ts";
import { ordinary, type Script } from "./scripted_server.ts";

const answering = ordinary((message) =>
  message.method === "tools/call" && message.params.name === "add" ? { content: [] } : undefined
);

/** A gateway in front of one server, in time that a test moves. */
function gateway(
  time: FakeTime,
  entry: Parameters<typeof gatewayApp>[1] & object = {},
  script: Script = answering,
) {
  const served = gatewayApp({ one: script }, {
    now: time.clock,
    wheel: { clock: time.clock },
    ...entry,
  });
  const policies = () =>
    served.gateway.reports()[0]!.children.filter(({ state }) => state === "up")
      .map(({ policy }) => policy).sort();
  const ends = () =>
    Object.fromEntries(
      Object.entries(served.gateway.reports()[0]!.ends).filter(([, count]) => count > 0),
    );
  return { ...served, policies, ends };
}

const only = (one: object) => ({ entries: { one: { prefix: "", ...one } } });
const askable: TestClientOptions = {
  keepApp: true,
  elicit: () => ({ action: "decline" }),
};

/** Moves time on until a promise has settled. */
async function finished<T>(time: FakeTime, promise: Promise<T>): Promise<T> {
  let isSettled = false;
  const settle = () => void (isSettled = true);
  promise.then(settle, settle);
  while (!isSettled) await time.advance(10, 10);
  return await promise;
}

/** A session of a client that can be asked and has no stream open. */
async function openSession({ app }: ReturnType<typeof gatewayApp>): Promise<string> {
  const response = await app.fetch(
    new Request("http://localhost/mcp", {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
      },
      body: JSON.stringify(rpc("initialize", {
        protocolVersion: "2025-11-25",
        capabilities: { elicitation: {} },
        clientInfo: { name: "test", version: "1" },
      })),
    }),
  );
  await response.body?.cancel();
  return response.headers.get("mcp-session-id")!;
}

Deno.test("a session's child ends after the idle time of the file, and not while a stream is open", async () => {
  using time = new FakeTime();
  await using served = gateway(time, only({ idleMs: 10_000 }));
  await finished(time, served.app.start());
  const listening = await finished(time, testClient(served.app, { era: "2025-11-25", ...askable }));
  await finished(time, listening.call("add"));
  const idle = await finished(time, openSession(served));
  await time.advance(5_000, 500);
  assertEquals(served.policies(), ["session", "session", "shared"]);
  await time.advance(60_000, 500);
  assertEquals(served.policies(), ["session", "shared"]);
  assertEquals(served.ends(), { idle: 1 });
  const headers = { "mcp-session-id": idle };
  await served.app.fetch(new Request("http://localhost/mcp", { method: "DELETE", headers }));
  await finished(time, listening.close());
});

Deno.test("children for clients of 2026-07-28 end after the idle time, and the next call starts one", async () => {
  using time = new FakeTime();
  await using served = gateway(time, only({ idleMs: 10_000 }));
  await finished(time, served.app.start());
  const client = await finished(time, testClient(served.app, { era: "2026-07-28", ...askable }));
  await finished(time, client.call("add"));
  assertEquals(served.policies(), ["asking", "shared"]);
  await time.advance(10_100, 100);
  assertEquals([served.policies(), served.ends()], [["shared"], { idle: 1 }]);
  await finished(time, client.call("add"));
  assertEquals(served.policies(), ["asking", "shared"]);
  await finished(time, client.close());
});

Deno.test("the file limits the sessions with a child: the idlest loses its child to a new one", async () => {
  using time = new FakeTime();
  await using served = gateway(time, only({ maxChildren: 2 }));
  await finished(time, served.app.start());
  for (let n = 0; n < 5; n++) {
    await finished(time, openSession(served));
    await time.advance(100);
  }
  assertEquals(served.policies(), ["session", "session", "shared"]);
  assertEquals(served.ends(), { evicted: 3 });
});

Deno.test("a server that dies is started after half a second, then after pauses that double", async () => {
  using time = new FakeTime();
  let isWell = true;
  await using served = gateway(
    time,
    only({}),
    (message, run) => isWell ? answering(message, run) : void run.die("code 1"),
  );
  await finished(time, served.app.start());
  isWell = false;
  served.runs.one![0]!.die("SIGKILL");
  const starts = () => served.runs.one!.length;
  await time.advance(400);
  assertEquals(starts(), 1);
  await time.advance(200);
  assertEquals(starts(), 2);
  await time.advance(800);
  assertEquals(starts(), 2);
  await time.advance(200);
  assertEquals(starts(), 3);
  await time.advance(4_000, 100);
  const [child] = served.gateway.reports()[0]!.children;
  assertEquals([starts(), child?.state], [4, "down"]);
  await time.advance(8_000, 100);
  assertEquals([starts(), served.gateway.reports()[0]!.children[0]?.state], [5, "broken"]);
  isWell = true;
  await time.advance(60_000, 500);
  assertEquals(served.policies(), ["shared"]);
});

/** Asks its client in each call, and notes that a call was cancelled. */
const asking = (cancelled: unknown[]) =>
  ordinary((message, server) => {
    if (message.method === "notifications/cancelled") cancelled.push(message.params.reason);
    if (message.method !== "tools/call") return undefined;
    server.send({
      jsonrpc: "2.0",
      id: "q",
      method: "elicitation/create",
      params: { message: "Well?", requestedSchema: { type: "object", properties: {} } },
    });
    return undefined;
  });

Deno.test("a call waits five minutes for the answer of its client, then ends at the server, too", async () => {
  using time = new FakeTime();
  const cancelled: unknown[] = [];
  await using served = gateway(time, only({ idleMs: 1_000_000 }), asking(cancelled));
  await finished(time, served.app.start());
  let reply = (_: unknown): void => {};
  const asked = Promise.withResolvers<void>();
  const client = await testClient(served.app, {
    era: "2026-07-28",
    keepApp: true,
    elicit: () => {
      asked.resolve();
      return new Promise((resolve) => reply = () => resolve({ action: "decline" }));
    },
  });
  const call = client.call("add");
  const failed = assertRejects(() => call, Error);
  await asked.promise;
  await time.advance(299_000, 1_000);
  assertEquals(cancelled, []);
  await time.advance(2_000, 1_000);
  assertMatch(String(cancelled), /did not come back/);
  const clients = () => served.gateway.reports()[0]!.children.map((child) => child.clients);
  assertEquals(clients(), [0, 0], "its process is free");
  reply(undefined);
  assertMatch((await failed).message, /not held any more/);
  await settled();
  await finished(time, client.close());
});

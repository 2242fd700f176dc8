/** The most children of a server, whichever path and revision their clients use. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { testClient, type TestClientOptions } from "../../lib/testing.ts";
import { META_KEYS } from "../../lib/wire/meta.ts";
import { rpc } from "../helpers/app.ts";
import { settled } from "../helpers/time.ts";
import { until } from "../helpers/until.ts";
import { at, gatewayApp } from "./gateway_app.ts";
import { ordinary, type Script } from "./scripted_server.ts";

type Served = ReturnType<typeof gatewayApp>;
type Limits = Readonly<Record<string, { readonly maxChildren: number }>>;

const ASKABLE: TestClientOptions = {
  era: "2025-11-25",
  keepApp: true,
  elicit: () => ({ action: "decline" }),
};

/** Answers `add`; `slow` gets no answer. */
const server = ordinary((message) =>
  message.method === "tools/call" && message.params.name === "add" ? { content: [] } : undefined
);

/** A gateway in front of two servers, whose callers name themselves. */
async function gateway(entries: Limits): Promise<Served> {
  const served = gatewayApp({ one: server, two: server }, {
    entries,
    authenticate: ({ headers }) => ({ principal: headers.get("x-who") ?? "nobody" }),
  });
  await served.app.start();
  return served;
}

/** A client that can be asked, after its first request. */
async function askable(served: Served, path: string, era: "2025-11-25" | "2026-07-28", who = "a") {
  const client = await testClient(at(path, served.app), {
    era,
    keepApp: true,
    elicit: () => ({ action: "decline" }),
    headers: { "x-who": who },
  });
  await client.list("tools");
  return client;
}

/** Children of a server that are not shared. */
function own({ gateway }: Served, name: string): number {
  const { children } = gateway.reports().find((one) => one.name === name)!;
  return children.filter(({ policy }) => policy !== "shared").length;
}

/** A call in a session of its own that never ends. */
async function busySession(served: Served, path: string): Promise<AbortController> {
  const leaving = new AbortController();
  const send = (message: unknown, headers = {}) =>
    served.app.fetch(
      new Request(`http://localhost${path}`, {
        method: "POST",
        signal: leaving.signal,
        headers: {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          ...headers,
        },
        body: JSON.stringify(message),
      }),
    );
  const clientInfo = { name: "test", version: "1" };
  const capabilities = { elicitation: {} };
  const params = { protocolVersion: "2025-11-25", capabilities, clientInfo };
  const response = await send(rpc("initialize", params));
  await response.body?.cancel();
  const session = { "mcp-session-id": response.headers.get("mcp-session-id")! };
  const name = path === "/mcp" ? "one__slow" : "slow";
  void Promise.resolve(send(rpc("tools/call", { name, arguments: {} }), session)).catch(() => {});
  return leaving;
}

const openRequests = ({ gateway }: Served) =>
  gateway.reports().flatMap(({ children }) => children)
    .reduce((total, { open }) => total + open, 0);

Deno.test("sessions at /mcp and at /mcp/NAME count for one limit of the server", async () => {
  await using served = await gateway({ one: { maxChildren: 2 }, two: { maxChildren: 5 } });
  for (const path of ["/mcp", "/mcp/one", "/mcp", "/mcp/one", "/mcp/one"]) {
    await askable(served, path, "2025-11-25");
    assert(own(served, "one") <= 2, `${path}: ${own(served, "one")}`);
  }
  assertEquals(own(served, "one"), 2);
  await until(() => served.gateway.reports()[0]!.ends.evicted === 3);
});

Deno.test("sessions and clients of 2026-07-28 count for one limit of the server", async () => {
  await using served = await gateway({ one: { maxChildren: 2 }, two: { maxChildren: 5 } });
  await askable(served, "/mcp/one", "2025-11-25");
  for (const who of ["ada", "eve", "bob"]) {
    await askable(served, "/mcp/one", "2026-07-28", who);
    await askable(served, "/mcp", "2026-07-28", who);
    assert(own(served, "one") <= 2, `${who}: ${own(served, "one")}`);
  }
  assertEquals(own(served, "one"), 2);
});

Deno.test("a client with many sessions ends its own to begin more, and not those of others", async () => {
  await using served = await gateway({ one: { maxChildren: 3 }, two: { maxChildren: 5 } });
  const honest = await askable(served, "/mcp/one", "2025-11-25", "honest");
  const pids = () => served.runs.one!.map(({ isEnded }) => isEnded);
  const before = pids().length;
  for (let n = 0; n < 10; n++) await askable(served, "/mcp/one", "2025-11-25", "greedy");
  assertEquals(own(served, "one"), 3);
  assertEquals(pids()[before - 1], false, "the server of the honest client runs on");
  const late = await askable(served, "/mcp/one", "2025-11-25", "late");
  assertEquals(pids()[before - 1], false, "the client with most places gave one");
  for (const client of [honest, late]) assertEquals((await client.call("add")).content, []);
});

Deno.test("a client that cannot get a place at one server leaves all others their places", async () => {
  await using served = await gateway({ one: { maxChildren: 1 }, two: { maxChildren: 1 } });
  const busy = await busySession(served, "/mcp/one");
  await until(() => openRequests(served) === 1);
  await askable(served, "/mcp/two", "2025-11-25");
  const refused = await askable(served, "/mcp", "2025-11-25").catch((error: Error) => error);
  assert(refused instanceof Error);
  assertMatch(refused.message, /one .*"maxChildren".*1/);
  assertEquals([own(served, "one"), own(served, "two")], [1, 1]);
  assertEquals(served.gateway.reports()[1]!.ends.evicted, 0);
  busy.abort();
});

Deno.test("calls of clients of 2026-07-28 take as many processes as the limit leaves, and the others wait", async () => {
  await using served = await gateway({ one: { maxChildren: 3 }, two: { maxChildren: 5 } });
  await askable(served, "/mcp/one", "2025-11-25");
  const stop = new AbortController();
  const call = () =>
    Promise.resolve(served.app.fetch(
      new Request("http://localhost/mcp/one", {
        method: "POST",
        signal: stop.signal,
        headers: {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          "mcp-protocol-version": "2026-07-28",
          "mcp-method": "tools/call",
          "mcp-name": "slow",
        },
        body: JSON.stringify(rpc("tools/call", {
          name: "slow",
          arguments: {},
          _meta: {
            [META_KEYS.protocolVersion]: "2026-07-28",
            [META_KEYS.clientInfo]: { name: "test", version: "1" },
            [META_KEYS.clientCapabilities]: { elicitation: { form: {} } },
          },
        })),
      }),
    )).catch(() => {});
  const calls = [call(), call(), call(), call()];
  await until(() => served.gateway.reports()[0]!.waiting === 2);
  assertEquals(own(served, "one"), 3);
  assertEquals(served.gateway.reports()[0]!.ends.evicted, 0);
  stop.abort();
  await Promise.all(calls);
  await until(() => served.gateway.reports()[0]!.waiting === 0);
});

Deno.test("a session whose call waits for its server to start keeps its place", async () => {
  const slow = Promise.withResolvers<void>();
  let isFirst = true;
  const starting: Script = (message, run) => {
    if (message.method !== "initialize" || isFirst) return server(message, run);
    void slow.promise.then(() => {
      const result = server(message, run);
      run.send({ jsonrpc: "2.0", id: message.id, result });
    });
    return undefined;
  };
  await using served = gatewayApp({ one: starting }, {
    entries: { one: { prefix: "", maxChildren: 1 } },
  });
  await served.app.start();
  isFirst = false;
  // Its first request waits for the server.
  const opening = testClient(served.app, ASKABLE);
  await until(() => served.runs.one!.length === 2);
  for (let turn = 0; turn < 50; turn++) await settled();
  const refused = await askable(served, "/mcp", "2025-11-25").catch((error: Error) => error);
  assert(refused instanceof Error);
  assertMatch(refused.message, /all of them are busy/);
  slow.resolve();
  const first = await opening;
  assertEquals((await first.call("add")).content, []);
  assertEquals(served.runs.one!.length, 2);
  await first.close();
});

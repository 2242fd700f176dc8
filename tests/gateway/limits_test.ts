/** Drain, limits, the ledger and the audit log apply to the servers of a gateway as to own tools. */
import { assertEquals, assertMatch } from "@std/assert";
import { rpc, toolCall } from "../helpers/app.ts";
import { CapturedLog } from "../helpers/log.ts";
import { until } from "../helpers/until.ts";
import { gatewayApp } from "./gateway_app.ts";
import { ordinary } from "./scripted_server.ts";

/** Answers `add`; a test answers `slow`. */
const server = ordinary((message) =>
  message.method === "tools/call" && message.params.name === "add" ? { content: [] } : undefined
);

type Served = ReturnType<typeof gatewayApp>;

async function call({ app }: Served, path: string, tool: string): Promise<Response> {
  return await app.fetch(
    new Request(`http://localhost${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(toolCall(tool, {})),
    }),
  );
}

const open = ({ gateway }: Served) =>
  gateway.reports().flatMap(({ children }) => children)
    .reduce((total, child) => total + child.open, 0);

Deno.test("a drain lets calls of each server finish, takes no new ones, and ends all children", async () => {
  await using served = gatewayApp({ one: server, two: server });
  await served.app.start();
  const calls = [call(served, "/mcp/one", "slow"), call(served, "/mcp", "two__slow")];
  await until(() => open(served) === 2);
  const drained = served.app.drain(30_000);
  const late = await call(served, "/mcp/two", "add");
  assertEquals(late.status, 503);
  for (const [run] of Object.values(served.runs)) {
    const { id } = run!.received.find(({ method }) => method === "tools/call");
    run!.send({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text: "done" }] } });
  }
  for (const response of await Promise.all(calls)) {
    assertEquals((await response.json()).result.content[0].text, "done");
  }
  await drained;
  assertEquals(Object.values(served.runs).flat().map(({ isEnded }) => isEnded), [true, true]);
  const ends = served.gateway.reports().map(({ ends: { drain } }) => drain);
  assertEquals(ends, [1, 1]);
});

Deno.test("a call that outlasts the drain gets an error, and its server ends", async () => {
  await using served = gatewayApp({ one: server });
  await served.app.start();
  const running = call(served, "/mcp/one", "slow");
  await until(() => open(served) === 1);
  await served.app.drain(0);
  const { error } = await (await running).json();
  assertEquals(error.data.outcome, "unknown");
  assertEquals(served.runs.one?.map(({ isEnded }) => isEnded), [true]);
});

Deno.test("the calls of a client at all endpoints count for one limit", async () => {
  const settings = { MCP_CALLS_PER_SECOND: 1, MCP_CALLS_BURST: 2 };
  await using served = gatewayApp({ one: server, two: server }, { settings });
  await served.app.start();
  const statuses = [];
  for (const [path, tool] of [["/mcp/one", "add"], ["/mcp", "two__add"], ["/mcp/two", "add"]]) {
    const response = await call(served, path!, tool!);
    await response.body?.cancel();
    statuses.push(response.status);
  }
  assertEquals(statuses, [200, 200, 429]);
});

Deno.test("the ledger adds up over streams of all endpoints", async () => {
  await using served = gatewayApp({ one: server, two: server });
  await served.app.start();
  const leaving = new AbortController();
  for (const path of ["/mcp/sse", "/mcp/one/sse", "/mcp/two/sse"]) {
    const response = await served.app.fetch(
      new Request(`http://localhost${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "text/event-stream" },
        body: JSON.stringify(rpc("ping")),
        signal: leaving.signal,
      }),
    );
    void response.body?.cancel();
  }
  await until(() => served.app.connections.ledger().open === 0);
  const { opened, closed } = served.app.connections.ledger();
  const ends = Object.values(closed).reduce((total, count) => total + count, 0);
  assertEquals([opened, ends], [3, 3]);
});

Deno.test("the audit log names the tool of each server, and its caller", async () => {
  using log = new CapturedLog("info");
  await using served = gatewayApp({ one: server }, {
    settings: { MCP_AUDIT: true },
    authenticate: () => ({
      principal: "ada",
      clientId: undefined,
      scopes: [],
      claims: {},
      expiresAt: undefined,
    }),
  });
  await served.app.start();
  await (await call(served, "/mcp", "one__add")).body?.cancel();
  await (await call(served, "/mcp/one", "add")).body?.cancel();
  const lines = log.of("Audit").map(({ fields }) => [fields.principal, fields.name]);
  assertEquals(lines, [["ada", "one__add"], ["ada", "add"]]);
});

Deno.test("the time limit of a server's file fails its call, and the server hears of it", async () => {
  await using served = gatewayApp({ one: server }, { entries: { one: { timeoutMs: 100 } } });
  await served.app.start();
  const { error } = await (await call(served, "/mcp/one", "slow")).json();
  assertMatch(error.message, /timed? ?out|within/i);
  const cancelled = () =>
    served.runs.one![0]!.received.some(({ method }) => method === "notifications/cancelled");
  await until(cancelled);
});

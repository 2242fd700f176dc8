/** The operator's view of the servers behind the gateway, and the actions on them. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { testClient } from "../../lib/testing.ts";
import { CapturedLog } from "../helpers/log.ts";
import { Scrape } from "../helpers/metrics.ts";
import { until } from "../helpers/until.ts";
import { gatewayApp } from "./gateway_app.ts";
import { ordinary, scripted } from "./scripted_server.ts";

/** Answers `add`, fails `slow` on request, and holds it otherwise. */
const server = ordinary((message, run) => {
  if (message.method !== "tools/call") return undefined;
  if (message.params.name === "add") return { content: [] };
  const { how } = message.params.arguments ?? {};
  if (how === "isError") return { content: [], isError: true };
  if (how === "error") {
    run.send({ jsonrpc: "2.0", id: message.id, error: { code: -32000, message: "No" } });
  }
  return undefined;
});

type Served = ReturnType<typeof gatewayApp>;

async function scrape({ app }: Served, token = app.operatorToken): Promise<Scrape> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await app.fetch(new Request("http://localhost/metrics", { headers }));
  return new Scrape(await response.text());
}

/** The children of the only server. */
function childrenOf({ gateway }: Served) {
  return gateway.reports()[0]!.children;
}

/** The figures of the server `one`; its ends by reason and its children by policy, those that are not 0. */
async function figures(served: Served, token?: string) {
  const found = await scrape(served, token);
  const labels = { server: "one" };
  const one = (metric: string) => found.value(`lifeline_gateway_${metric}`, labels);
  const by = (metric: string, label: string) =>
    Object.fromEntries(
      found.of(`lifeline_gateway_${metric}`)
        .filter((sample) => sample.labels.server === "one" && sample.value > 0)
        .map((sample) => [sample.labels[label], sample.value]),
    );
  return {
    starts: one("server_starts_total"),
    restarts: one("server_restarts_total"),
    calls: one("requests_total"),
    errors: one("errors_total"),
    open: one("requests_open"),
    ends: by("server_ends_total", "reason"),
    children: by("children", "policy"),
  };
}

const askable = { keepApp: true, elicit: () => ({ action: "decline" as const }) };

Deno.test("metrics of a server count the calls, errors and children of all its clients", async () => {
  await using served = gatewayApp({ one: server }, { entries: { one: { prefix: "" } } });
  await served.app.start();
  const [plain, session, asking] = [
    await testClient(served.app, { era: "2025-11-25", keepApp: true }),
    await testClient(served.app, { era: "2025-11-25", ...askable }),
    await testClient(served.app, { era: "2026-07-28", ...askable }),
  ];
  for (const client of [plain, session, asking]) {
    await client.call("add");
    await client.call("slow", { how: "isError" });
    await assertRejects(() => client.call("slow", { how: "error" }));
  }
  assertEquals(await figures(served), {
    starts: 3,
    restarts: 0,
    calls: 9,
    errors: 6,
    open: 0,
    ends: {},
    children: { shared: 1, session: 1, asking: 1 },
  });
  await session.close();
  await until(() => childrenOf(served).length === 2);
  const { calls, errors, ends } = await figures(served);
  assertEquals([calls, errors, ends], [9, 6, { session_ended: 1 }], "what it did still counts");
  for (const client of [plain, asking]) await client.close();
});

Deno.test("a crash fails the calls that run, and counts as an end, a start and a restart", async () => {
  await using served = gatewayApp({ one: server }, { entries: { one: { prefix: "" } } });
  await served.app.start();
  const client = await testClient(served.app, { keepApp: true });
  const calls = [1, 2].map(() => client.call("slow"));
  const failed = Promise.allSettled(calls);
  await until(() => childrenOf(served)[0]?.open === 2);
  served.runs.one![0]!.die("SIGKILL");
  assertEquals((await failed).map(({ status }) => status), ["rejected", "rejected"]);
  await client.call("add");
  assertEquals(await figures(served), {
    starts: 2,
    restarts: 1,
    calls: 3,
    errors: 2,
    open: 0,
    ends: { crashed: 1 },
    children: { shared: 1 },
  });
  await client.close();
});

const TOKENS = {
  MCP_ADMIN_TOKEN: "a-token-for-the-operator-alone",
  MCP_READ_TOKEN: "a-token-that-may-only-look",
};

function operate(
  { app }: Served,
  query = "",
  { method = "GET", token = TOKENS.MCP_ADMIN_TOKEN, headers = {} } = {},
) {
  const url = `http://localhost/mcp/connections${query}`;
  const authorization = `Bearer ${token}`;
  return app.fetch(new Request(url, { method, headers: { authorization, ...headers } }));
}

Deno.test("the connection view has a row for each child of each server, with its last lines of stderr", async () => {
  await using served = gatewayApp({ one: server, two: server }, { settings: TOKENS });
  await served.app.start();
  const session = await testClient(served.app, { era: "2025-11-25", ...askable });
  await session.call("one__add");
  const { servers } = await (await operate(served)).json();
  const rows = servers.flatMap(
    // deno-lint-ignore no-explicit-any -- a test looks into whatever came
    ({ children }: any) => children.map(({ age_ms, ...row }: any) => (assert(age_ms >= 0), row)),
  );
  const row = { state: "up", requests_open: 0, queued_characters: 0, last_lines: ["out of luck"] };
  assertEquals(rows, [
    { ...row, id: "one.1", policy: "shared", clients: 0, calls: 0 },
    { ...row, id: "one.2", policy: "session", clients: 1, calls: 1 },
    { ...row, id: "two.1", policy: "shared", clients: 0, calls: 0 },
    { ...row, id: "two.2", policy: "session", clients: 1, calls: 0 },
  ]);
  assertEquals(servers.map(({ calls, starts }: Record<string, number>) => [calls, starts]), [
    [1, 2],
    [0, 2],
  ]);
  await session.close();
});

Deno.test("the sessions that share a child are counted as its clients, until they end", async () => {
  await using served = gatewayApp({ one: server }, { entries: { one: { prefix: "" } } });
  await served.app.start();
  const clients = await Promise.all(
    [1, 2, 3].map(() => testClient(served.app, { era: "2025-11-25", keepApp: true })),
  );
  assertEquals(childrenOf(served)[0]?.clients, 3);
  await clients[0]!.close();
  await until(() => childrenOf(served)[0]?.clients === 2);
  for (const client of clients.slice(1)) await client.close();
});

Deno.test("an operator restarts a child: its calls fail with the reason, the next works, the log says who did it", async () => {
  using log = new CapturedLog("info");
  await using served = gatewayApp({ one: server }, {
    entries: { one: { prefix: "" } },
    settings: TOKENS,
  });
  await served.app.start();
  const client = await testClient(served.app, { keepApp: true });
  const running = assertRejects(() => client.call("slow"), Error, "the operator restarts it");
  await until(() => childrenOf(served)[0]?.open === 1);
  const response = await operate(served, "?child=one.1", { method: "DELETE" });
  assertEquals(await response.json(), { server: "one", child: "one.1" });
  await running;
  await client.call("add");
  const { starts, restarts, ends } = await figures(served, TOKENS.MCP_ADMIN_TOKEN);
  assertEquals([starts, restarts, ends], [2, 1, { restarted: 1 }]);
  const [line] = log.of("Audit");
  assertEquals(line?.fields, {
    operator: "MCP_ADMIN_TOKEN",
    client_ip: "unknown",
    action: "restart",
    server: "one",
    child: "one.1",
  });
  await client.close();
});

Deno.test("a server that was given up is started at once when the operator restarts it", async () => {
  let isWell = false;
  const well = ordinary();
  await using gateway = scripted((message, run) =>
    isWell ? well(message, run) : void run.die("code 1")
  );
  const state = () => gateway.server.report.state;
  for (let n = 0; n < 5; n++) await assertRejects(() => gateway.server.connect());
  assertEquals(state(), "broken");
  isWell = true;
  assertEquals(gateway.server.restart(), undefined);
  await until(() => state() === "up");
});

Deno.test("the log names a rule for a tool that is misspelt, with the tool that was probably meant", async () => {
  using log = new CapturedLog("warning");
  const rules = { block: ["ad", "other"], toolScopes: { slo: ["slow"] } };
  await using served = gatewayApp({ one: server }, { entries: { one: rules } });
  await served.app.start();
  const lines = log.of("Rule for a tool that the server does not have");
  assertEquals(lines.map(({ fields }) => fields), [
    { server: "one", tool: "ad", hint: "did you mean add?" },
    { server: "one", tool: "slo", hint: "did you mean slow?" },
  ]);
});

Deno.test("nobody but the operator restarts a child, and no page but the server's own", async () => {
  await using served = gatewayApp({ one: server }, { settings: TOKENS });
  await served.app.start();
  const statusOf = async (query: string, options: Parameters<typeof operate>[2]) => {
    const response = await operate(served, query, { method: "DELETE", ...options });
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await statusOf("?child=one.1", { token: "wrong" }), 401);
  assertEquals(await statusOf("?child=one.1", { token: TOKENS.MCP_READ_TOKEN }), 403);
  const headers = { origin: "http://localhost:3000" };
  assertEquals(await statusOf("?child=one.1", { headers }), 403);
  assertEquals(await statusOf("?child=one.9", {}), 404);
  assertEquals(served.runs.one?.length, 1);
});

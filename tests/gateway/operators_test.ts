/** The operator's view of the servers behind the gateway, and the actions on them. */
import { assertEquals, assertRejects } from "@std/assert";
import { testClient } from "../../lib/testing.ts";
import { Scrape } from "../helpers/metrics.ts";
import { until } from "../helpers/until.ts";
import { gatewayApp } from "./gateway_app.ts";
import { ordinary } from "./scripted_server.ts";

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

async function scrape({ app }: Served): Promise<Scrape> {
  const headers = { authorization: `Bearer ${app.operatorToken}` };
  const response = await app.fetch(new Request("http://localhost/metrics", { headers }));
  return new Scrape(await response.text());
}

/** The children of the only server. */
function childrenOf({ gateway }: Served) {
  return gateway.reports()[0]!.children;
}

/** The figures of a server; its ends by reason and its children by policy, those that are not 0. */
async function figures(served: Served, name = "one") {
  const found = await scrape(served);
  const labels = { server: name };
  const one = (metric: string) => found.value(`lifeline_gateway_${metric}`, labels);
  const by = (metric: string, label: string) =>
    Object.fromEntries(
      found.of(`lifeline_gateway_${metric}`)
        .filter((sample) => sample.labels.server === name && sample.value > 0)
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

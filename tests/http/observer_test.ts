/** A library user's own observer, beside the metrics. */
import { assert, assertEquals } from "@std/assert";
import type { ObservedConnection, Observer } from "../../lib/mod.ts";
import { McpServer } from "../../lib/mcp/server.ts";
import { Catalog } from "../../lib/registry/catalog.ts";
import { Signer } from "../../lib/base/signer.ts";
import { NO_OBSERVER, type ObservedCall, type Outcome } from "../../lib/base/observer.ts";
import { TimerWheel } from "../../lib/base/timer_wheel.ts";
import { rpc, testApp, toolCall } from "../helpers/app.ts";
import { testScope } from "../helpers/scope.ts";
import { CapturedLog } from "../helpers/log.ts";
import { scrape } from "../helpers/metrics.ts";

Deno.test("a library user's observer hears of streams and requests, and the metrics too", async () => {
  const opened: string[] = [];
  const closed: ObservedConnection[] = [];
  const outcomes: [string, Outcome][] = [];
  const observer: Partial<Observer> = {
    connectionOpened: (dialect) => void opened.push(dialect),
    connectionClosed: (connection) => void closed.push(connection),
    requestFinished: ({ request }, outcome) => void outcomes.push([request.method, outcome]),
  };
  using app = testApp({ observer });
  const client = await app.open(toolCall("echo", { message: "hi" }));
  await client.events.nextNamed("response");
  await client.events.leave();
  assertEquals(opened, ["plain"]);
  assertEquals(closed.map(({ dialect, reason }) => [dialect, reason]), [[
    "plain",
    "client_closed",
  ]]);
  assert(closed[0]!.sentBytes > 100);
  assertEquals(outcomes, [["tools/call", "ok"]]);
  const figures = await scrape(app);
  assertEquals(figures.value("lifeline_connections_closed_total"), 1);
  assertEquals(figures.value("lifeline_tool_calls_total", { tool: "echo", outcome: "ok" }), 1);
});

Deno.test("an observer that throws at everything does no harm", async () => {
  using log = new CapturedLog("error");
  const fail = () => {
    throw new Error("broken");
  };
  const observer = Object.fromEntries(Object.keys(NO_OBSERVER).map((event) => [event, fail]));
  using app = testApp({ observer });
  const client = await app.open(rpc("ping"));
  assertEquals((await client.events.nextNamed("response")).json.result, {});
  await client.events.leave();
  assertEquals((await app.request("/nowhere")).status, 404);
  assertEquals(app.ledger().closed.client_closed, 1);
  assertEquals(log.of("Observer failed").map(({ fields }) => fields.event), [
    "connectionOpened",
    "requestFinished",
    "connectionClosed",
    "requestRejected",
  ]);
});

/** A server without an app around it, and one request to it. */
async function ask(observer: Observer): Promise<number> {
  let reads = 0;
  const wheel = new TimerWheel({
    clock: () => {
      reads++;
      return performance.now();
    },
  });
  const server = new McpServer({
    info: { name: "test", version: "1" },
    catalog: new Catalog(),
    seal: new Signer(),
    pageSize: 10,
    wheel,
    requestTimeoutMs: 1_000,
    maxInFlight: 10,
    observer,
  });
  reads = 0;
  const ping = { jsonrpc: "2.0", id: 1, method: "ping" } as const;
  await server.dispatch(ping, testScope(), server.sessionless);
  return reads;
}

Deno.test("a quick request reads the clock once, when it begins", async () => {
  const calls: ObservedCall[] = [];
  const observer = {
    ...NO_OBSERVER,
    requestFinished: (call: ObservedCall) => void calls.push(call),
  };
  assertEquals(await ask(observer), 1);
  assert(calls[0]!.startedAt > 0);
});

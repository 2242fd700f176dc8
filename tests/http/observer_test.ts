/** A library user's own observer, beside the metrics. */
import { assert, assertEquals } from "@std/assert";
import type { ObservedConnection, Observer, Outcome } from "../../lib/mod.ts";
import { rpc, testApp, toolCall } from "../helpers/app.ts";
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

Deno.test("a request that ends is one line at `debug`, and none at `info`", async () => {
  for (const [level, lines] of [["debug", 1], ["info", 0]] as const) {
    using log = new CapturedLog(level);
    using app = testApp();
    await (await app.post("/mcp", toolCall("echo", { message: "hi" }))).body?.cancel();
    const finished = log.of("Request finished");
    assertEquals(finished.length, lines);
    for (const { fields } of finished) {
      const { duration_ms, ...rest } = fields;
      assertEquals(rest, { method: "tools/call", name: "echo", outcome: "ok" });
      assert(typeof duration_ms === "number" && duration_ms >= 0);
    }
  }
});

Deno.test("an observer that throws at everything does no harm", async () => {
  using log = new CapturedLog("error");
  const fail = () => {
    throw new Error("broken");
  };
  const observer: Observer = new Proxy({} as Observer, { get: () => fail });
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

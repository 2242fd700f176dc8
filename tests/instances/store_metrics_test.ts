/** What the metrics tell of the store that instances share. */
import { assert, assertEquals } from "@std/assert";
import { rpc, testApp, toolCall } from "../helpers/app.ts";
import { Instances, LEASE_MS } from "../helpers/instances.ts";
import { scrape } from "../helpers/metrics.ts";
import { TestSession } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";

Deno.test("an app without a store has no metrics of one", async () => {
  using app = testApp();
  const { families } = await scrape(app);
  assertEquals([...families.keys()].filter((name) => /_(store|bus)_|calls_lost/.test(name)), []);
});

Deno.test("the durations of a store have the bucket bounds that dashboards rely on", async () => {
  using fleet = await Instances.startPastLease(2);
  const { a } = fleet;
  const figures = await scrape(a);
  for (const name of ["lifeline_store_duration_seconds", "lifeline_bus_lag_seconds"]) {
    assertEquals(
      figures.labelValues(`${name}_bucket`, "le").join(" "),
      "0.0005 0.001 0.0025 0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 +Inf",
    );
  }
});

Deno.test("operations, failures and messages to itself are counted by each instance", async () => {
  using fleet = await Instances.startPastLease(2);
  const { a, b } = fleet;
  const session = await TestSession.open(a);
  assertEquals((await session.on(b).ask(rpc("ping"))).result, {});
  const before = await scrape(b);
  assertEquals(before.value("lifeline_store_up"), 1);
  const count = "lifeline_store_duration_seconds_count";
  assertEquals(before.value(count, { operation: "read_session" }), 1);
  assert(before.value("lifeline_bus_lag_seconds_count") >= 4);
  assertEquals(before.value("lifeline_store_failures_total", { operation: "send" }), 0);
  b.member.isUp = false;
  assertEquals((await session.on(b).post(rpc("ping"))).status, 200);
  const answer = { jsonrpc: "2.0", id: `lifeline-i${a.fleet.me}-12345678-1`, result: {} };
  assertEquals((await session.on(b).post(answer)).status, 503);
  const away = await scrape(b);
  assertEquals(away.value("lifeline_store_up"), 0);
  assertEquals(away.value("lifeline_store_failures_total", { operation: "send" }), 1);
  assertEquals((await scrape(a)).value("lifeline_store_up"), 1);
});

Deno.test("a lost call counts where it was ended, and a refused append at the instance taken for dead", async () => {
  using fleet = await Instances.startPastLease(2);
  const { a, b, puppet } = fleet;
  const session = await TestSession.open(a);
  const reader = new EventReader(await session.post(toolCall("puppet", { call: "1" }, 5)));
  const { finish } = await puppet.call("1");
  const primed = await reader.next();
  fleet.kill(a);
  const resumed = new EventReader(await session.on(b).listen(primed?.id));
  await fleet.time.advance(LEASE_MS + 1_000);
  await resumed.rest();
  finish("too late");
  await fleet.time.advance(100);
  assertEquals((await scrape(a)).value("lifeline_store_waiting_streams"), 1);
  a.member.isUp = true;
  await fleet.time.advance(1_000);
  const [atA, atB] = [await scrape(a), await scrape(b)];
  assertEquals(atA.value("lifeline_store_waiting_streams"), 0);
  assertEquals(atA.value("lifeline_store_refused_appends_total"), 1);
  assertEquals(atB.value("lifeline_calls_lost_total"), 1);
  assertEquals(atA.value("lifeline_calls_lost_total"), 0);
  assertEquals(atB.value("lifeline_store_refused_appends_total"), 0);
});

import { assertEquals } from "@std/assert";
import { rpc, testApp, toolCall } from "../helpers/app.ts";
import { CapturedLog } from "../helpers/log.ts";
import { scrape } from "../helpers/metrics.ts";
import { FakeTime } from "../helpers/time.ts";

const JSON_ONLY = { accept: "application/json" };

Deno.test("drain() waits for calls without a stream, and ends as soon as they are answered", async () => {
  using time = new FakeTime();
  using app = testApp({ wheel: { clock: time.clock } });
  const answer = app.post("/mcp", toolCall("countdown", { from: 3, interval_ms: 100 }), JSON_ONLY);
  await time.advance(100);
  const drained = app.drain(5_000);
  await time.advance(200);
  assertEquals(await drained, { drained: 0, cut: 0, unanswered: 0 });
  assertEquals(time.now, 300);
  const { result } = await (await answer).json();
  assertEquals(result.content[0].text, "Counted down from 3");
});

Deno.test("drain() counts calls without a stream that its budget does not suffice for", async () => {
  using time = new FakeTime();
  using app = testApp({ wheel: { clock: time.clock } });
  const answer = app.post("/mcp", toolCall("countdown", { from: 9, interval_ms: 100 }), JSON_ONLY);
  await time.advance(100);
  const drained = app.drain(500);
  await time.advance(500);
  assertEquals(await drained, { drained: 0, cut: 0, unanswered: 1 });
  await time.advance(300);
  assertEquals((await answer).status, 200);
});

Deno.test("drain() waits for no request that is refused", async () => {
  using app = testApp();
  const drained = app.drain(5_000);
  const answer = await app.post("/mcp", toolCall("countdown", { from: 100 }), JSON_ONLY);
  assertEquals(answer.status, 503);
  assertEquals(await drained, { drained: 0, cut: 0, unanswered: 0 });
});

Deno.test("whatever is refused during a drain is told when to come back, counted and logged", async () => {
  using log = new CapturedLog();
  using app = testApp();
  await app.drain(0);
  const asked = [
    ...[rpc("ping"), rpc("initialize", { protocolVersion: "2025-11-25", capabilities: {} })].map((
      body,
    ) => app.post("/mcp", body, JSON_ONLY)),
    app.request("/mcp/sse", { headers: { accept: "text/event-stream" } }),
  ];
  for (const response of await Promise.all(asked)) {
    const { error } = await response.json();
    assertEquals([response.status, error.data.limit], [503, "draining"]);
    assertEquals(response.headers.get("retry-after"), String(error.data.retry_after));
  }
  assertEquals((await scrape(app)).value("lifeline_refused_total", { limit: "draining" }), 3);
  assertEquals(log.of("Refused")[0]?.fields.limit, "draining");
});

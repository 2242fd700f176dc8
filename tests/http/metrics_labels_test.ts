/** Nothing that a client sends makes a new series. */
import { assert, assertEquals } from "@std/assert";
import fc from "../deps/fast_check.ts";
import { MAX_NAMES } from "../../lib/base/label_allowlist.ts";
import { METHODS } from "../../lib/wire/methods.ts";
import { initializeRequest, rpc, testApp, toolCall } from "../helpers/app.ts";
import { scrape } from "../helpers/metrics.ts";
import { toolThat } from "../helpers/tools.ts";

const KNOWN = new Set<string>(Object.values(METHODS));

/** Names that would break the form, or a map, if they came through. */
const HOSTILE = fc.oneof(
  fc.string({ unit: "binary", minLength: 1 }),
  fc.constantFrom(
    "__proto__",
    "constructor",
    "hasOwnProperty",
    "other",
    'x"} 1\nlifeline_fake_total 99\n#',
    "\\",
    "tools/call ",
    "a".repeat(10_000),
  ),
);

Deno.test("property: a hostile method name counts as other, and the form holds", async () => {
  using app = testApp();
  await app.post("/mcp", rpc("unknown"));
  const series = (await scrape(app)).samples.length;
  let sent = 1;
  await fc.assert(
    fc.asyncProperty(HOSTILE, async (method) => {
      fc.pre(!KNOWN.has(method));
      await (await app.post("/mcp", rpc(method))).body?.cancel();
      const figures = await scrape(app);
      assertEquals(figures.samples.length, series);
      sent++;
      assertEquals(figures.value("lifeline_requests_total", { method: "other" }), sent);
    }),
    { numRuns: 60 },
  );
});

Deno.test("property: a hostile tool name counts as other, and the form holds", async () => {
  using app = testApp();
  await app.post("/mcp", toolCall("unknown"));
  const series = (await scrape(app)).samples.length;
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(HOSTILE, fc.jsonValue()),
      async (name) => {
        fc.pre(typeof name !== "string" || app.catalog.tools.get(name) === undefined);
        await (await app.post("/mcp", rpc("tools/call", { name }))).body?.cancel();
        const figures = await scrape(app);
        assertEquals(figures.samples.length, series);
        assertEquals(figures.labelValues("lifeline_tool_calls_total", "tool"), ["other"]);
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("every method of every revision has a label of its own", async () => {
  using app = testApp();
  const labels = (await scrape(app)).labelValues(
    "lifeline_request_duration_seconds_count",
    "method",
  );
  assertEquals(new Set(labels), new Set([...KNOWN, "other"]));
});

Deno.test(`more than ${MAX_NAMES} tools share the label other, and what they did is counted`, async () => {
  const tools = Array.from(
    { length: MAX_NAMES + 20 },
    (_, index) => toolThat(() => "done", `tool_${index}`),
  );
  using app = testApp({ tools });
  for (const { name } of tools) await app.post("/mcp", toolCall(name));
  const figures = await scrape(app);
  const labels = figures.labelValues("lifeline_tool_calls_total", "tool");
  assertEquals(labels.length, MAX_NAMES + 1);
  assertEquals(figures.value("lifeline_tool_calls_total", { tool: "other", outcome: "ok" }), 20);
  assertEquals(figures.value("lifeline_tool_calls_total", { outcome: "ok" }), tools.length);
});

Deno.test("tools that come and go do not make more labels than that", async () => {
  using app = testApp({ tools: [] });
  for (let index = 0; index < MAX_NAMES + 20; index++) {
    const tool = toolThat(() => "done", `passing_${index}`);
    app.catalog.tools.add(tool);
    await app.post("/mcp", toolCall(tool.name));
    app.catalog.tools.remove(tool.name);
  }
  const labels = (await scrape(app)).labelValues("lifeline_tool_calls_total", "tool");
  assertEquals(labels.length, MAX_NAMES + 1);
});

Deno.test("neither addresses nor ids of clients, sessions or streams are labels", async () => {
  using app = testApp();
  const client = await app.open(rpc("ping"));
  const initialize = initializeRequest();
  const id = (await app.post("/mcp", initialize)).headers.get("mcp-session-id") ?? "none";
  const text = await (await app.operate("/metrics")).text();
  for (const secret of [client.id, id, "127.0.0.1"]) assert(!text.includes(secret), secret);
  await client.events.leave();
});

/** `GET /metrics`: its form, its access, and the events that change each metric. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import * as z from "zod";
import { defineResource, defineTool } from "../../../lib/mod.ts";
import { initializeRequest, rpc, testApp, toolCall } from "../../helpers/app.ts";
import { moved, Scrape, scrape } from "../../helpers/metrics.ts";
import { FakeTime } from "../../helpers/time.ts";
import { HeldTool, toolThat } from "../../helpers/tools.ts";

const ELSEWHERE = { address: "192.0.2.7" };

Deno.test("GET /metrics is text that a strict reader of the Prometheus form takes", async () => {
  using app = testApp();
  const response = await app.operate("/metrics");
  assertEquals(response.status, 200);
  assertEquals(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  assertEquals(response.headers.get("cache-control"), "no-store");
  const { families } = new Scrape(await response.text());
  assert(families.size > 30);
  for (const { name, help, type } of families.values()) {
    assert(/^lifeline_[a-z0-9_]+$/.test(name), name);
    assert(help.length > 10, `${name} says what it is`);
    assertEquals(name.endsWith("_total"), type === "counter", `${name} is a ${type}`);
  }
});

Deno.test("every histogram's buckets rise to its count", async () => {
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool] });
  const client = await app.open(toolCall("held"));
  (await held.next()).finish("done");
  await client.events.nextNamed("response");
  await client.events.leave();
  const figures = await scrape(app);
  const histograms = [...figures.families.values()].filter(({ type }) => type === "histogram");
  let seen = 0;
  for (const { name } of histograms) {
    for (const { labels, value } of figures.of(`${name}_count`)) {
      const buckets = figures.of(`${name}_bucket`, labels).map((bucket) => bucket.value);
      assertEquals(buckets, buckets.toSorted((a, b) => a - b), name);
      assertEquals(buckets.at(-1), value, `${name}: le="+Inf" is the count`);
      assert(figures.of(`${name}_sum`, labels).length === 1, name);
      seen += value;
    }
  }
  assertEquals(seen, 3, "one request, one tool call, one stream that ended");
});

/** Bounds that dashboards and alerts name: a change of one breaks them. */
const BOUNDS: Readonly<Record<string, string>> = {
  lifeline_request_duration_seconds:
    "0.001 0.005 0.01 0.02 0.05 0.1 0.2 0.5 1 2 5 10 30 60 120 300 +Inf",
  lifeline_tool_duration_seconds:
    "0.001 0.005 0.01 0.02 0.05 0.1 0.2 0.5 1 2 5 10 30 60 120 300 +Inf",
  lifeline_connection_age_seconds: "1 5 15 30 55 65 95 105 120 130 290 310 600 1800 3600 7200 +Inf",
  lifeline_session_age_seconds: "1 10 60 300 900 1800 3600 7200 21600 86400 +Inf",
  lifeline_ping_lateness_seconds: "0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 +Inf",
  lifeline_event_loop_delay_seconds: "0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 +Inf",
};

Deno.test("every histogram has the bucket bounds that dashboards rely on", async () => {
  using app = testApp();
  assertEquals((await app.post("/mcp", toolCall("echo", { text: "hi" }))).status, 200);
  const client = await app.open();
  await client.events.leave();
  const figures = await scrape(app);
  const histograms = [...figures.families.values()].filter(({ type }) => type === "histogram");
  const bounds = histograms.map((
    { name },
  ) => [name, figures.labelValues(`${name}_bucket`, "le").join(" ")]);
  assertEquals(Object.fromEntries(bounds), BOUNDS);
});

Deno.test("GET /metrics refuses who sends no token, on this machine as well", async () => {
  using app = testApp();
  for (const peer of [ELSEWHERE, { address: "127.0.0.1" }]) {
    assertEquals((await app.request("/metrics", {}, peer)).status, 401);
  }
});

Deno.test("GET /metrics takes the token where one is set, and nothing else", async () => {
  using app = testApp({ settings: { MCP_ADMIN_TOKEN: "secret-0123456789" } });
  assertEquals((await app.request("/metrics")).status, 401);
  const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
  assertEquals((await app.request("/metrics", as("guess"), ELSEWHERE)).status, 401);
  assertEquals((await app.request("/metrics", as("secret-0123456789"), ELSEWHERE)).status, 200);
});

Deno.test("GET /metrics is for everybody with MCP_METRICS_PUBLIC, /mcp/connections is not", async () => {
  using app = testApp({
    settings: { MCP_METRICS_PUBLIC: true, MCP_ADMIN_TOKEN: "secret-0123456789" },
  });
  assertEquals((await app.request("/metrics", {}, ELSEWHERE)).status, 200);
  assertEquals((await app.request("/mcp/connections", {}, ELSEWHERE)).status, 401);
});

Deno.test("/metrics takes GET and HEAD only, and is listed among the endpoints", async () => {
  using app = testApp();
  assertEquals((await app.operate("/metrics", { method: "HEAD" })).status, 200);
  assertEquals((await app.request("/metrics", { method: "POST", body: "x" })).status, 405);
  const { endpoints } = await (await app.request("/mcp/stdio")).json();
  assert(endpoints.some(({ path }: { path: string }) => path === "/metrics"));
});

Deno.test("two apps in one process do not share figures", async () => {
  using one = testApp();
  using other = testApp();
  await one.post("/mcp", rpc("ping"));
  assertEquals((await scrape(one)).value("lifeline_requests_total", { method: "ping" }), 1);
  assertEquals((await scrape(other)).value("lifeline_requests_total", { method: "ping" }), 0);
});

Deno.test("a request counts once, by method and outcome, with its time", async () => {
  const broken = toolThat(() => {
    throw new Error("broken");
  }, "broken");
  const add = defineTool({
    name: "add",
    description: "Adds",
    input: z.object({ a: z.number() }),
    run: ({ a }) => String(a),
  });
  using app = testApp({ tools: [broken, add] });
  const cases: readonly (readonly [Record<string, unknown>, Record<string, number>])[] = [
    [rpc("ping"), {
      'lifeline_requests_total{method="ping",outcome="ok"}': 1,
      'lifeline_request_duration_seconds_count{method="ping"}': 1,
    }],
    [toolCall("add", { a: 1 }), {
      'lifeline_requests_total{method="tools/call",outcome="ok"}': 1,
      'lifeline_request_duration_seconds_count{method="tools/call"}': 1,
      'lifeline_tool_calls_total{tool="add",outcome="ok"}': 1,
      'lifeline_tool_duration_seconds_count{tool="add"}': 1,
    }],
    [toolCall("broken"), {
      'lifeline_requests_total{method="tools/call",outcome="tool_error"}': 1,
      'lifeline_request_duration_seconds_count{method="tools/call"}': 1,
      'lifeline_tool_calls_total{tool="broken",outcome="tool_error"}': 1,
      'lifeline_tool_duration_seconds_count{tool="broken"}': 1,
    }],
    [toolCall("nosuch"), {
      'lifeline_requests_total{method="tools/call",outcome="invalid_params"}': 1,
      'lifeline_request_duration_seconds_count{method="tools/call"}': 1,
      'lifeline_tool_calls_total{tool="other",outcome="invalid_params"}': 1,
      'lifeline_tool_duration_seconds_count{tool="other"}': 1,
    }],
    [rpc("no/such/method"), {
      'lifeline_requests_total{method="other",outcome="method_not_found"}': 1,
      'lifeline_request_duration_seconds_count{method="other"}': 1,
    }],
    [rpc("resources/read", { uri: "x://nothing" }), {
      'lifeline_requests_total{method="resources/read",outcome="resource_not_found"}': 1,
      'lifeline_request_duration_seconds_count{method="resources/read"}': 1,
    }],
  ];
  for (const [message, expected] of cases) {
    const before = await scrape(app);
    await (await app.post("/mcp", message)).body?.cancel();
    assertEquals(moved(before, await scrape(app)), expected, JSON.stringify(message));
  }
});

Deno.test("the durations of a request and of its tool call are in seconds", async () => {
  using time = new FakeTime();
  const held = new HeldTool();
  using app = testApp({ tools: [held.tool], wheel: { clock: time.clock } });
  const response = app.post("/mcp", toolCall("held"));
  const call = await held.next();
  await time.advance(12_500);
  call.finish("done");
  await (await response).text();
  const figures = await scrape(app);
  for (const name of ["lifeline_request_duration_seconds", "lifeline_tool_duration_seconds"]) {
    assertEquals(figures.value(`${name}_sum`), 12.5, name);
  }
});

Deno.test("a call that fails inside counts as internal_error", async () => {
  const broken = defineResource({
    uri: "x://broken",
    name: "broken",
    read: () => {
      throw new Error("broken");
    },
  });
  using app = testApp({ resources: [broken] });
  const response = await app.post("/mcp", rpc("resources/read", { uri: "x://broken" }));
  assertEquals((await response.json()).error.code, -32603);
  const outcome = { method: "resources/read", outcome: "internal_error" };
  assertEquals((await scrape(app)).value("lifeline_requests_total", outcome), 1);
});

Deno.test("calls that are cancelled, out of time, or without a client each have their outcome", async () => {
  using time = new FakeTime();
  const held = new HeldTool();
  const settings = { MCP_PING_INTERVAL_MS: 1_000_000, MCP_REQUEST_TIMEOUT_MS: 10_000 };
  using app = testApp({ tools: [held.tool], settings, wheel: { clock: time.clock } });
  const client = await app.open(toolCall("held", {}, 1));
  await held.next();
  assertEquals((await scrape(app)).value("lifeline_requests_in_flight"), 1);
  await client.send({
    jsonrpc: "2.0",
    method: "notifications/cancelled",
    params: { requestId: 1 },
  });
  await client.send(toolCall("held", {}, 2));
  await held.next();
  await time.advance(10_100);
  assertEquals((await client.events.nextNamed("error")).json.id, 2);
  await client.send(toolCall("held", {}, 3));
  await held.next();
  await client.events.leave();
  const figures = await scrape(app);
  for (const outcome of ["cancelled", "timeout", "aborted"]) {
    const labels = { tool: "held", outcome };
    assertEquals(figures.value("lifeline_tool_calls_total", labels), 1, outcome);
  }
  assertEquals(figures.value("lifeline_requests_in_flight"), 0);
});

Deno.test("a stream counts as opened, open, closed with its reason, aged, and in its bytes", async () => {
  using app = testApp();
  const before = await scrape(app);
  const client = await app.open();
  const open = await scrape(app);
  assertEquals(open.value("lifeline_connections_open", { dialect: "plain" }), 1);
  const sent = open.value("lifeline_sent_bytes_total", { dialect: "plain" });
  assert(sent > 100, "the welcome has been read");
  await app.request("/mcp/sse", {
    method: "DELETE",
    headers: { "mcp-connection-id": client.id },
  });
  await client.events.rest();
  const after = await scrape(app);
  assertEquals(after.value("lifeline_connections_open"), 0);
  assertEquals(moved(before, after), {
    'lifeline_connections_opened_total{dialect="plain"}': 1,
    'lifeline_connections_closed_total{dialect="plain",reason="disconnected"}': 1,
    'lifeline_connection_age_seconds_count{dialect="plain"}': 1,
    'lifeline_sent_bytes_total{dialect="plain"}': sent,
  });
});

Deno.test("an HTTP request that no method sees counts by the kind of its error", async () => {
  using app = testApp();
  const cases = [
    ["parse_error", () => app.post("/mcp", "{")],
    ["not_found", () => app.request("/nowhere")],
    ["method_not_allowed", () => app.request("/healthz", { method: "PUT" })],
    ["host_refused", () => app.fetch(new Request("http://evil.example/mcp"))],
    [
      "origin_refused",
      () => app.request("/healthz", { headers: { origin: "http://evil.example" } }),
    ],
    ["session_not_found", () => app.post("/mcp", rpc("ping"), { "mcp-session-id": "forged" })],
    ["unsupported_media_type", () => app.post("/mcp", "x", { "content-type": "text/plain" })],
  ] as const;
  for (const [kind, send] of cases) {
    const before = await scrape(app);
    await (await send()).body?.cancel();
    const expected = { [`lifeline_rejections_total{kind="${kind}"}`]: 1 };
    assertEquals(moved(before, await scrape(app)), expected, kind);
  }
});

Deno.test("sessions count as created, restored and ended, and those in memory are a gauge", async () => {
  const settings = { MCP_SESSION_KEY: "a-key-of-the-tests-0123456789-abc" };
  const initialize = initializeRequest();
  using first = testApp({ settings });
  const id = (await first.post("/mcp", initialize)).headers.get("mcp-session-id") ?? "";
  const created = await scrape(first);
  assertEquals(created.value("lifeline_sessions_opened_total", { how: "created" }), 1);
  assertEquals(created.value("lifeline_sessions_open"), 1);
  using second = testApp({ settings });
  await second.post("/mcp", rpc("ping"), { "mcp-session-id": id });
  const before = await scrape(second);
  assertEquals(before.value("lifeline_sessions_opened_total", { how: "restored" }), 1);
  await second.request("/mcp", { method: "DELETE", headers: { "mcp-session-id": id } });
  const after = await scrape(second);
  assertEquals(moved(before, after), {
    'lifeline_sessions_ended_total{end="deleted"}': 1,
    "lifeline_session_age_seconds_count": 1,
  });
  assertEquals(after.value("lifeline_sessions_open"), 0);
});

Deno.test("an app that stops ends its sessions, so that opened = open + ended holds to the last", async () => {
  const app = testApp();
  await app.post("/mcp", initializeRequest("2025-06-18"));
  app.stop();
  const figures = await scrape(app);
  assertEquals(figures.value("lifeline_sessions_ended_total", { end: "drain" }), 1);
  assertEquals(figures.value("lifeline_sessions_open"), 0);
});

Deno.test("draining, limits, version, heap and start time are gauges", async () => {
  const heap = () => ({ used: 5_000_000, limit: 100_000_000 });
  using app = testApp({
    heap,
    settings: { MCP_MAX_CONNECTIONS: 7, MCP_MAX_SESSIONS: 8, MCP_MAX_TOTAL_QUEUED_BYTES: 9_000 },
  });
  const figures = await scrape(app);
  const gauges = {
    lifeline_draining: 0,
    lifeline_connections_max: 7,
    lifeline_sessions_max: 8,
    lifeline_queued_max_bytes: 9_000,
    lifeline_heap_used_bytes: 5_000_000,
    lifeline_heap_limit_bytes: 100_000_000,
    lifeline_info: 1,
  };
  for (const [name, value] of Object.entries(gauges)) {
    assertEquals(figures.value(name), value, name);
  }
  assert(Math.abs(figures.value("lifeline_start_time_seconds") - Date.now() / 1000) < 60);
  await app.drain(0);
  assertEquals((await scrape(app)).value("lifeline_draining"), 1);
});

Deno.test("/metrics answers while the server drains", async () => {
  using app = testApp();
  await app.drain(0);
  assertStringIncludes(await (await app.operate("/metrics")).text(), "lifeline_draining 1");
});

Deno.test("the age of the oldest open stream is in seconds, and 0 without one", async () => {
  using time = new FakeTime();
  using app = testApp({ wheel: { clock: time.clock } });
  const age = async () => (await scrape(app)).value("lifeline_connection_oldest_seconds");
  assertEquals(await age(), 0);
  const { events } = await app.open();
  await time.advance(7_000);
  assertEquals(await age(), 7);
  await events.leave();
});

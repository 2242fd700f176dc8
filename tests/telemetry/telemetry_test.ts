/** Traces and metrics from the real server at a collector, by the semantic conventions for MCP. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { openTelemetry } from "../../lib/base/telemetry.ts";
import { tracing } from "../../lib/mcp/tracing.ts";
import { Catalog } from "../../lib/registry/catalog.ts";
import { initializeRequest, rpc, toolCall } from "../helpers/app.ts";
import { CapturedLog } from "../helpers/log.ts";
import { ServerProcess } from "../helpers/process.ts";
import { Collector, KIND, STATUS } from "./collector.ts";
import { StdioServer, Traced } from "./processes.ts";

const HEADER_TRACE = "0af7651916cd43dd8448eb211c80319c";
const META_TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER_SPAN = "00f067aa0ba902b7";

Deno.test("spans of requests, as a collector gets them", async (t) => {
  await using traced = await Traced.start();
  const { collector } = traced;

  await t.step("a tool call is a server span named after method and tool", async () => {
    const span = await traced.span(toolCall("echo", { message: "hi" }));
    assertEquals([span.name, span.kind, span.scope], ["tools/call echo", KIND.server, "lifeline"]);
    assertEquals(span.status.code, STATUS.unset);
    assertEquals(span.attributes, {
      "mcp.method.name": "tools/call",
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "echo",
      "jsonrpc.request.id": span.attributes["jsonrpc.request.id"]!,
      "network.transport": "tcp",
      "network.protocol.name": "http",
      "client.address": "127.0.0.1",
    });
  });

  await t.step("the request's traceparent is its trace, by way of the HTTP span", async () => {
    const traceparent = `00-${HEADER_TRACE}-${CALLER_SPAN}-01`;
    const span = await traced.span(rpc("ping"), { traceparent });
    assertEquals([span.name, span.traceId], ["ping", HEADER_TRACE]);
    assertEquals(span.links, []);
    const http = await collector.span("HTTP", ({ spanId }) => spanId === span.parentSpanId);
    assertEquals([http.kind, http.parentSpanId], [KIND.server, CALLER_SPAN]);
  });

  await t.step("_meta.traceparent wins, and the HTTP span is linked", async () => {
    const message = rpc("tools/call", {
      name: "echo",
      arguments: { message: "hi" },
      _meta: { traceparent: `00-${META_TRACE}-${CALLER_SPAN}-01`, tracestate: "congo=t61" },
    });
    const traceparent = `00-${HEADER_TRACE}-b7ad6b7169203331-01`;
    const span = await traced.span(message, { traceparent });
    assertEquals([span.traceId, span.parentSpanId], [META_TRACE, CALLER_SPAN]);
    assertEquals(span.links.map(({ traceId }) => traceId), [HEADER_TRACE]);
    const http = await collector.span("HTTP", ({ spanId }) => spanId === span.links[0]?.spanId);
    assertEquals(http.kind, KIND.server);
  });

  await t.step("a traceparent in _meta that is none is passed over", async () => {
    for (const bad of ["", "00-zz", `00-${"0".repeat(32)}-${CALLER_SPAN}-01`, 7, null]) {
      const traceparent = `00-${HEADER_TRACE}-${CALLER_SPAN}-01`;
      const span = await traced.span(rpc("ping", { _meta: { traceparent: bad } }), { traceparent });
      assertEquals(span.traceId, HEADER_TRACE, JSON.stringify(bad));
    }
  });

  await t.step("what a tool fetches belongs to the trace of its call", async () => {
    const span = await traced.span(toolCall("relay", { url: `${collector.url}/elsewhere` }));
    const fetched = await collector.span(
      "fetch",
      ({ parentSpanId }) => parentSpanId === span.spanId,
    );
    assertEquals(fetched.kind, KIND.client);
    const { traceparent } = collector.requests.find(({ path }) => path === "/elsewhere")!;
    assertEquals(traceparent, `00-${span.traceId}-${fetched.spanId}-01`);
  });

  await t.step("a protocol error is the span's error, with its code", async () => {
    const span = await traced.span(toolCall("nosuch"));
    assertEquals(span.name, "tools/call", "a name that a client made up names no span");
    assertEquals(span.attributes["error.type"], "-32602");
    assertEquals(span.attributes["rpc.response.status_code"], "-32602");
    assertEquals(span.attributes["gen_ai.tool.name"], undefined);
    assertEquals(span.status.code, STATUS.error);
    assertMatch(span.status.message ?? "", /^Unknown tool: nosuch; /);
  });

  await t.step("a tool that fails is a tool_error", async () => {
    const span = await traced.span(toolCall("broken"));
    assertEquals([span.name, span.attributes["error.type"]], ["tools/call broken", "tool_error"]);
    assertEquals(span.status.code, STATUS.error);
  });

  await t.step("an unknown method is _OTHER", async () => {
    const span = await traced.span(rpc("made/up"));
    assertEquals([span.name, span.attributes["mcp.method.name"]], ["_OTHER", "_OTHER"]);
    assertEquals(span.attributes["error.type"], "-32601");
  });

  await t.step("what a client makes long is cut", async () => {
    const long = "x".repeat(5_000);
    await (await traced.post({
      ...rpc("resources/read", { uri: `x:${long}` }),
      id: "x".repeat(1_000),
    })).text();
    const span = await collector.span("resources/read", ({ name }) => name === "resources/read");
    assertEquals(String(span.attributes["jsonrpc.request.id"]).length, 256);
    assertEquals(String(span.attributes["mcp.resource.uri"]).length, 256);
  });

  await t.step("requests of a session name it, but not by the id that opens it", async () => {
    const initialize = initializeRequest("2025-06-18", { id: "opening" });
    const opened = await traced.post(initialize);
    const id = opened.headers.get("mcp-session-id") ?? "";
    await opened.body?.cancel();
    const first = await collector.span("initialize", ({ name }) => name === "initialize");
    const second = await traced.span(rpc("tools/list"), { "mcp-session-id": id });
    const session = first.attributes["mcp.session.id"];
    assert(typeof session === "string" && session.length >= 32);
    assertEquals(second.attributes["mcp.session.id"], session);
    assert(!id.includes(session));
    const guess = await traced.post(rpc("ping"), { "mcp-session-id": session });
    assertEquals(guess.status, 404, "what is in a trace opens no session");
    await guess.body?.cancel();
    for (const { attributes } of [first, second]) {
      assertEquals(attributes["mcp.protocol.version"], "2025-06-18");
    }
    const ended = await fetch(`${traced.server.base}/mcp`, {
      method: "DELETE",
      headers: { "mcp-session-id": id },
    });
    await ended.body?.cancel();
    const duration = await collector.point(
      "mcp.server.session.duration",
      ({ name, attributes }) =>
        name === "mcp.server.session.duration" &&
        attributes["mcp.protocol.version"] === "2025-06-18",
    );
    assertEquals([duration.count, duration.unit], [1, "s"]);
  });

  await t.step("a stateless request says its revision", async () => {
    const _meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
    };
    const headers = { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/list" };
    const span = await traced.span(rpc("tools/list", { _meta }), headers);
    assertEquals(span.attributes["mcp.protocol.version"], "2026-07-28");
    assertEquals(span.attributes["mcp.session.id"], undefined);
  });

  await t.step("durations of operations are a histogram with the conventions' bounds", async () => {
    const echoed = await collector.point(
      "durations of echo",
      ({ name, attributes, count }) =>
        name === "mcp.server.operation.duration" && attributes["gen_ai.tool.name"] === "echo" &&
        count === 2,
    );
    assertEquals([echoed.scope, echoed.unit], ["lifeline", "s"]);
    assertEquals(echoed.bounds, [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300]);
    assertEquals(echoed.attributes, {
      "mcp.method.name": "tools/call",
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "echo",
      "network.transport": "tcp",
      "network.protocol.name": "http",
    });
    const failed = await collector.point(
      "durations of failures",
      ({ name, attributes }) =>
        name === "mcp.server.operation.duration" && attributes["error.type"] === "tool_error",
    );
    assertEquals(failed.count, 1);
    assert(echoed.sum! > 0 && echoed.sum! < 60, `${echoed.sum} s for two quick calls`);
  });

  await t.step("the figures of /metrics are exported under the same names", async () => {
    const stream = await fetch(`${traced.server.base}/mcp/sse`, {
      method: "POST",
      headers: { accept: "text/event-stream" },
    });
    const open = await collector.point(
      "open streams",
      ({ name, attributes, value }) =>
        name === "lifeline_connections_open" && attributes.dialect === "plain" && value === 1,
    );
    assertEquals(open.unit, "1");
    await stream.body?.cancel();
    const closed = await collector.point(
      "closed streams",
      ({ name, attributes: { dialect, reason }, value }) =>
        name === "lifeline_connections_closed" && dialect === "plain" &&
        reason === "client_closed" && value === 1,
    );
    assertEquals(closed.scope, "lifeline");
    const age = await collector.point(
      "ages",
      ({ name }) => name === "lifeline_connection_age_seconds",
    );
    assertEquals([age.count, age.unit], [1, "s"]);
    const requests = await collector.point(
      "requests",
      ({ name, attributes: { method, outcome }, value }) =>
        name === "lifeline_requests" && method === "tools/call" && outcome === "ok" && value === 3,
    );
    assertEquals(requests.unit, "1");
    const heap = await collector.point("heap", ({ name }) => name === "lifeline_heap_used_bytes");
    assertEquals(heap.unit, "By");
  });

  await t.step(
    "the URL of a 2024-11-05 message is shown without the key to its stream",
    async () => {
      const id = `mcp_sse_${"5".repeat(32)}`;
      const { base } = traced.server;
      const response = await fetch(`${base}/mcp?a=1&connection_id=${id}&b=2`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(rpc("ping")),
      });
      assertEquals(response.status, 404);
      await response.body?.cancel();
      const { attributes } = await collector.span(
        "of the message",
        ({ attributes }) => String(attributes["url.query"]).includes("connection_id"),
      );
      assertEquals(attributes["url.query"], "a=1&connection_id=REDACTED&b=2");
      assertEquals(JSON.stringify(attributes).includes(id), false);
    },
  );

  await t.step("a request on a plain stream names the stream as its session", async () => {
    const stream = await fetch(`${traced.server.base}/mcp/sse`, {
      method: "POST",
      headers: { accept: "text/event-stream", "content-type": "application/json" },
      body: JSON.stringify({ ...rpc("ping"), id: "on-a-stream" }),
    });
    const id = stream.headers.get("mcp-connection-id");
    const span = await collector.span(
      "of a stream",
      ({ attributes }) => attributes["jsonrpc.request.id"] === "on-a-stream",
    );
    assertEquals(span.attributes["mcp.session.id"], id!.slice(0, 21));
    await stream.body?.cancel();
  });
});

Deno.test("over stdio a request is a span, too, and its transport is a pipe", async () => {
  await using collector = new Collector();
  await using server = new StdioServer(collector.env);
  const _meta = { traceparent: `00-${META_TRACE}-${CALLER_SPAN}-01` };
  await server.say(rpc("tools/call", { name: "echo", arguments: { message: "hi" }, _meta }, 5));
  const span = await collector.span("tools/call echo", ({ name }) => name === "tools/call echo");
  assertEquals([span.traceId, span.parentSpanId], [META_TRACE, CALLER_SPAN]);
  assertEquals(span.links, []);
  assertEquals(span.attributes["network.transport"], "pipe");
  assertEquals(span.attributes["client.address"], undefined);
  assertEquals((await server.end()).code, 0);
});

Deno.test("what happened just before the end is still exported", async () => {
  await using collector = new Collector();
  // So rarely that only the end itself can have sent it.
  const rarely = { OTEL_METRIC_EXPORT_INTERVAL: "3600000", OTEL_BSP_SCHEDULE_DELAY: "3600000" };
  await using server = new StdioServer({ ...collector.env, ...rarely });
  await server.say(rpc("ping"));
  assertEquals((await server.end()).code, 0);
  assert(collector.spans.some(({ name }) => name === "ping"));
});

Deno.test("an app behind a server that traces nothing takes the traceparent header itself", async () => {
  await using collector = new Collector();
  const script = new URL("./bare_fetch.ts", import.meta.url);
  const traceparent = `00-${HEADER_TRACE}-${CALLER_SPAN}-01`;
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", script.href, traceparent],
    env: collector.env,
    stderr: "inherit",
  }).output();
  assert(success);
  const span = await collector.span("ping", ({ name }) => name === "ping");
  assertEquals([span.traceId, span.parentSpanId], [HEADER_TRACE, CALLER_SPAN]);
});

Deno.test("without OTEL_DENO nothing is traced and nothing is exported", async () => {
  await using collector = new Collector();
  const { OTEL_DENO: _, ...env } = collector.env;
  await using server = await ServerProcess.start({ env });
  const response = await fetch(`${server.base}/mcp`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(rpc("ping")),
  });
  assertEquals(response.status, 200);
  await response.body?.cancel();
  await server.stop("SIGTERM");
  assertEquals(collector.requests, []);
});

Deno.test("where nobody collects, nothing stands around a request", () => {
  using log = new CapturedLog();
  assertEquals(openTelemetry, undefined);
  assertEquals(tracing(new Catalog(), "1"), []);
  assertEquals(log.lines, []);
});

Deno.test("a provider that is registered too late is told so", () => {
  using log = new CapturedLog();
  const registry = Symbol.for("opentelemetry.js.api.1");
  Reflect.set(globalThis, registry, { trace: {} });
  try {
    assertEquals(tracing(new Catalog(), "1"), []);
  } finally {
    Reflect.deleteProperty(globalThis, registry);
  }
  assertMatch(
    log.lines.join(),
    /Nothing is traced: OpenTelemetry was registered after Lifeline was imported; import what registers it first/,
  );
});

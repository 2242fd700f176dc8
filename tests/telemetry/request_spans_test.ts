/** The spans and durations of requests, as they are given to OpenTelemetry's API. */
import { assertEquals } from "@std/assert";
import type { Attributes } from "@opentelemetry/api";
import type { DispatchResult } from "../../lib/mcp/around.ts";
import { CONVENTIONAL_SECONDS, tracing } from "../../lib/mcp/tracing.ts";
import type { ScopeDescription } from "../../lib/mcp/scope.ts";
import { Catalog } from "../../lib/registry/catalog.ts";
import { definePrompt } from "../../lib/registry/prompt.ts";
import { defineTool } from "../../lib/registry/tool.ts";
import type { JsonRpcResponse } from "../../lib/wire/json_rpc.ts";
import { testScope } from "../helpers/scope.ts";
import { FakeTelemetry } from "./fake_telemetry.ts";

const catalog = new Catalog({
  tools: [defineTool({ name: "echo", description: "", run: () => "" })],
  prompts: [definePrompt({ name: "ask", run: () => "" })],
});

interface Given {
  readonly telemetry?: FakeTelemetry;
  readonly params?: Record<string, unknown>;
  readonly id?: string;
  readonly isKnown?: boolean;
  readonly from?: Partial<ScopeDescription>;
  readonly answer?: DispatchResult;
}

const OK: JsonRpcResponse = { jsonrpc: "2.0", id: 1, result: {} };

/** Traces one request, and gives its span. */
async function traced(method: string, given: Given = {}) {
  const { telemetry = new FakeTelemetry(), params, isKnown = true, from, id = 1 } = given;
  const answer = "answer" in given ? given.answer : OK;
  const [around] = tracing(catalog, "1.2", telemetry.api);
  const request = { jsonrpc: "2.0", id, method, ...(params !== undefined && { params }) } as const;
  const scope = testScope({
    describe: () => ({
      transport: "http",
      session: undefined,
      protocolVersion: undefined,
      ...from,
    }),
  });
  const result = around!({ request, scope, isKnown }, () => answer);
  assertEquals(result instanceof Promise, answer instanceof Promise);
  assertEquals(await result, await answer);
  const span = telemetry.spans.at(-1)!;
  assertEquals(span.ends, 1);
  return { telemetry, ...span, attributes: span.options.attributes };
}

const HTTP = { "network.transport": "tcp", "network.protocol.name": "http" };
const FROM_HTTP = { ...HTTP, "client.address": "127.0.0.1" };

Deno.test("tracer, meter and histogram are made once, by the names of the conventions", async () => {
  const { telemetry } = await traced("ping");
  assertEquals(telemetry.made, [["lifeline", "1.2"], ["lifeline", "1.2"], [
    "mcp.server.operation.duration",
    {
      description: "MCP request duration as observed on the receiver",
      unit: "s",
      advice: { explicitBucketBoundaries: CONVENTIONAL_SECONDS },
    },
  ]]);
  assertEquals(
    CONVENTIONAL_SECONDS,
    [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300],
  );
});

const CASES: readonly (readonly [
  method: string,
  given: Given,
  name: string,
  attributes: Attributes,
])[] = [
  ["ping", {}, "ping", { "mcp.method.name": "ping" }],
  ["made/up", { isKnown: false }, "_OTHER", { "mcp.method.name": "_OTHER" }],
  ["tools/call", { params: { name: "echo" } }, "tools/call echo", {
    "mcp.method.name": "tools/call",
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": "echo",
  }],
  ["prompts/get", { params: { name: "ask" } }, "prompts/get ask", {
    "mcp.method.name": "prompts/get",
    "gen_ai.prompt.name": "ask",
  }],
  ["tools/list", { params: { name: "echo" } }, "tools/list", { "mcp.method.name": "tools/list" }],
  ["resources/read", { params: { uri: "x".repeat(257) } }, "resources/read", {
    "mcp.method.name": "resources/read",
    "mcp.resource.uri": "x".repeat(256),
  }],
  ["resources/read", { params: { uri: 1 } }, "resources/read", {
    "mcp.method.name": "resources/read",
  }],
  ["prompts/list", { params: { uri: "x://a" } }, "prompts/list", {
    "mcp.method.name": "prompts/list",
  }],
];

for (const [method, given, name, attributes] of CASES) {
  Deno.test(`the span of ${method} with ${JSON.stringify(given).slice(0, 60)} is named ${name}`, async () => {
    const span = await traced(method, given);
    const expected = { ...attributes, ...FROM_HTTP, "jsonrpc.request.id": "1" };
    assertEquals([span.name, span.attributes, span.options.kind, span.options.links], [
      name,
      expected,
      1,
      [],
    ]);
    assertEquals([span.ended, span.status], [{}, undefined]);
    const { "mcp.resource.uri": _, ...counted } = attributes;
    assertEquals(span.telemetry.durations[0]?.[1], { ...counted, ...HTTP });
  });
}

Deno.test("a name that the catalog lacks is in no span", async () => {
  const tool = await traced("tools/call", { params: { name: "made up" } });
  assertEquals([tool.name, tool.attributes?.["gen_ai.operation.name"]], [
    "tools/call",
    "execute_tool",
  ]);
  assertEquals(tool.attributes?.["gen_ai.tool.name"] === "made up", false);
  const prompt = await traced("prompts/get", { params: { name: "echo" } });
  assertEquals(prompt.attributes?.["gen_ai.prompt.name"] === "echo", false);
});

Deno.test("a span has the session and the revision of its origin, and no address over a pipe", async () => {
  const pipe = await traced("ping", {
    id: "i".repeat(257),
    from: { transport: "pipe", session: "s", protocolVersion: "2025-06-18" },
  });
  assertEquals([pipe.attributes, pipe.ended], [
    {
      "mcp.method.name": "ping",
      "network.transport": "pipe",
      "jsonrpc.request.id": "i".repeat(256),
      "mcp.session.id": "s",
    },
    { "mcp.protocol.version": "2025-06-18" },
  ]);
  const version = async (asked: unknown) => {
    const params = { _meta: { "io.modelcontextprotocol/protocolVersion": asked } };
    const span = await traced("ping", { params, from: { protocolVersion: "2025-03-26" } });
    return span.ended?.["mcp.protocol.version"];
  };
  assertEquals([await version("2026-07-28"), await version("1999-01-01"), await version(1)], [
    "2026-07-28",
    "2025-03-26",
    "2025-03-26",
  ]);
});

const refused: JsonRpcResponse = { jsonrpc: "2.0", id: 1, error: { code: -32602, message: "No" } };
const failed: JsonRpcResponse = { jsonrpc: "2.0", id: 1, result: { isError: true } };
const odd: JsonRpcResponse = { jsonrpc: "2.0", id: 1, result: { isError: 1 } };

for (
  const [name, answer, ended, status] of [
    ["a result", OK, {}, undefined],
    ["a result that looks like a failure", odd, {}, undefined],
    ["a failed tool", failed, { "error.type": "tool_error" }, { code: 2, message: "" }],
    ["an error", refused, { "error.type": "-32602", "rpc.response.status_code": "-32602" }, {
      code: 2,
      message: "No",
    }],
    ["no answer", undefined, { "error.type": "cancelled" }, { code: 2, message: "" }],
  ] as const
) {
  for (const isLater of [false, true]) {
    Deno.test(`a span ends with ${name}, given ${isLater ? "later" : "at once"}`, async () => {
      const span = await traced("ping", { answer: isLater ? Promise.resolve(answer) : answer });
      assertEquals([span.ended, span.status], [ended, status]);
      assertEquals(span.telemetry.durations.map(([, attributes]) => attributes), [
        { "mcp.method.name": "ping", ...HTTP, ...ended },
      ]);
    });
  }
}

Deno.test("the parent in the message wins, and the HTTP span is linked to", async () => {
  const telemetry = new FakeTelemetry();
  telemetry.ambient = "of HTTP";
  const plain = await traced("ping", { telemetry });
  assertEquals([plain.parent, plain.options.links, telemetry.ran], ["active", [], [
    "active with 0",
  ]]);
  const _meta = { traceparent: "00-a", number: 1 };
  const own = await traced("ping", { telemetry, params: { _meta } });
  assertEquals([own.parent, own.options.links, telemetry.ran.at(-1)], [
    "active from meta",
    [{ context: "of HTTP" as never }],
    "active from meta with 1",
  ]);
  assertEquals(telemetry.extracted, [[["traceparent", "number"], "00-a", undefined]]);
  telemetry.ambient = undefined;
  assertEquals((await traced("ping", { telemetry, params: { _meta } })).options.links, []);
  const wrong = await traced("ping", { telemetry, params: { _meta: { traceparent: 1 } } });
  assertEquals([wrong.parent, telemetry.extracted.length], ["active", 2]);
});

Deno.test("a duration is in seconds, from the request to its answer", async () => {
  const original = performance.now;
  const times = [1_000, 3_500];
  performance.now = () => times.shift()!;
  try {
    const { telemetry } = await traced("ping");
    assertEquals(telemetry.durations.map(([seconds]) => seconds), [2.5]);
  } finally {
    performance.now = original;
  }
});

/** Dispatch: each request is answered once, counted with its outcome, and leaves nothing behind. */
import { assertEquals, assertMatch } from "@std/assert";
import { CallAborted, ProtocolError } from "../../lib/base/errors.ts";
import type { Emit } from "../../lib/base/observer.ts";
import { TimerWheel } from "../../lib/base/timer_wheel.ts";
import type { Call } from "../../lib/mcp/call.ts";
import type { Method, MethodTable } from "../../lib/mcp/methods/table.ts";
import { unknownMethod } from "../../lib/mcp/methods/table.ts";
import type { McpServerOptions } from "../../lib/mcp/server.ts";
import { Catalog } from "../../lib/registry/catalog.ts";
import { defineTool } from "../../lib/registry/tool.ts";
import type { JsonRpcRequest, JsonRpcResponse } from "../../lib/wire/json_rpc.ts";
import { CapturedLog } from "../helpers/log.ts";
import { testScope, testServer } from "../helpers/scope.ts";
import { FakeTime } from "../helpers/time.ts";

const SETTINGS = {
  MCP_PAGE_SIZE: 10,
  MCP_REQUEST_TIMEOUT_MS: 1_000,
  MCP_MAX_REQUESTS_PER_CONNECTION: 10,
  MCP_MAX_CONNECTIONS: 100,
  MCP_MAX_CONNECTIONS_PER_CLIENT: 50,
};

function request(method = "subject", id: string | number = 1, params?: object): JsonRpcRequest {
  return { jsonrpc: "2.0", id, method, ...(params !== undefined && { params: { ...params } }) };
}

/** A table with one method, which a test gives. */
function tableOf(method: Method, name = "subject"): MethodTable {
  return {
    requests: new Map([[name, method]]),
    notifications: new Map(),
    refuse: (wrong) => unknownMethod(wrong, [name]),
  };
}

/** A server that says what it reports. */
function observed(options: Partial<McpServerOptions> = {}) {
  const events: unknown[] = [];
  const emit: Emit = (event, ...report) => {
    const [first, outcome] = report as unknown[];
    events.push(event === "requestFinished" ? outcome : [event, first]);
  };
  const server = testServer({ emit, settings: SETTINGS, ...options });
  return { server, events };
}

const WAYS: readonly (readonly [string, (give: () => unknown) => unknown])[] = [
  ["at once", (give) => give()],
  ["later", (give) => Promise.resolve().then(give)],
];
function thrown(error: unknown): () => never {
  return () => {
    throw error;
  };
}
const ENDINGS: readonly (readonly [string, () => unknown, string])[] = [
  ["a result", () => ({ a: 1 }), "ok"],
  ["a result that is no object", () => null, "ok"],
  ["a result whose isError is no truth value", () => ({ isError: "yes" }), "ok"],
  ["a failed tool", () => ({ isError: true }), "tool_error"],
  ["a refusal", thrown(new ProtocolError("not_found", "No")), "not_found"],
  ["an error", thrown(new Error("broken")), "internal_error"],
];

for (const [when, run] of WAYS) {
  for (const [name, give, outcome] of ENDINGS) {
    Deno.test(`a request with ${name}, ${when}, is counted once as ${outcome}`, async () => {
      using _time = new FakeTime();
      using _log = new CapturedLog();
      const wheel = new TimerWheel();
      const { server, events } = observed({ wheel });
      const scope = testScope();
      const response = await server.dispatch(request(), scope, tableOf(() => run(give)));
      assertEquals([response?.id, "error" in response!], [
        1,
        outcome.includes("_error") ? outcome === "internal_error" : outcome !== "ok",
      ]);
      if (outcome === "internal_error") assertEquals(messageOf(response), "Internal error");
      assertEquals(events, [outcome]);
      assertEquals([scope.inFlight.size, server.running, wheel.size], [0, 0, 0]);
    });
  }
}

Deno.test("a method that the table lacks is refused with the names of those that it has", async () => {
  const { server, events } = observed();
  const response = await server.dispatch(request("other"), testScope(), tableOf(() => 1));
  assertEquals(response, {
    jsonrpc: "2.0",
    id: 1,
    error: { code: -32601, message: "Method not found: other; this revision has subject" },
  });
  assertEquals(events, ["method_not_found"]);
});

Deno.test("a method without params gets an empty object, and others get their own", async () => {
  const seen: unknown[] = [];
  const table = tableOf((params) => (seen.push(params), {}));
  const server = testServer();
  await server.dispatch(request(), testScope(), table);
  await server.dispatch(request("subject", 2, { a: 1 }), testScope(), table);
  assertEquals(seen, [{}, { a: 1 }]);
});

/** A server with one request that runs until the test ends it. */
function running(options: Partial<McpServerOptions> = {}, params?: object, name = "subject") {
  const { server, events } = observed(options);
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const scope = testScope();
  let call: Call | undefined;
  const method: Method = (_params, own) => (call = own, promise);
  const response = server.dispatch(request(name, 1, params), scope, tableOf(method, name));
  return {
    server,
    events,
    scope,
    call: call!,
    resolve,
    reject,
    response: Promise.resolve(response),
  };
}

for (
  const [reason, outcome] of [
    ["cancelled", "cancelled"],
    ["client_closed", "aborted"],
    ["ping_failed", "aborted"],
  ] as const
) {
  Deno.test(`a request that is stopped as ${reason} is not answered, and counts as ${outcome}`, async () => {
    using _time = new FakeTime();
    const { server, events, scope, call, resolve, response } = running();
    assertEquals([server.running, scope.inFlight.size, scope.inFlight.has(1)], [1, 1, true]);
    call.abort(new CallAborted(reason));
    assertEquals([server.running, scope.inFlight.size, events], [0, 0, [outcome]]);
    resolve("late");
    assertEquals([await response, events], [undefined, [outcome]]);
  });
}

Deno.test("a call that is stopped before it first waits fails because of that", async () => {
  const { server, events } = observed();
  const table = tableOf((_params, call) => {
    call.abort(new CallAborted("cancelled"));
    throw new Error("stopped");
  });
  assertEquals(await server.dispatch(request(), testScope(), table), undefined);
  assertEquals(events, ["cancelled"]);
});

function messageOf(response: JsonRpcResponse | undefined): string | undefined {
  return response !== undefined && "error" in response ? response.error.message : undefined;
}

Deno.test("a request that runs when the server stops is answered with what is known of it", async () => {
  using _time = new FakeTime();
  const { server, events, call, response } = running();
  server.cutRunning();
  assertEquals([call.aborted?.reason, call.aborted?.message], [
    "drain",
    "Server is shutting down",
  ]);
  assertMatch(messageOf(await response) ?? "", /^Server is shutting down and this request did not/);
  assertEquals([events, server.running], [["aborted"], 0]);
  server.cutRunning();
  assertEquals(events, ["aborted"]);
});

Deno.test("a body is held for a request that waits, and let go of once at its end", async () => {
  using _time = new FakeTime();
  const log: string[] = [];
  const holdBody = () => (log.push("held"), () => void log.push("released"));
  const { server, call, resolve, response } = running({ holdBody });
  assertEquals(log, ["held"]);
  resolve({});
  await response;
  call.abort(new CallAborted("timeout"));
  assertEquals(log, ["held", "released"]);
  await server.dispatch(request(), testScope(), tableOf(() => ({})));
  assertEquals(log, ["held", "released"]);
});

const slow = defineTool({ name: "slow", description: "Slow", timeoutMs: 5_000, run: () => "" });
const plain = defineTool({ name: "plain", description: "Plain", run: () => "" });

Deno.test("a tool's own time limit holds for its calls, and the setting for all others", () => {
  const server = testServer({
    catalog: new Catalog({ tools: [slow, plain] }),
    settings: SETTINGS,
  });
  for (
    const [method, params, expected] of [
      ["tools/call", { name: "slow" }, { ms: 5_000, tool: "slow" }],
      ["tools/call", { name: "plain" }, { ms: 1_000 }],
      ["tools/call", { name: "missing" }, { ms: 1_000 }],
      ["tools/call", { name: 1 }, { ms: 1_000 }],
      ["tools/call", undefined, { ms: 1_000 }],
      ["prompts/get", { name: "slow" }, { ms: 1_000 }],
    ] as const
  ) assertEquals(server.timeoutOf(request(method, 1, params)), expected, JSON.stringify(params));
});

Deno.test("the answer to a call that takes too long says whose limit it was, and so does the log", async () => {
  using time = new FakeTime();
  using log = new CapturedLog("info");
  const wheel = new TimerWheel({ clock: time.clock });
  const catalog = new Catalog({ tools: [slow] });
  const options = { wheel, catalog };
  const ofTool = running(options, { name: "slow" }, "tools/call");
  const ofServer = running(options);
  assertEquals(wheel.size, 2);
  await time.advance(1_100);
  assertEquals(
    messageOf(await ofServer.response),
    "Request timed out after 1000 ms (MCP_REQUEST_TIMEOUT_MS)",
  );
  assertEquals([ofServer.events, ofTool.events, wheel.size], [["timeout"], [], 1]);
  await time.advance(4_000);
  assertEquals(
    messageOf(await ofTool.response),
    "Request timed out after 5000 ms (timeoutMs of tool slow)",
  );
  assertEquals([ofTool.events, wheel.size], [["timeout"], 0]);
  assertEquals(log.of("Request timed out").map(({ fields }) => fields), [
    { method: "subject", timeout_ms: 1_000 },
    { method: "tools/call", timeout_ms: 5_000, tool: "slow" },
  ]);
});

Deno.test("a notification whose handler fails is logged, and an unknown one is ignored", () => {
  using log = new CapturedLog();
  const server = testServer();
  const notifications: MethodTable["notifications"] = new Map([[
    "broken",
    thrown(new Error("no")),
  ]]);
  server.notify({ jsonrpc: "2.0", method: "unknown" }, testScope(), { notifications });
  server.notify({ jsonrpc: "2.0", method: "broken" }, testScope(), { notifications });
  assertEquals(log.messages(), ["Notification failed"]);
});

Deno.test("a wrapper of requests is told whether the revision has the method", async () => {
  const seen: unknown[] = [];
  const server = testServer({
    around: [({ request, isKnown }, next) => (seen.push([request.method, isKnown]), next())],
  });
  const table = tableOf(() => ({}));
  await server.dispatch(request(), testScope(), table);
  await server.dispatch(request("other"), testScope(), table);
  assertEquals(seen, [["subject", true], ["other", false]]);
});

/** Every JSON-RPC error code, and details that an error never contains. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { defineTool, ProtocolError, type Tool } from "../../lib/mod.ts";
import { rpc, testApp, toolCall } from "../helpers/app.ts";
import { CapturedLog } from "../helpers/log.ts";
import { toolThat } from "../helpers/tools.ts";
import { settled } from "../helpers/time.ts";

const ACCEPT_JSON = { accept: "application/json" };

/** Body, status, code and message. */
const CASES: readonly (readonly [name: string, body: unknown, number, number, RegExp])[] = [
  ["what is not JSON", "{", 400, -32700, /not valid JSON/],
  ["an empty body", "", 400, -32700, /empty/],
  ["a batch", [rpc("ping")], 400, -32600, /batches/],
  ["a message that is no object", 42, 400, -32600, /JSON object/],
  ["another JSON-RPC", { ...rpc("ping"), jsonrpc: "1.0" }, 400, -32600, /"jsonrpc"/],
  ["an id that is null", { ...rpc("ping"), id: null }, 400, -32600, /"id"/],
  ["no method", { jsonrpc: "2.0", id: 1 }, 400, -32600, /"method"/],
  ["params that are a list", { ...rpc("ping"), params: [] }, 400, -32602, /"params"/],
  ["a response nobody asked for", { jsonrpc: "2.0", id: 1, result: {} }, 400, -32600, /response/],
  ["an unknown method", rpc("no/such"), 200, -32601, /Method not found: no\/such; .*tools\/list/],
  ["a method named like a property of objects", rpc("constructor"), 200, -32601, /not found/],
  ["an unknown tool", toolCall("no_such"), 200, -32602, /Unknown tool: no_such; tools\/list names/],
  ["a tool named like a property of objects", toolCall("__proto__"), 200, -32602, /Unknown tool/],
  ["no tool name", rpc("tools/call", {}), 200, -32602, /"name"/],
  ["a tool name that is no text", rpc("tools/call", { name: 1 }), 200, -32602, /"name"/],
  ["no params at all", rpc("tools/call"), 200, -32602, /"name"/],
  [
    "arguments that are a list",
    rpc("tools/call", { name: "echo", arguments: [] }),
    200,
    -32602,
    /"arguments"/,
  ],
  [
    "arguments that are null",
    rpc("tools/call", { name: "echo", arguments: null }),
    200,
    -32602,
    /"arguments"/,
  ],
  ["a cursor that is no text", rpc("tools/list", { cursor: 1 }), 200, -32602, /"cursor"/],
  ["initialize without a version", rpc("initialize", {}), 200, -32602, /"protocolVersion"/],
  [
    "initialize with a version that is no text",
    rpc("initialize", { protocolVersion: 1 }),
    200,
    -32602,
    /"protocolVersion"/,
  ],
];

for (const [name, body, status, code, says] of CASES) {
  Deno.test(`POST /mcp refuses ${name} with ${code}`, async () => {
    using app = testApp();
    const response = await app.post("/mcp", body, ACCEPT_JSON);
    const { jsonrpc, error, ...rest } = await response.json();
    assertEquals([jsonrpc, error.code], ["2.0", code]);
    assertMatch(error.message, says);
    assertEquals("result" in rest, false);
    assertEquals(response.status, status);
  });
}

Deno.test("the text of a refusal is bounded, whatever the client sent", async () => {
  using app = testApp();
  const long = "x".repeat(100_000);
  for (const body of [rpc(long), toolCall(long), rpc("tools/list", { cursor: long })]) {
    const { error } = await (await app.post("/mcp", body, ACCEPT_JSON)).json();
    assertEquals(error.message.length < 500, true);
  }
});

const SECRET = "secret-at-/srv/app/db.ts";

/** A tool that breaks in a way no author's tool can: below `defineTool`. */
function brokenTool(call: Tool["call"]): Tool {
  return { ...toolThat(() => ""), call };
}

Deno.test("an internal error is -32603 without message or stack, and the log has the message", async () => {
  const broken = new Error(SECRET);
  const ways: Tool["call"][] = [
    () => {
      throw broken;
    },
    () => Promise.reject(broken),
    () => Promise.resolve().then(() => Promise.reject(broken)),
  ];
  for (const call of ways) {
    using log = new CapturedLog();
    using app = testApp({ tools: [brokenTool(call)] });
    const once = await app.post("/mcp", toolCall("subject", {}, 5), ACCEPT_JSON);
    const text = await once.text();
    assertEquals(JSON.parse(text), {
      jsonrpc: "2.0",
      error: { code: -32603, message: "Internal error" },
      id: 5,
    });
    const { events } = await app.open(toolCall("subject", {}, 6));
    assertEquals((await events.nextNamed("error")).json, {
      jsonrpc: "2.0",
      error: { code: -32603, message: "Internal error" },
      id: 6,
    });
    await events.leave();
    assertEquals(log.of("Request failed").map(({ level, fields }) => [level, fields.error]), [
      ["ERROR", SECRET],
      ["ERROR", SECRET],
    ]);
  }
});

Deno.test("an error outside any method is a 500 that tells nothing, and is logged", async () => {
  using log = new CapturedLog();
  using app = testApp({
    heap: () => {
      throw new Error(SECRET);
    },
  });
  const response = await app.operate("/mcp/connections");
  assertEquals(response.status, 500);
  assertEquals(await response.json(), {
    jsonrpc: "2.0",
    error: { code: -32603, message: "Internal error" },
    id: null,
  });
  assertStringIncludes(log.lines.join("\n"), SECRET);
});

const circular: Record<string, unknown> = {};
circular.self = circular;
const hostile = {
  toJSON() {
    throw new Error(SECRET);
  },
};
/** Content that no JSON can hold; the types forbid it, but authors may write JavaScript. */
const UNWRITABLE: readonly (readonly [string, unknown, string])[] = [
  ["a bigint", { content: [], _meta: { n: 1n } }, "_meta.n is a BigInt"],
  ["a circle", { content: [], _meta: circular }, "holds itself"],
  ["a toJSON that throws", { content: [], _meta: { hostile } }, "_meta.hostile threw"],
];

for (const [name, result, says] of UNWRITABLE) {
  for (
    const [when, give] of [
      ["at once", () => result],
      ["later", () => Promise.resolve(result)],
    ] as const
  ) {
    Deno.test(`a tool result that holds ${name}, given ${when}, is an error with tool and member, and leaves the stream open`, async () => {
      using log = new CapturedLog();
      using app = testApp({ tools: [toolThat(give)] });
      const once = await app.post("/mcp", toolCall("subject", {}, 5), ACCEPT_JSON);
      const { content, isError } = (await once.json()).result;
      assertEquals(isError, true);
      assertStringIncludes(content[0].text, "Tool subject returned what JSON cannot hold: ");
      assertStringIncludes(content[0].text, says);
      const { events, send } = await app.open(toolCall("subject", {}, 6));
      assertEquals((await events.nextNamed("response")).json.result.isError, true);
      await send(rpc("ping", {}, 7));
      assertEquals((await events.nextNamed("response")).json.id, 7);
      assertEquals(app.ledger().open, 1);
      await events.leave();
      assertEquals(log.of("Tool failed").length, 2);
    });
  }
}

Deno.test("a log message or progress that no JSON can hold costs the message, not the call, and is logged with the tool", async () => {
  using captured = new CapturedLog();
  using app = testApp({
    tools: [toolThat(({ log, progress }) => {
      log.info(circular);
      log.info({ size: 1n });
      log.info(hostile);
      log.info(undefined);
      progress(1n as unknown as number);
      progress(NaN);
      progress(Infinity);
      progress("1" as unknown as number);
      progress(1, NaN);
      progress(1, 2, { text: 1 } as unknown as string);
      progress(2, 3, "half \ud83d");
      log.info("told");
      log.info(new RangeError("too far"));
      return "done";
    })],
  });
  const call = toolCall("subject", {}, 1);
  Object.assign(call.params as object, { _meta: { progressToken: 1 } });
  const { events } = await app.open(call);
  const told = [await events.nextNamed("message"), await events.nextNamed("message")];
  assertEquals(
    told.map(({ json }) => [json.params.progress, json.params.message, json.params.data]),
    [
      [2, "half \ufffd", undefined],
      [undefined, undefined, "told"],
    ],
  );
  const { json } = await events.nextNamed("message");
  assertEquals(json.params.data, { name: "RangeError", message: "too far" });
  const response = await events.nextNamed("response");
  assertEquals(response.json.result.content, [{ type: "text", text: "done" }]);
  await settled();
  await events.leave();
  const lines = captured.of("Message cannot be written");
  assertEquals(lines.length, 10);
  assertEquals(lines[1]?.fields, {
    method: "notifications/message",
    request: "tools/call",
    of: "subject",
    error: "data.size is a BigInt",
  });
});

Deno.test("an error of `authenticate` that cannot be written is an internal one, and is logged", async () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  for (
    const options of [
      { headers: { "no header": "x" } },
      { data: cycle },
      { data: 1n },
    ]
  ) {
    using log = new CapturedLog("error");
    using app = testApp({
      authenticate: () => {
        throw new ProtocolError("forbidden", "no", options);
      },
    });
    const response = await app.post("/mcp", rpc("tools/list"));
    assertEquals([response.status, (await response.json()).error.code], [500, -32603]);
    assertEquals(log.of("Request failed").length, 1);
  }
});

Deno.test("a lone surrogate in the message of an error is replaced", async () => {
  const tool = defineTool({
    name: "fail",
    description: "Fails",
    run: () => {
      throw new ProtocolError("forbidden", "no \ud800");
    },
  });
  using app = testApp({ tools: [tool] });
  const { error } = await (await app.post("/mcp", toolCall("fail"))).json();
  assertEquals(error.message, "no \ufffd");
});

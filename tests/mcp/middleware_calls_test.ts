/** What middleware of an app is given for each request, and what its changes reach. */
import { assertEquals } from "@std/assert";
import * as z from "zod";
import { ProtocolError } from "../../lib/base/errors.ts";
import { Call } from "../../lib/mcp/call.ts";
import { composeAround } from "../../lib/mcp/around.ts";
import { InFlight } from "../../lib/mcp/in_flight.ts";
import { cancelCall } from "../../lib/mcp/methods/notifications.ts";
import type { McpServer } from "../../lib/mcp/server.ts";
import { instructionsOf } from "../../lib/mcp/server_context.ts";
import { ClientPings } from "../../lib/mcp/session/client_pings.ts";
import { Catalog } from "../../lib/registry/catalog.ts";
import type { Middleware } from "../../lib/registry/middleware.ts";
import { definePrompt } from "../../lib/registry/prompt.ts";
import { defineResource, defineResourceTemplate } from "../../lib/registry/resource.ts";
import { defineTool } from "../../lib/registry/tool.ts";
import { CapturedLog } from "../helpers/log.ts";
import { testScope, testServer } from "../helpers/scope.ts";
import { FakeTime } from "../helpers/time.ts";

const FEATURES = {
  tools: ["one", "two"].map((name) =>
    defineTool({
      name,
      description: "",
      input: z.looseObject({}),
      run: (input) => `${name} ${JSON.stringify(input)}`,
    })
  ),
  resources: [defineResource({ uri: "x://a", name: "a", read: () => "a" })],
  prompts: [definePrompt({ name: "ask", run: () => "asked" })],
};

function serverOf(...use: Middleware[]): McpServer {
  return testServer({ catalog: new Catalog(FEATURES), use });
}

// deno-lint-ignore no-explicit-any -- a test looks into whatever came
async function ask(server: McpServer, method: string, params: object = {}): Promise<any> {
  const request = { jsonrpc: "2.0", id: 1, method, params: { ...params } } as const;
  const response = await server.dispatch(request, testScope(), server.sessionless);
  const { result, error } = JSON.parse(JSON.stringify(response));
  return result ?? error;
}

const through: Middleware = (_call, next) => next();

for (const use of [[], [through]]) {
  Deno.test(`a name is a text and arguments are an object, with ${use.length} middleware`, async () => {
    using _time = new FakeTime();
    const server = serverOf(...use);
    const refusal = (name: string, what: string) => ({
      code: -32602,
      message: `Invalid params: "${name}" must be ${what}`,
    });
    for (const wrong of [undefined, 1, null, {}]) {
      for (
        const [method, param] of [["tools/call", "name"], ["prompts/get", "name"], [
          "resources/read",
          "uri",
        ]] as const
      ) {
        assertEquals(await ask(server, method, { [param]: wrong }), refusal(param, "a string"));
      }
    }
    for (const wrong of [1, null, [], "a"]) {
      const params = { name: "one", arguments: wrong };
      assertEquals(await ask(server, "tools/call", params), refusal("arguments", "an object"));
    }
    const text = async (params: object) =>
      (await ask(server, "tools/call", params)).content[0].text;
    assertEquals(await text({ name: "one" }), "one {}");
    assertEquals(await text({ name: "two", arguments: { a: 1 } }), 'two {"a":1}');
    // A resource is read without arguments.
    const read = await ask(server, "resources/read", { uri: "x://a", arguments: 1 });
    assertEquals(read.contents[0].text, "a");
  });
}

Deno.test("middleware is given each request with its name and arguments", async () => {
  using _time = new FakeTime();
  const seen: unknown[] = [];
  const server = serverOf(({ method, name, arguments: args, caller, ctx }, next) => {
    seen.push([method, name, args, caller.address, ctx.caller === caller]);
    return next();
  });
  await ask(server, "tools/call", { name: "one", arguments: { a: 1 } });
  await ask(server, "prompts/get", { name: "ask" });
  await ask(server, "resources/read", { uri: "x://a", other: 1 });
  await ask(server, "tools/list", { other: 1 });
  await ask(server, "ping");
  assertEquals(
    seen,
    [
      ["tools/call", "one", { a: 1 }],
      ["prompts/get", "ask", {}],
      ["resources/read", "x://a", {}],
      ["tools/list", "tools/list", { other: 1 }],
    ].map((each) => [...each, "127.0.0.1", true]),
  );
});

Deno.test("what middleware changes of a call is what runs", async () => {
  using _time = new FakeTime();
  const server = serverOf((call, next) =>
    next({ ...call, name: "two", arguments: { ...call.arguments, b: 2 } })
  );
  const { content } = await ask(server, "tools/call", { name: "one", arguments: { a: 1 } });
  assertEquals(content[0].text, 'two {"a":1,"b":2}');
});

Deno.test("an error of middleware is a result of a tool, and an error of any other request", async () => {
  using _time = new FakeTime();
  using _log = new CapturedLog();
  const server = serverOf(() => {
    throw new Error("closed today");
  });
  const call = await ask(server, "tools/call", { name: "one" });
  assertEquals([call.isError, call.content], [true, [{ type: "text", text: "closed today" }]]);
  for (
    const [method, params] of [
      ["prompts/get", { name: "ask" }],
      ["resources/read", { uri: "x://a" }],
      ["tools/list", {}],
    ] as const
  ) {
    const error = await ask(server, method, params);
    assertEquals(error, { code: -32603, message: "Internal error" });
  }
  const refusing = serverOf(() => {
    throw new ProtocolError("forbidden", "Not you");
  });
  assertEquals((await ask(refusing, "tools/list")).message, "Not you");
});

Deno.test("what middleware changes in a list stays out of the next answer", async () => {
  using _time = new FakeTime();
  const server = serverOf(async (_call, next) => {
    const result = await next() as { tools?: unknown[] };
    result.tools?.pop();
    return result;
  });
  for (let time = 0; time < 2; time++) {
    const { tools } = await ask(server, "tools/list");
    assertEquals(tools.map(({ name }: { name: string }) => name), ["one"]);
  }
});

Deno.test("middleware gets the completions of a completer that waits", async () => {
  using _time = new FakeTime();
  const template = defineResourceTemplate({
    uriTemplate: "t://{city}",
    name: "t",
    complete: { city: (typed) => Promise.resolve([`${typed}!`]) },
    read: () => "",
  });
  const seen: unknown[] = [];
  const server = testServer({
    catalog: new Catalog({ resourceTemplates: [template] }),
    use: [async (_call, next) => {
      const result = await next();
      seen.push(result);
      return result;
    }],
  });
  const result = await ask(server, "completion/complete", {
    ref: { type: "ref/resource", uri: "t://{city}" },
    argument: { name: "city", value: "Ber" },
  });
  assertEquals(result, { completion: { values: ["Ber!"], total: 1, hasMore: false } });
  assertEquals(seen, [result]);
});

Deno.test("wrappers of requests run from the first to the last, and none is made of none", async () => {
  const order: string[] = [];
  const around = ["a", "b", "c"].map((name) => (_dispatch: unknown, next: () => unknown) => {
    order.push(name);
    return next();
  });
  assertEquals(composeAround([]), undefined);
  const composed = composeAround(around as never)!;
  const response = { jsonrpc: "2.0", id: 1, result: {} } as const;
  assertEquals(await composed({} as never, () => response), response);
  assertEquals(order, ["a", "b", "c"]);
});

Deno.test("a cancellation names a call by a text or a number, and says why if it can", () => {
  const inFlight = new InFlight();
  const { context } = testServer();
  const calls = [1, "1", 0, ""].map((id) =>
    new Call({ jsonrpc: "2.0", id, method: "tools/call" }, testScope(), context)
  );
  for (const call of calls) inFlight.add(call);
  for (
    const params of [undefined, null, "1", {}, { requestId: null }, { requestId: true }, {
      requestId: 2,
    }]
  ) {
    cancelCall(params, inFlight);
  }
  assertEquals(calls.map(({ aborted }) => aborted), Array(4).fill(undefined));
  cancelCall({ requestId: 1, reason: "stop" }, inFlight);
  cancelCall({ requestId: "", reason: 7 }, inFlight);
  cancelCall({ requestId: 0 }, inFlight);
  assertEquals(calls.map(({ aborted }) => aborted?.message), [
    "Cancelled by the client: stop",
    undefined,
    "Cancelled by the client",
    "Cancelled by the client",
  ]);
  assertEquals(calls[0]?.aborted?.reason, "cancelled");
});

Deno.test("instructions are a text or a function, and absent where there are none", () => {
  assertEquals(
    [undefined, "a", "", () => "b", () => undefined].map((instructions) =>
      instructionsOf(instructions === undefined ? {} : { instructions })
    ),
    [{}, { instructions: "a" }, { instructions: "" }, { instructions: "b" }, {}],
  );
});

Deno.test("pings count up, name their instance, and are answered under their own ids alone", () => {
  const pings = new ClientPings("abc");
  assertEquals(pings.next(), { jsonrpc: "2.0", id: "lifeline-iabc-ping-1", method: "ping" });
  for (let count = 2; count <= 10; count++) pings.next();
  const settle = (id: string) => pings.settle({ jsonrpc: "2.0", id, result: {} });
  for (const number of ["0", "01", "11", "1x", "x1", "", "1.0", "-1"]) {
    assertEquals(
      [settle(`lifeline-iabc-ping-${number}`), pings.answer],
      [false, "unknown"],
      number,
    );
  }
  assertEquals([settle("lifeline-ping-1"), settle("lifeline-iabc-ping-10")], [false, true]);
  assertEquals([new ClientPings().next().id, pings.answer], ["lifeline-ping-1", "answered"]);
});

/** Middleware around the requests of an app, from the view of its author and of clients. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import * as z from "zod";
import { defineTool, type Middleware, type MiddlewareCall, ProtocolError } from "../../lib/mod.ts";
import { rpc, testApp, toolCall } from "../helpers/app.ts";
import { CapturedLog } from "../helpers/log.ts";
import { initialize, TestSession } from "../helpers/session.ts";
import { modernRequest } from "../spec/support/modern.ts";
import { appWith, ask, GREET, greeted } from "./middleware_app.ts";

Deno.test("the first middleware is the outermost, and each sees what comes back", async () => {
  const notes: string[] = [];
  const noting = (name: string): Middleware => async (call, next) => {
    notes.push(`${name}: ${call.name}`);
    const result = await next();
    notes.push(`${name}: ${JSON.stringify(result.content)}`);
    return result;
  };
  using app = appWith(noting("outer"), noting("inner"));
  assertEquals(await greeted(app), "Hello Ada");
  const content = '[{"type":"text","text":"Hello Ada"}]';
  assertEquals(notes, [
    "outer: greet",
    "inner: greet",
    `inner: ${content}`,
    `outer: ${content}`,
  ]);
});

Deno.test("middleware sees method, name, arguments and caller of every request but ping", async () => {
  const seen: MiddlewareCall[] = [];
  using app = appWith((call, next) => (seen.push(call), next()));
  const session = await TestSession.open(app);
  const requests = [
    ["tools/list", {}],
    ["tools/call", { name: "greet", arguments: { name: "Ada" } }],
    ["resources/list", {}],
    ["resources/templates/list", {}],
    ["resources/read", { uri: "test://motto" }],
    ["resources/subscribe", { uri: "test://motto" }],
    ["prompts/list", {}],
    ["prompts/get", { name: "review", arguments: { code: "x" } }],
    ["ping", {}],
  ] as const;
  for (const [method, params] of requests) {
    assertEquals((await session.ask(rpc(method, params))).error, undefined, method);
  }
  const briefly = seen.map(({ method, name, arguments: args }) => [method, name, args]);
  assertEquals(briefly.slice(1), [
    ["tools/list", "tools/list", {}],
    ["tools/call", "greet", { name: "Ada" }],
    ["resources/list", "resources/list", {}],
    ["resources/templates/list", "resources/templates/list", {}],
    ["resources/read", "test://motto", {}],
    ["resources/subscribe", "resources/subscribe", { uri: "test://motto" }],
    ["prompts/list", "prompts/list", {}],
    ["prompts/get", "review", { code: "x" }],
  ]);
  assertEquals(briefly[0]?.slice(0, 2), ["initialize", "initialize"]);
  assertEquals(seen[2]?.caller.name, "test");
});

Deno.test("middleware may refuse a call, and the tool does not run", async () => {
  let runs = 0;
  const tool = defineTool({ name: "counted", description: "Counts", run: () => `${++runs}` });
  const refuse: Middleware = ({ name }) => {
    throw new ProtocolError("forbidden", `${name} is closed on Sundays`);
  };
  using app = testApp({ tools: [tool], use: [refuse] });
  const { error } = await ask(app, "tools/call", { name: "counted" });
  assertEquals([error.message, runs], ["counted is closed on Sundays", 0]);
});

Deno.test("an error that middleware throws around a tool is told to the model and logged", async () => {
  using log = new CapturedLog();
  using app = appWith(() => {
    throw new Error("no more today");
  });
  assertEquals(await greeted(app), "error: no more today");
  assertEquals(log.of("Middleware failed").map(({ fields }) => fields.tool), ["greet"]);
  const { error } = await ask(app, "tools/list", {});
  assertEquals([error.code, error.message], [-32603, "Internal error"]);
});

Deno.test("middleware may change arguments, and the tool checks the changed ones", async () => {
  using app = appWith((call, next) => next({ ...call, arguments: { name: "Grace" } }));
  assertEquals(await greeted(app), "Hello Grace");
  using wrong = appWith((call, next) => next({ ...call, arguments: { name: 1 } }));
  assertMatch(await greeted(wrong), /^error: Invalid arguments for tool greet: name/);
});

Deno.test("middleware may send a call to another tool, and give its handler another context", async () => {
  const whoami = defineTool({
    name: "whoami",
    description: "Tells who calls",
    run: (_input, { caller }) => `${caller.principal}`,
  });
  using app = testApp({
    tools: [GREET, whoami],
    use: [(call, next) =>
      next({
        ...call,
        name: "whoami",
        arguments: {},
        ctx: { ...call.ctx, caller: { ...call.caller, principal: "root" } },
      })],
  });
  assertEquals(await greeted(app), "root");
});

Deno.test("middleware may answer a call itself, or change its result", async () => {
  using app = appWith(
    async (_call, next) => ({ ...await next(), _meta: { seen: true } }),
    ({ method }, next) =>
      method === "tools/call" ? { content: [{ type: "text", text: "cached" }] } : next(),
  );
  const { result } = await ask(app, "tools/call", { name: "greet", arguments: { name: "Ada" } });
  assertEquals(result, { content: [{ type: "text", text: "cached" }], _meta: { seen: true } });
});

Deno.test("middleware may repeat a call", async () => {
  let runs = 0;
  const flaky = defineTool({
    name: "flaky",
    description: "Works at the third try",
    run: () => {
      if (++runs < 3) throw new Error("not yet");
      return "done";
    },
  });
  const retry: Middleware = async (_call, next) => {
    let result = await next();
    for (let left = 2; left > 0 && result.isError === true; left--) result = await next();
    return result;
  };
  using app = testApp({ tools: [flaky], use: [retry] });
  const { result } = await ask(app, "tools/call", { name: "flaky" });
  assertEquals([result.content[0].text, runs], ["done", 3]);
});

Deno.test("middleware that hides tools from a list is asked each time, and the list is not public", async () => {
  const hide: Middleware = async ({ method, caller }, next) => {
    const result = await next();
    if (method !== "tools/list") return result;
    const tools = result.tools as { name: string }[];
    return { ...result, tools: tools.filter(() => caller.name === "trusted") };
  };
  using app = appWith(hide);
  const names = async (name: string) => {
    const meta = { "io.modelcontextprotocol/clientInfo": { name, version: "1" } };
    const { result } = await modernRequest(app, "tools/list", {}, { meta });
    assertEquals(result.cacheScope, "private");
    return result.tools.length;
  };
  assertEquals([await names("trusted"), await names("other"), await names("trusted")], [1, 0, 1]);
  const { result } = await ask(app, "tools/list", {});
  assertEquals(result.tools, []);
});

Deno.test("middleware may refuse initialize, and no session begins", async () => {
  using app = appWith(({ method }, next) => {
    if (method === "initialize") throw new ProtocolError("forbidden", "Not you");
    return next();
  });
  const response = await initialize(app);
  assertEquals(response.headers.get("mcp-session-id"), null);
  assertEquals((await response.json()).error.message, "Not you");
});

Deno.test("middleware that waits lets a session begin when it is done", async () => {
  using app = appWith(async (_call, next) => {
    await Promise.resolve();
    return await next();
  });
  const session = await TestSession.open(app);
  assertEquals((await session.ask(toolCall("greet", { name: "Ada" }, 2))).result.content, [
    { type: "text", text: "Hello Ada" },
  ]);
});

Deno.test("middleware around a tool that asks the user sees the handler stop, and changes nothing of that", async () => {
  const ask = defineTool({
    name: "ask",
    description: "Asks for a name",
    run: async (_input, { elicit }) => {
      const { content } = await elicit({
        message: "Your name?",
        schema: z.object({ name: z.string() }),
      });
      return `Hello ${content?.name}`;
    },
  });
  using app = testApp({
    tools: [ask],
    use: [async (_call, next) => {
      try {
        return await next();
      } catch {
        return { content: [{ type: "text", text: "swallowed" }] };
      }
    }],
  });
  const capabilities = { elicitation: { form: {} } };
  const { result } = await modernRequest(app, "tools/call", { name: "ask" }, { capabilities });
  assertEquals(result.resultType, "input_required");
  const [key] = Object.keys(result.inputRequests);
  assert(key !== undefined);
  const params = {
    name: "ask",
    requestState: result.requestState,
    inputResponses: { [key]: { action: "accept", content: { name: "Ada" } } },
  };
  const second = await modernRequest(app, "tools/call", params, { capabilities });
  assertEquals(second.result.content, [{ type: "text", text: "Hello Ada" }]);
});

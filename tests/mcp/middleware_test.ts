/** Middleware around the requests of an app, from the view of its author and of clients. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import * as z from "zod";
import {
  type AppOptions,
  definePrompt,
  defineResource,
  defineTool,
  type Middleware,
  type MiddlewareCall,
  type Next,
  ProtocolError,
} from "../../lib/mod.ts";
import { rpc, type TestApp, testApp, toolCall } from "../helpers/app.ts";
import { CapturedLog } from "../helpers/log.ts";
import { initialize, TestSession } from "../helpers/session.ts";
import { modernRequest } from "../spec/support/modern.ts";

const GREET = defineTool({
  name: "greet",
  description: "Greets somebody",
  input: z.object({ name: z.string() }),
  run: ({ name }) => `Hello ${name}`,
});

const OFFER: AppOptions = {
  tools: [GREET],
  resources: [defineResource({ uri: "test://motto", name: "motto", read: () => "Still here" })],
  prompts: [definePrompt({
    name: "review",
    arguments: z.object({ code: z.string() }),
    run: ({ code }) => `Review ${code}`,
  })],
};

function appWith(...use: Middleware[]): TestApp {
  return testApp({ ...OFFER, use });
}

// deno-lint-ignore no-explicit-any -- a test looks into whatever came
async function ask(app: TestApp, method: string, params: Record<string, unknown>): Promise<any> {
  return await (await app.post("/mcp", rpc(method, params))).json();
}

/** Text of the first block of a tool's result. */
async function greeted(app: TestApp, name = "Ada"): Promise<string> {
  const { result } = await ask(app, "tools/call", { name: "greet", arguments: { name } });
  return `${result.isError === true ? "error: " : ""}${result.content[0].text}`;
}

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

Deno.test("middleware that forgets to return a result is named in the error", async () => {
  using log = new CapturedLog();
  const forgetful =
    (async (_call: MiddlewareCall, next: Next) => void await next()) as unknown as Middleware;
  Object.defineProperty(forgetful, "name", { value: "forgetful" });
  using app = appWith(forgetful);
  assertEquals(
    await greeted(app),
    "error: Middleware forgetful returned no result; return what next() gives",
  );
  assertEquals(log.of("Middleware failed").length, 1);
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

Deno.test("middleware sees the failure of middleware within it as a result of the tool", async () => {
  using log = new CapturedLog();
  const seen: unknown[] = [];
  const outer: Middleware = async (_call, next) => {
    const result = await next();
    seen.push(result.isError);
    return result;
  };
  const inner: Middleware = () => {
    throw new Error("no more today");
  };
  using app = appWith(outer, inner);
  assertEquals(await greeted(app), "error: no more today");
  assertEquals([seen, log.of("Middleware failed").length], [[true], 1]);
});

for (
  const [made, expected] of [
    [{}, 'its "content" is no list'],
    [{ content: "Hello" }, 'its "content" is no list'],
    [{ content: [{ type: "text" }] }, "content[0] has no text"],
    [{ content: [{ type: "text", text: "a" }, 7] }, "content[1] is no content"],
  ] as const
) {
  Deno.test(`a tool's result ${JSON.stringify(made)} of middleware is refused by name`, async () => {
    using _log = new CapturedLog();
    using app = appWith(function guess() {
      return made as unknown as Record<string, unknown>;
    });
    assertEquals(
      await greeted(app),
      `error: Middleware guess returned a wrong result: ${expected}`,
    );
  });
}

Deno.test("what middleware returns and JSON cannot hold is named in the error", async () => {
  using _log = new CapturedLog();
  using app = appWith(async function count(_call, next) {
    return { ...await next(), _meta: { calls: 1n } };
  });
  assertMatch(
    await greeted(app),
    /^error: Middleware count returned what JSON cannot hold: _meta\.calls/,
  );
});

Deno.test("wrong results of middleware for reads, prompts and lists are errors, and the log names them", async () => {
  using log = new CapturedLog();
  using app = appWith(function guess({ method }) {
    return method === "tools/list"
      ? { tools: [{}] }
      : { contents: 1, messages: [{ role: "user" }] };
  });
  for (
    const [method, params] of [
      ["resources/read", { uri: "test://motto" }],
      ["prompts/get", { name: "review", arguments: { code: "x" } }],
      ["tools/list", {}],
    ] as const
  ) assertEquals((await ask(app, method, params)).error.message, "Internal error", method);
  assertEquals(
    log.of("Request failed").map(({ fields }) => String(fields.error).split(": ").at(-1)),
    [
      'its "contents" is no list',
      "messages[0] has content that is no content",
      "tools[0] has no name",
    ],
  );
});

Deno.test("what middleware changes in a list or a greeting is not in the next one", async () => {
  const mark: Middleware = async (_call, next) => {
    const result = await next() as {
      tools?: { description: string }[];
      capabilities?: Record<string, unknown>;
    };
    if (result.tools !== undefined) result.tools[0]!.description += "!";
    if (result.capabilities !== undefined) {
      result.capabilities.experimental = { times: result.capabilities.experimental ?? 0 };
    }
    return result;
  };
  using app = appWith(mark);
  for (let time = 0; time < 2; time++) {
    assertEquals(
      (await ask(app, "tools/list", {})).result.tools[0].description,
      "Greets somebody!",
    );
    const modern = await modernRequest(app, "tools/list", {});
    assertEquals(modern.result.tools[0].description, "Greets somebody!");
    const { result } = await (await initialize(app)).json();
    assertEquals(result.capabilities.experimental, { times: 0 });
  }
  assertEquals(GREET.listing.description, "Greets somebody");
  using plain = testApp(OFFER);
  const { result } = await (await initialize(plain)).json();
  assertEquals(result.capabilities.experimental, undefined);
});

const changes: Readonly<Record<string, (call: MiddlewareCall) => unknown>> = {
  "a number": () => 5,
  "null": () => null,
  "a call of another method than tools/call": (call) => ({ ...call, method: "prompts/get" }),
  "a call without a name": ({ method }) => ({ method, arguments: {} }),
  "a call whose arguments are no object": (call) => ({ ...call, arguments: "x" }),
  "a call without its ctx": ({ ctx: _ctx, ...call }) => call,
};

for (const [what, change] of Object.entries(changes)) {
  Deno.test(`middleware that calls next() with ${what} is told what to pass`, async () => {
    const wrong: Middleware = (call, next) => next(change(call) as MiddlewareCall);
    using app = appWith(Object.defineProperty(wrong, "name", { value: "wrong" }));
    assertEquals(
      await greeted(app),
      `error: Middleware wrong called next() with ${what}; spread the call that came: ` +
        "next({ ...call, arguments })",
    );
  });
}

Deno.test("middleware that gives a name to a request without one is told that it cannot", async () => {
  using log = new CapturedLog();
  using app = appWith((call, next) => next({ ...call, name: "greet" }));
  assertEquals((await ask(app, "tools/list", {})).error.message, "Internal error");
  assertEquals(log.of("Request failed").map(({ fields }) => fields.error), [
    "Middleware cannot send tools/list to greet: the request has no name",
  ]);
});

Deno.test("a result that middleware changes in place is checked like one that it makes", async () => {
  const spoil: Record<string, (result: Record<string, unknown>) => void> = {
    "tools/call": ({ content }) => void (content as unknown[]).push({ type: "text" }),
    "tools/list": (result) => void delete result.tools,
    "prompts/list": (result) => void (result.prompts = "none"),
    "resources/read": (result) => void (result.contents = [5]),
    "initialize": (result) => void delete result.capabilities,
    "completion/complete": (result) => void (result.completion = {}),
  };
  const spoiling: Middleware = async (call, next) => {
    const result = await next();
    spoil[call.method]?.(result);
    return result;
  };
  using log = new CapturedLog("warning");
  using app = appWith(spoiling);
  const wrong = /^error: Middleware spoiling returned a wrong result: content\[1\] has no text$/;
  assertMatch(await greeted(app), wrong);
  const asked = [
    ["tools/list", {}],
    ["prompts/list", {}],
    ["resources/read", { uri: "test://motto" }],
    ["completion/complete", {
      ref: { type: "ref/prompt", name: "review" },
      argument: { name: "code", value: "" },
    }],
  ] as const;
  for (const [method, params] of asked) {
    assertEquals((await ask(app, method, params)).error?.code, -32603, method);
  }
  const refused = await initialize(app);
  assertEquals((await refused.json()).error.code, -32603);
  const failures = log.of("Request failed");
  assertEquals(failures.length, 5);
  for (const { fields } of failures) {
    assertMatch(String(fields.error), /^Middleware spoiling returned a wrong result: /);
  }
});

/** Wrong results and calls that middleware makes, and the errors that name it. */
import { assertEquals, assertMatch } from "@std/assert";
import type { Middleware, MiddlewareCall, Next } from "../../lib/mod.ts";
import { testApp } from "../helpers/app.ts";
import { CapturedLog } from "../helpers/log.ts";
import { initialize } from "../helpers/session.ts";
import { modernRequest } from "../spec/support/modern.ts";
import { appWith, ask, GREET, greeted, OFFER } from "./middleware_app.ts";

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
    [{}, 'its "content" is not a list'],
    [{ content: "Hello" }, 'its "content" is not a list'],
    [{ content: [{ type: "text" }] }, "content[0] has no text"],
    [{ content: [{ type: "text", text: "a" }, 7] }, "content[1] is not a content block"],
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
      'its "contents" is not a list',
      "messages[0] has content that is not a content block",
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
  "a call whose arguments are not an object": (call) => ({ ...call, arguments: "x" }),
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

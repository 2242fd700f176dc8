/** The middleware that comes with Lifeline. */
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import * as z from "zod";
import { ConfigError } from "../../lib/base/errors.ts";
import {
  cacheResults,
  defineResource,
  defineTool,
  limitOutput,
  logTiming,
  type Middleware,
  type MiddlewareCall,
  rateLimit,
} from "../../lib/mod.ts";
import type { CallToolResult } from "../../lib/wire/mcp_types.ts";
import { rpc, type TestApp, testApp, toolCall } from "../helpers/app.ts";
import { CapturedLog } from "../helpers/log.ts";

/** An app whose tool returns the number of its runs, and a clock to move. */
class Scene implements Disposable {
  readonly app: TestApp;
  now = 0;
  runs = 0;

  constructor(middleware: (clock: () => number) => Middleware) {
    const count = defineTool({
      name: "count",
      description: "Counts its runs",
      input: z.looseObject({ fail: z.boolean().optional() }),
      run: ({ fail }) => {
        this.runs++;
        if (fail === true) throw new Error(`failed in run ${this.runs}`);
        return `run ${this.runs}`;
      },
    });
    const other = defineTool({ name: "other", description: "Another", run: () => "other" });
    const resource = defineResource({
      uri: "test://large",
      name: "large",
      read: () => "x".repeat(5_000),
    });
    this.app = testApp({
      tools: [count, other],
      resources: [resource],
      use: [middleware(() => this.now)],
    });
  }

  async call(args = {}, address = "10.0.0.1", name = "count"): Promise<string> {
    const response = await this.app.request("/mcp", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(rpc("tools/call", { name, arguments: args })),
    }, { address });
    const { result } = await response.json();
    return `${result.isError === true ? "error: " : ""}${result.content[0].text}`;
  }

  [Symbol.dispose](): void {
    this.app.stop();
  }
}

Deno.test("rateLimit() refuses a call over the limit until its time has come", async () => {
  using scene = new Scene((clock) => rateLimit({ perMinute: 30, burst: 2, clock }));
  assertEquals(await scene.call(), "run 1");
  assertEquals(await scene.call(), "run 2");
  assertEquals(
    await scene.call(),
    "error: Too many calls of count: 30 a minute are allowed; call again in 2 s",
  );
  scene.now += 2_000;
  assertEquals(await scene.call(), "run 3");
  assertEquals(scene.runs, 3);
});

Deno.test("rateLimit() counts each tool and each caller by itself", async () => {
  using scene = new Scene((clock) => rateLimit({ perMinute: 1, clock }));
  assertEquals(await scene.call(), "run 1");
  assertMatch(await scene.call(), /^error: Too many calls/);
  assertEquals(await scene.call({}, "10.0.0.2"), "run 2");
  assertEquals(await scene.call({}, "10.0.0.1", "other"), "other");
});

Deno.test("rateLimit() leaves tools alone that it does not name", async () => {
  using scene = new Scene((clock) => rateLimit({ perMinute: 1, tools: ["other"], clock }));
  assertEquals([await scene.call(), await scene.call()], ["run 1", "run 2"]);
});

Deno.test("rateLimit() forgets callers beyond its number, the one unused for longest first", async () => {
  using scene = new Scene((clock) => rateLimit({ perMinute: 1, maxEntries: 2, clock }));
  for (const address of ["10.0.0.1", "10.0.0.2", "10.0.0.3"]) await scene.call({}, address);
  assertEquals(await scene.call({}, "10.0.0.1"), "run 4");
  assertMatch(await scene.call({}, "10.0.0.3"), /^error: Too many calls/);
});

Deno.test("cacheResults() gives a result again for the same arguments, until its time is over", async () => {
  using scene = new Scene((clock) => cacheResults({ tools: ["count"], ttlMs: 1_000, clock }));
  assertEquals(await scene.call({ a: 1, b: { c: 2, d: 3 } }), "run 1");
  assertEquals(await scene.call({ b: { d: 3, c: 2 }, a: 1 }), "run 1");
  assertEquals(await scene.call({ a: 2 }), "run 2");
  scene.now += 1_000;
  assertEquals(await scene.call({ a: 1, b: { c: 2, d: 3 } }), "run 3");
});

Deno.test("cacheResults() keeps the result of one caller from another, unless it is shared", async () => {
  using scene = new Scene((clock) => cacheResults({ tools: ["count"], ttlMs: 1_000, clock }));
  assertEquals(await scene.call({}, "10.0.0.1"), "run 1");
  assertEquals(await scene.call({}, "10.0.0.2"), "run 2");
  using shared = new Scene((clock) =>
    cacheResults({ tools: ["count"], ttlMs: 1_000, isShared: true, clock })
  );
  assertEquals(await shared.call({}, "10.0.0.1"), "run 1");
  assertEquals(await shared.call({}, "10.0.0.2"), "run 1");
});

Deno.test("cacheResults() keeps the result for one tenant's header from another's", async () => {
  const whose = defineTool({
    name: "whose",
    description: "Tells the tenant",
    run: (_input, { headers }) => headers["x-tenant"] ?? "nobody",
  });
  using app = testApp({
    tools: [whose],
    use: [cacheResults({ tools: ["whose"], ttlMs: 1_000 })],
    settings: { MCP_TOOL_HEADERS: ["x-tenant"] },
  });
  for (const tenant of ["a", "b", "a"]) {
    const response = await app.post("/mcp", toolCall("whose"), { "x-tenant": tenant });
    assertEquals((await response.json()).result.content[0].text, tenant);
  }
});

Deno.test("cacheResults() gives the tool's result again, whatever middleware outside made of it", async () => {
  const sign: Middleware = async (_call, next) => {
    const result = await next();
    (result.content as unknown[]).push({ type: "text", text: "signed" });
    return result;
  };
  const count = defineTool({ name: "count", description: "Counts", run: () => "counted" });
  using app = testApp({
    tools: [count],
    use: [sign, cacheResults({ tools: ["count"], ttlMs: 1_000 })],
  });
  for (let call = 0; call < 3; call++) {
    const { result } = await (await app.post("/mcp", toolCall("count"))).json();
    assertEquals(result.content.map(({ text }: { text: string }) => text), ["counted", "signed"]);
  }
});

Deno.test("cacheResults() leaves tools alone that it does not name", async () => {
  using scene = new Scene(() => cacheResults({ tools: ["other"], ttlMs: 1_000 }));
  assertEquals([await scene.call(), await scene.call()], ["run 1", "run 2"]);
});

Deno.test("cacheResults() keeps no failure, and drops the result unused for longest", async () => {
  using scene = new Scene((clock) =>
    cacheResults({ tools: ["count"], ttlMs: 1_000, maxEntries: 2, clock })
  );
  assertEquals(await scene.call({ fail: true }), "error: failed in run 1");
  assertEquals(await scene.call({ fail: true }), "error: failed in run 2");
  for (const n of [1, 2, 3]) await scene.call({ n });
  assertEquals(await scene.call({ n: 1 }), "run 6");
  assertEquals(await scene.call({ n: 3 }), "run 5");
});

Deno.test("limitOutput() refuses a result that is too large, and says its size", async () => {
  using scene = new Scene(() => limitOutput({ maxBytes: 20 }));
  const refused =
    /^error: Result of count is too large: \d+ bytes, and 20 are allowed; ask for less$/;
  assertMatch(await scene.call(), refused);
  using roomy = new Scene(() => limitOutput({ maxBytes: 1_000 }));
  assertEquals(await roomy.call(), "run 1");
  const response = await roomy.app.post("/mcp", rpc("resources/read", { uri: "test://large" }));
  const { length } = JSON.stringify({ content: [{ type: "text", text: "run 1" }] });
  using exact = new Scene(() => limitOutput({ maxBytes: length }));
  assertEquals(await exact.call(), "run 1");
  using short = new Scene(() => limitOutput({ maxBytes: length - 1 }));
  assertMatch(await short.call(), /^error: /);
  const { error } = await response.json();
  assertEquals(error.code, -32603);
  assertMatch(error.message, /^Result of test:\/\/large is too large: 5\d{3} bytes/);
});

Deno.test("logTiming() logs how long a request took and how it ended", async () => {
  using log = new CapturedLog("info");
  using scene = new Scene((clock) => logTiming({ clock }));
  await scene.call();
  await scene.call({ fail: true });
  await (await scene.app.post("/mcp", rpc("prompts/get", { name: "none" }))).json();
  assertEquals(log.of("Request timed").map(({ fields }) => fields), [
    { method: "tools/call", name: "count", outcome: "ok", duration_ms: 0 },
    { method: "tools/call", name: "count", outcome: "tool_error", duration_ms: 0 },
    { method: "prompts/get", name: "none", outcome: "invalid_params", duration_ms: 0 },
  ]);
});

Deno.test("logTiming() leaves out requests that are quicker than it is told", async () => {
  using log = new CapturedLog("info");
  let now = 0;
  using scene = new Scene(() => logTiming({ minMs: 100, clock: () => (now += 60) }));
  await scene.call();
  assertEquals(log.of("Request timed"), []);
  using slow = new Scene(() => logTiming({ minMs: 100, clock: () => (now += 100) }));
  await slow.call();
  assertEquals(log.of("Request timed").map(({ fields }) => fields.duration_ms), [100]);
});

Deno.test("an option that is no positive number is refused where it is given", () => {
  const wrong: readonly (() => unknown)[] = [
    () => rateLimit({ perMinute: 0 }),
    () => rateLimit({ perMinute: 1, burst: -1 }),
    () => rateLimit({ perMinute: Number.NaN }),
    () => cacheResults({ tools: [], ttlMs: 0 }),
    () => limitOutput({ maxBytes: Infinity }),
  ];
  for (const make of wrong) {
    assertMatch(
      assertThrows(make, ConfigError).message,
      /^Invalid \w+: .+; give a positive number/,
    );
  }
});

const textResult = (text: string): CallToolResult => ({ content: [{ type: "text", text }] });

/** What middleware answers to a call of `count` with a number, from an address. */
function answerOf(
  middleware: Middleware,
  { number = 0, address = "10.0.0.1" }: { readonly number?: number; readonly address?: string },
  next: () => Promise<CallToolResult>,
) {
  const call = {
    method: "tools/call",
    name: "count",
    arguments: { number },
    caller: { address },
    ctx: { headers: {}, signal: new AbortController().signal },
  };
  return middleware(call as unknown as MiddlewareCall, next);
}

Deno.test("cacheResults() keeps 1,000 results unless it is told another number", async () => {
  const middleware = cacheResults({ tools: ["count"], ttlMs: 1_000, clock: () => 0 });
  let runs = 0;
  const next = () => Promise.resolve(textResult(`run ${++runs}`));
  const runsFor = async (numbers: readonly number[]) => {
    runs = 0;
    for (const number of numbers) await answerOf(middleware, { number }, next);
    return runs;
  };
  const thousand = Array.from({ length: 1_000 }, (_, number) => number);
  assertEquals(await runsFor(thousand), 1_000);
  assertEquals(await runsFor(thousand), 0);
  assertEquals(await runsFor([1_000]), 1);
  assertEquals(await runsFor([1_000, 999, 0]), 1);
});

Deno.test("rateLimit() remembers 10,000 callers unless it is told another number", async () => {
  const middleware = rateLimit({ perMinute: 1, clock: () => 0 });
  const next = () => Promise.resolve(textResult("done"));
  const isRefused = async (caller: number) => {
    const result = await answerOf(middleware, { address: String(caller) }, next);
    return (result as CallToolResult).isError === true;
  };
  for (let caller = 0; caller < 10_000; caller++) assertEquals(await isRefused(caller), false);
  assertEquals(await isRefused(0), true);
  assertEquals(await isRefused(10_000), false);
  assertEquals([await isRefused(0), await isRefused(1)], [true, false]);
});

/** The context of a handler, and the objects that it cannot reach. */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { definePrompt, defineResource, type ToolContext } from "../../lib/mod.ts";
import { rpc, testApp, toolCall } from "../helpers/app.ts";
import { TestSession } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";
import { toolThat } from "../helpers/tools.ts";

const MEMBERS = [
  "app",
  "caller",
  "capabilities",
  "connectionId",
  "elicit",
  "headers",
  "log",
  "meta",
  "progress",
  "releaseStream",
  "roots",
  "sample",
  "session",
  "signal",
  "wantsProgress",
];

/** The context that a tool without a session is given. */
async function contextOf(params: Record<string, unknown> = {}): Promise<ToolContext> {
  let context: ToolContext | undefined;
  using app = testApp({ tools: [toolThat((ctx) => (context = ctx, "done"))] });
  await (await app.post("/mcp", rpc("tools/call", { name: "subject", ...params }))).json();
  assert(context !== undefined);
  return context;
}

Deno.test("a handler's context has its documented members, and nothing of the server", async () => {
  const seen = new Map<string, ToolContext>();
  using app = testApp({
    tools: [toolThat((ctx) => (seen.set("tool", ctx), "done"))],
    resources: [defineResource({
      uri: "test://one",
      name: "one",
      read: (_uri, ctx) => (seen.set("resource", ctx), "one"),
    })],
    prompts: [definePrompt({
      name: "ask",
      run: (_args, ctx) => (seen.set("prompt", ctx), "ask"),
    })],
  });
  await (await app.post("/mcp", toolCall("subject"))).json();
  await (await app.post("/mcp", rpc("resources/read", { uri: "test://one" }))).json();
  await (await app.post("/mcp", rpc("prompts/get", { name: "ask" }))).json();
  assertEquals([...seen.keys()], ["tool", "resource", "prompt"]);
  for (const ctx of seen.values()) {
    assertEquals(Object.keys(ctx).sort(), MEMBERS);
    for (const name of ["finish", "abort", "scope", "request", "setAsker", "ask", "sendLog"]) {
      assertEquals(Reflect.get(ctx, name), undefined, name);
      assertEquals(name in ctx, false, name);
    }
    assertEquals(Object.getPrototypeOf(ctx), Object.prototype);
  }
});

Deno.test("a context can be spread, and its members work in the copy", async () => {
  using app = testApp({
    tools: [toolThat((ctx) => {
      const info = (data: unknown) => ctx.log.info(`copied: ${data}`);
      const { log, progress, signal } = { ...ctx, log: { ...ctx.log, info } };
      log.info("hello");
      log.warning("careful");
      progress(1);
      return `aborted: ${signal.aborted}`;
    })],
  });
  const session = await TestSession.open(app);
  const call = rpc("tools/call", { name: "subject", _meta: { progressToken: "p" } }, 2);
  const events = await new EventReader(await session.post(call)).rest();
  const messages = events.map(({ json }) => json).filter((json) => json !== undefined);
  assertEquals(messages.map(({ params, result }) => params?.data ?? params?.progress ?? result), [
    "copied: hello",
    "careful",
    1,
    { content: [{ type: "text", text: "aborted: false" }] },
  ]);
});

Deno.test("a member is the same each time it is read", async () => {
  const ctx = await contextOf();
  for (const name of MEMBERS) {
    assertEquals(Reflect.get(ctx, name), Reflect.get(ctx, name), name);
    if (name !== "connectionId" && name !== "app") {
      assert(Reflect.get(ctx, name) === Reflect.get(ctx, name), name);
    }
  }
  assert(Object.getOwnPropertyDescriptor(ctx, "log")?.value === ctx.log);
});

Deno.test("a handler gets the metadata of its request, without the keys of the protocol", async () => {
  let seen: unknown;
  using app = testApp({ tools: [toolThat((ctx) => (seen = ctx.meta, "done"))] });
  const call = async (_meta?: unknown) =>
    await (await app.post("/mcp", rpc("tools/call", { name: "subject", _meta }))).json();
  await call({ progressToken: 1, traceparent: "00-1", "io.modelcontextprotocol/x": 1 });
  assertEquals(seen, { traceparent: "00-1" });
  await call();
  assertEquals(seen, {});
});

Deno.test("an author may add members to a context, and freeze it", async () => {
  const ctx: ToolContext & { db?: string } = await contextOf();
  ctx.db = "pool";
  assertEquals([ctx.db, { ...ctx }.db, "db" in ctx], ["pool", "pool", true]);
  Object.freeze(ctx);
  assertEquals(Object.keys(ctx).sort(), [...MEMBERS, "db"].sort());
  assertThrows(() => ctx.db = "other", TypeError);
  assertEquals(ctx.signal.aborted, false);
});

Deno.test("the caller of a call without a session is a plain frozen value", async () => {
  const { caller } = await contextOf();
  assertEquals({ ...caller }, {
    address: "127.0.0.1",
    name: undefined,
    version: undefined,
    principal: undefined,
  });
  assert(Object.isFrozen(caller));
  assertEquals(Object.getPrototypeOf(caller), Object.prototype);
});

Deno.test("a handler that alters the capabilities it is given alters nothing of the session", async () => {
  using app = testApp({
    tools: [toolThat((ctx) => {
      const before = JSON.stringify(ctx.capabilities);
      (ctx.capabilities as Record<string, unknown>).sampling = {};
      return before;
    })],
  });
  const session = await TestSession.open(app, { capabilities: { roots: {} } });
  for (const id of [2, 3]) {
    const { result } = await session.ask(toolCall("subject", {}, id));
    assertEquals(result.content[0].text, '{"roots":{}}');
  }
});

Deno.test("two calls never share a context", async () => {
  const contexts: ToolContext[] = [];
  using app = testApp({ tools: [toolThat((ctx) => (contexts.push(ctx), "done"))] });
  const session = await TestSession.open(app);
  await session.ask(toolCall("subject", {}, 2));
  await session.ask(toolCall("subject", {}, 3));
  const [first, second] = contexts as [ToolContext, ToolContext];
  assert(first !== second && first.signal !== second.signal);
});

Deno.test("a context that is printed shows nothing of the server", async () => {
  const ctx = await contextOf();
  void ctx.caller;
  const printed = Deno.inspect(ctx, { depth: 10 });
  assertMatch(printed, /address/);
  assert(!/scope|request|seal|wheel/i.test(printed), printed);
});

Deno.test("a log message names the logger that its tool gives, and none if it gives none", async () => {
  using app = testApp({
    tools: [toolThat(({ log }) => {
      log.info("named", "orders");
      log.info("bare");
      return "done";
    })],
  });
  const session = await TestSession.open(app);
  const events = await new EventReader(await session.post(toolCall("subject"))).rest();
  const logged = events.map(({ json }) => json?.params).filter((params) => params !== undefined);
  assertEquals(logged, [
    { level: "info", logger: "orders", data: "named" },
    { level: "info", data: "bare" },
  ]);
});

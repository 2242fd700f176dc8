/** Resources that an app opens at its start and closes after its stop. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { ConfigError } from "../../lib/base/errors.ts";
import { AppLifespan } from "../../lib/http/lifespan.ts";
import {
  createApp,
  definePrompt,
  defineResource,
  defineTool,
  type Lifespan,
  type ToolContext,
} from "../../lib/mod.ts";
import { composeLifespans } from "../../lib/registry/lifespan.ts";
import { rpc, type TestApp, testApp, toolCall } from "../helpers/app.ts";
import { CapturedLog } from "../helpers/log.ts";
import { HeldTool } from "../helpers/tools.ts";
import { settled } from "../helpers/time.ts";

/** Something that is opened and closed. */
class Pool {
  isOpen = true;
  query(): string {
    return this.isOpen ? "42 rows" : "closed";
  }
}

const countRows = defineTool({
  name: "count_rows",
  description: "Counts the rows",
  run: (_input, { app }: ToolContext<{ pool: Pool }>) => app.pool.query(),
});

// deno-lint-ignore no-explicit-any -- a test looks into whatever came
async function answerOf(response: Promise<Response> | Response): Promise<any> {
  return await (await response).json();
}

Deno.test("what onStart returns is ctx.app of tools, resources and prompts", async () => {
  const pool = new Pool();
  using app = testApp({
    tools: [countRows],
    resources: [defineResource({
      uri: "test://rows",
      name: "rows",
      read: (_uri, ctx: ToolContext<{ pool: Pool }>) => ctx.app.pool.query(),
    })],
    prompts: [definePrompt({
      name: "rows",
      run: (_args, ctx: ToolContext<{ pool: Pool }>) => ctx.app.pool.query(),
    })],
    onStart: async () => {
      await settled();
      return { pool };
    },
  });
  const called = await answerOf(app.post("/mcp", toolCall("count_rows")));
  assertEquals(called.result.content[0].text, "42 rows");
  const read = await answerOf(app.post("/mcp", rpc("resources/read", { uri: "test://rows" })));
  assertEquals(read.result.contents[0].text, "42 rows");
  const got = await answerOf(app.post("/mcp", rpc("prompts/get", { name: "rows" })));
  assertEquals(got.result.messages[0].content.text, "42 rows");
});

Deno.test("a tool that needs what onStart does not return fails the type check", () => {
  // @ts-expect-error -- there is no onStart
  createApp({ tools: [countRows] }).stop();
  // @ts-expect-error -- onStart returns something else
  createApp({ tools: [countRows], onStart: () => ({ cache: new Map() }) }).stop();
  createApp({
    tools: [countRows],
    onStart: () => ({ pool: new Pool() }),
    onStop: ({ pool }) => {
      pool.isOpen = false;
    },
  }).stop();
  const needsNothing = defineTool({
    name: "plain",
    description: "Needs nothing",
    run: (_input, ctx) => `${typeof ctx.app}`,
  });
  createApp({ tools: [needsNothing], onStart: () => ({ pool: new Pool() }) }).stop();
});

Deno.test("onStart runs once, however many requests come before it is done", async () => {
  let starts = 0;
  const gate = Promise.withResolvers<{ pool: Pool }>();
  using app = testApp({
    tools: [countRows],
    onStart: () => (starts++, gate.promise),
  });
  const answers = [1, 2, 3].map(() => answerOf(app.post("/mcp", toolCall("count_rows"))));
  void app.start();
  gate.resolve({ pool: new Pool() });
  for (const { result } of await Promise.all(answers)) {
    assertEquals(result.content[0].text, "42 rows");
  }
  await app.start();
  assertEquals(starts, 1);
});

Deno.test("onStop runs once, after the drain, with what onStart returned", async () => {
  const notes: string[] = [];
  const held = new HeldTool();
  using app: TestApp = testApp({
    tools: [held.tool],
    onStart: () => "opened",
    onStop: async (what) => {
      await settled();
      notes.push(`stopped ${what}, ${app.connections.size} streams open`);
    },
  });
  const client = await app.open(toolCall("held"));
  const call = await held.next();
  const draining = app.drain(5_000);
  await settled();
  assertEquals(notes, []);
  call.finish("done");
  await draining;
  assertEquals(notes, ["stopped opened, 0 streams open"]);
  await app.drain(0);
  app.stop();
  await settled();
  assertEquals(notes.length, 1);
  await client.events.rest();
});

Deno.test("an app that never started has nothing to stop", async () => {
  let stops = 0;
  using app = testApp({ onStart: () => 1, onStop: () => void stops++ });
  await app.drain(0);
  assertEquals(stops, 0);
});

Deno.test("stop() runs onStop too, and what it throws is logged", async () => {
  using log = new CapturedLog();
  const app = testApp({
    onStart: () => 1,
    onStop: () => {
      throw new Error("pool is stuck");
    },
  });
  await app.start();
  app.stop();
  await settled();
  assertEquals(log.of("onStop failed").map(({ fields }) => fields.error), ["pool is stuck"]);
});

Deno.test("an onStop that never ends is not waited for longer than its budget", async () => {
  using log = new CapturedLog();
  const lifespan = new AppLifespan({ onStart: () => 1, onStop: () => new Promise(() => {}) });
  await lifespan.start();
  await lifespan.stop(1);
  assertEquals(log.of("onStop did not end in time").map(({ fields }) => fields.budget_ms), [1]);
});

Deno.test("a failing start stops the start and says why, and a later one is tried afresh", async () => {
  using log = new CapturedLog();
  let tries = 0;
  using app = testApp({
    tools: [countRows],
    onStart: () => {
      if (++tries < 3) throw new Error("connection refused");
      return { pool: new Pool() };
    },
  });
  const error = await assertRejects(() => app.start(), ConfigError);
  assertEquals(error.message, "Cannot start: onStart failed: connection refused");
  const refused = await app.post("/mcp", toolCall("count_rows"));
  assertEquals(refused.status, 503);
  const { error: told } = await refused.json();
  assertMatch(told.message, /^Server could not start; its log says why/);
  assertEquals(log.of("Request refused, as the app cannot start").length, 1);
  const { result } = await answerOf(app.post("/mcp", toolCall("count_rows")));
  assertEquals(result.content[0].text, "42 rows");
});

/** A lifespan that notes what happens to it. */
function noting(origin: string, notes: string[], app: unknown = { [origin]: origin }) {
  const lifespan: Lifespan = {
    onStart: () => (notes.push(`start ${origin}`), app),
    onStop: (given) => void notes.push(`stop ${origin} ${JSON.stringify(given)}`),
  };
  return { origin, lifespan };
}

Deno.test("lifespans of several modules start in order, stop in reverse, each with its own value", async () => {
  const notes: string[] = [];
  const { onStart, onStop } = composeLifespans([
    noting("a", notes),
    { origin: "without", lifespan: {} },
    noting("b", notes),
  ]);
  assertEquals(await onStart!(), { a: "a", b: "b" });
  await onStop!({});
  assertEquals(notes, ["start a", "start b", 'stop b {"b":"b"}', 'stop a {"a":"a"}']);
  assertEquals(composeLifespans([{ origin: "without", lifespan: {} }]), {});
});

Deno.test("a module that fails to start is named, and those before it are stopped", async () => {
  const notes: string[] = [];
  const broken = { origin: "./b.ts", lifespan: { onStart: () => Promise.reject(new Error("no")) } };
  const { onStart } = composeLifespans([noting("./a.ts", notes), broken, noting("./c.ts", notes)]);
  const error = await assertRejects(async () => await onStart!(), ConfigError);
  assertEquals(error.message, "Cannot start ./b.ts: onStart failed: no");
  assertEquals(notes, ["start ./a.ts", 'stop ./a.ts {"./a.ts":"./a.ts"}']);
});

Deno.test("two modules that return a member of one name are told of each other", async () => {
  const notes: string[] = [];
  const { onStart } = composeLifespans([
    noting("./a.ts", notes, { pool: 1 }),
    noting("./b.ts", notes, { pool: 2 }),
  ]);
  const error = await assertRejects(async () => await onStart!(), ConfigError);
  assertMatch(error.message, /^Cannot start \.\/b\.ts: .*it returns "pool", as \.\/a\.ts does$/);
  assertEquals(notes.slice(2), ['stop ./b.ts {"pool":2}', 'stop ./a.ts {"pool":1}']);
});

Deno.test("the result of the only module that starts anything is ctx.app as it is", async () => {
  const pool = new Pool();
  const { onStart } = composeLifespans([
    { origin: "./a.ts", lifespan: { onStart: () => pool } },
    { origin: "./b.ts", lifespan: { onStop: () => {} } },
  ]);
  assertEquals(await onStart!(), pool);
});

Deno.test("a result that would lose its methods among others is refused", async () => {
  for (const result of [new Pool(), 5, [1]]) {
    const { onStart } = composeLifespans([
      { origin: "./a.ts", lifespan: { onStart: () => ({ cache: 1 }) } },
      { origin: "./b.ts", lifespan: { onStart: () => result } },
    ]);
    const error = await assertRejects(async () => await onStart!(), ConfigError);
    assertMatch(error.message, /^Cannot start \.\/b\.ts: .*return an object with a member/);
  }
});

Deno.test("one module that fails to stop keeps no other from stopping", async () => {
  const notes: string[] = [];
  const stuck = {
    origin: "./b.ts",
    lifespan: { onStop: () => Promise.reject(new Error("stuck")) },
  };
  const { onStart, onStop } = composeLifespans([noting("a", notes), stuck]);
  await onStart!();
  const error = await assertRejects(async () => await onStop!({}), AggregateError);
  assertEquals((error.errors[0] as Error).message, "onStop of ./b.ts: stuck");
  assertEquals(notes, ["start a", 'stop a {"a":"a"}']);
});

Deno.test("a drain says why onStop failed", async () => {
  using log = new CapturedLog();
  const app = createApp({
    onStop: () => {
      throw new Error("cannot flush");
    },
  });
  const { stopError } = await app.drain(0);
  assertEquals(stopError?.message, "onStop failed: cannot flush");
  assertEquals(log.of("onStop failed").length, 1);
  app.stop();
});

Deno.test("a drain waits for a start that never ends no longer than its budget", async () => {
  using log = new CapturedLog();
  const lifespan = new AppLifespan({ onStart: () => new Promise(() => {}) });
  void lifespan.start();
  const error = await lifespan.stop(20);
  assertEquals(error?.message, "onStart did not end within 20 ms");
  assertEquals(log.of("onStart did not end in time").length, 1);
});

Deno.test("onStop runs for a start that ends after the drain's budget", async () => {
  using _log = new CapturedLog();
  const opened = Promise.withResolvers<string>();
  const closed: unknown[] = [];
  const lifespan = new AppLifespan({
    onStart: () => opened.promise,
    onStop: (pool) => void closed.push(pool),
  });
  void lifespan.start();
  await lifespan.stop(1);
  opened.resolve("pool");
  await settled();
  assertEquals(closed, ["pool"]);
});

Deno.test("a start that takes long is told, with the module that is not done", async () => {
  using log = new CapturedLog();
  const opened = Promise.withResolvers<void>();
  const { onStart } = composeLifespans([{
    origin: "pool.ts",
    lifespan: { onStart: () => opened.promise },
  }], 1);
  const starting = onStart?.();
  while (log.of("Still starting").length === 0) await settled();
  assertEquals(log.of("Still starting")[0]?.fields, { module: "pool.ts", waiting_for: "onStart" });
  opened.resolve();
  await starting;
});

for (const kind of ["asyncDispose", "dispose"] as const) {
  Deno.test(`without onStop, a result with Symbol.${kind} is disposed of after the drain`, async () => {
    class Closable {
      isClosed = false;
      [Symbol[kind]](): void {
        this.isClosed = true;
      }
    }
    const [own, kept, ofModule] = [new Closable(), new Closable(), new Closable()];
    const app = createApp({ onStart: () => own });
    await app.start();
    await app.drain(0);
    app.stop();
    const other = createApp({ onStart: () => kept, onStop: () => {} });
    await other.start();
    await other.drain(0);
    other.stop();
    const modules = composeLifespans([
      { origin: "a.ts", lifespan: { onStart: () => ofModule } },
      { origin: "b.ts", lifespan: { onStop: () => {} } },
    ]);
    await modules.onStop?.(await modules.onStart?.());
    assertEquals([own.isClosed, kept.isClosed, ofModule.isClosed], [true, false, true]);
  });
}

Deno.test("a disposable that fails to close is told by the drain", async () => {
  using _log = new CapturedLog();
  const app = createApp({
    onStart: () => ({ [Symbol.asyncDispose]: () => Promise.reject(new Error("cannot flush")) }),
  });
  await app.start();
  assertEquals((await app.drain(0)).stopError?.message, "onStop failed: cannot flush");
  app.stop();
});

Deno.test("what onStart has opened is closed if the other instances cannot be joined", async () => {
  const steps: string[] = [];
  let joins = 0;
  const lifespan = new AppLifespan({
    onStart: () => void steps.push("open"),
    onStop: () => void steps.push("close"),
  }, {
    start: () => {
      steps.push("join");
      return ++joins === 1 ? Promise.reject(new ConfigError("no store")) : Promise.resolve();
    },
  });
  await assertRejects(() => lifespan.start(), ConfigError, "no store");
  assertEquals(steps, ["open", "join", "close"]);
  await lifespan.start();
  await lifespan.stop(1_000);
  assertEquals(steps.slice(3), ["open", "join", "close"]);
});

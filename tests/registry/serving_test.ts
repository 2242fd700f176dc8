/** Timeouts and concurrency of one tool, and tools that are switched on and off. */
import {
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  definePrompt,
  defineResource,
  defineResourceTemplate,
  defineTool,
  RegistrationError,
} from "../../lib/mod.ts";
import { CallQueue } from "../../lib/registry/call_queue.ts";
import { Catalog } from "../../lib/registry/catalog.ts";
import { rpc, type TestApp, testApp, toolCall } from "../helpers/app.ts";
import { FakeTime, settled } from "../helpers/time.ts";

const base = { name: "subject", description: "Does what the test says", run: () => "" };

// deno-lint-ignore no-explicit-any -- a test looks into whatever came
async function ask(app: TestApp, message: Record<string, unknown>): Promise<any> {
  const response = await app.post("/mcp", message, { accept: "application/json" });
  return await response.json();
}

for (
  const [name, timeoutMs, ownMs] of [["shorter", 1_000, 1_000], [
    "longer",
    120_000,
    120_000,
  ]] as const
) {
  Deno.test(`a tool's own timeout holds where it is ${name} than that of all calls`, async () => {
    using time = new FakeTime();
    let signal: AbortSignal | undefined;
    const tool = defineTool({
      ...base,
      timeoutMs,
      run: (_input, ctx) => {
        signal = ctx.signal;
        return new Promise<string>(() => {});
      },
    });
    const settings = { MCP_REQUEST_TIMEOUT_MS: 60_000, MCP_PING_INTERVAL_MS: 1_000_000 };
    using app = testApp({ tools: [tool], settings, wheel: { clock: time.clock } });
    const { events } = await app.open(toolCall("subject"));
    await settled();
    await time.advance(ownMs - 100);
    assertEquals(signal?.aborted, false);
    await time.advance(200);
    assertEquals(signal?.aborted, true);
    const { error } = (await events.nextNamed("error")).json;
    assertEquals(error.message, `Request timed out after ${ownMs} ms (timeoutMs of tool subject)`);
    await events.leave();
  });
}

Deno.test("a tool runs as many calls at a time as it says, and the others in their order", async () => {
  const finishes: (() => void)[] = [];
  const started: number[] = [];
  let calls = 0;
  const tool = defineTool({
    ...base,
    concurrency: 2,
    run: () => {
      started.push(++calls);
      const { promise, resolve } = Promise.withResolvers<string>();
      finishes.push(() => resolve("done"));
      return promise;
    },
  });
  using app = testApp({ tools: [tool] });
  const answers = Array.from({ length: 5 }, (_, id) => ask(app, toolCall("subject", {}, id)));
  await settled();
  assertEquals(started, [1, 2]);
  finishes.shift()?.();
  await settled();
  assertEquals(started, [1, 2, 3]);
  while (finishes.length > 0) {
    finishes.shift()?.();
    await settled();
  }
  for (const answer of answers) assertEquals((await answer).result.content[0].text, "done");
});

Deno.test("a tool that fails gives its turn back, and wrong arguments take none", async () => {
  const tool = defineTool({
    ...base,
    concurrency: 1,
    run: () => {
      throw new Error("no luck");
    },
  });
  using app = testApp({ tools: [tool] });
  for (let id = 0; id < 3; id++) {
    const { result } = await ask(app, toolCall("subject", {}, id));
    assertEquals(result.content[0].text, "no luck");
  }
});

Deno.test("a call that is stopped while it waits leaves the queue", async () => {
  const queue = new CallQueue(1);
  const controller = new AbortController();
  const patient = new AbortController();
  assertEquals(queue.enter(controller), undefined);
  const stopped = queue.enter(controller)!;
  const next = queue.enter(patient)!;
  assertEquals(queue.waiting, 2);
  controller.abort(new Error("gone"));
  await assertRejects(() => stopped, Error, "gone");
  await assertRejects(() => queue.enter(controller)!, Error, "gone");
  assertEquals(queue.waiting, 1);
  queue.leave();
  await next;
  queue.leave();
  assertEquals(queue.enter(patient), undefined);
});

Deno.test("a call listens for its end only while it waits for its turn", async () => {
  const queue = new CallQueue(1);
  const { signal } = new AbortController();
  const listening = new Set<unknown>();
  signal.addEventListener = (_type: string, listener: unknown) => void listening.add(listener);
  signal.removeEventListener = (_type: string, listener: unknown) => {
    listening.delete(listener);
  };
  assertEquals([queue.enter({ signal }), listening.size], [undefined, 0]);
  const waiting = queue.enter({ signal });
  assertEquals(listening.size, 1);
  queue.leave();
  await waiting;
  assertEquals(listening.size, 0);
});

for (
  const [definition, says] of [
    [{ timeoutMs: 0 }, "its timeoutMs must be a whole number"],
    [{ timeoutMs: 1.5 }, "its timeoutMs must be a whole number"],
    [{ timeoutMs: 2 ** 31 }, "its timeoutMs must be a whole number"],
    [{ concurrency: 0 }, "its concurrency must be a whole number"],
    [{ concurrency: "2" }, "its concurrency must be a whole number"],
    [{ tags: "admin" }, "its tags are not a list of texts"],
    [{ tags: [""] }, "its tags are not a list of texts"],
  ] as const
) {
  Deno.test(`a tool with ${JSON.stringify(definition)} is refused, with its name`, () => {
    const define = () => defineTool({ ...base, ...definition } as never);
    const { message } = assertThrows(define, RegistrationError);
    assertStringIncludes(message, `Cannot serve tool "subject": ${says}`);
  });
}

Deno.test("a tool's timeout and concurrency go from 1 to the longest time of a timer", () => {
  for (const member of ["timeoutMs", "concurrency"]) {
    for (const value of [1, 2_147_483_647]) defineTool({ ...base, [member]: value });
    for (const value of [-1, 0, 2_147_483_648, NaN]) {
      const define = () => defineTool({ ...base, [member]: value });
      assertEquals(
        assertThrows(define, RegistrationError).message,
        `Cannot serve tool "subject": its ${member} must be a whole number from 1 to 2147483647`,
      );
    }
  }
});

Deno.test("tags and switches are the server's own: no list shows them", () => {
  const own = { tags: ["admin"], enabled: true, timeoutMs: 1, concurrency: 1 };
  const prompt = definePrompt({ name: "p", tags: ["a"], enabled: false, run: () => "" });
  const resource = defineResource({ uri: "x://a", name: "a", tags: ["a"], read: () => "" });
  const template = defineResourceTemplate({
    uriTemplate: "x://{id}",
    name: "x",
    enabled: false,
    read: () => "",
  });
  const tool = defineTool({ ...base, ...own });
  for (const { listing } of [tool, prompt, resource, template]) {
    for (const name of Object.keys(own)) assertEquals(name in listing, false, name);
  }
});

Deno.test("a tool that is switched off is neither listed nor called, until it is switched on", async () => {
  const tools = ["a", "b", "c"].map((name) =>
    defineTool({ ...base, name, run: () => name, enabled: name !== "b" })
  );
  using app = testApp({ tools });
  const list = async () =>
    (await ask(app, rpc("tools/list"))).result.tools.map((tool: { name: string }) => tool.name);
  assertEquals(await list(), ["a", "c"]);
  assertMatch((await ask(app, toolCall("b"))).error.message, /Unknown tool: b/);
  assertEquals(app.catalog.tools.enable("b"), true);
  assertEquals(app.catalog.tools.enable("b"), false);
  assertEquals(await list(), ["a", "b", "c"]);
  assertEquals((await ask(app, toolCall("b"))).result.content[0].text, "b");
  assertEquals(app.catalog.tools.disable("a"), true);
  assertEquals(app.catalog.tools.disable("no such tool"), false);
  assertEquals(await list(), ["b", "c"]);
  const again = () => app.catalog.tools.add(tools[0]!);
  assertThrows(again, RegistrationError, "the name is taken");
  assertEquals(app.catalog.tools.remove("a"), true);
  again();
  assertEquals(await list(), ["b", "c", "a"]);
});

Deno.test("all that have a tag are switched together, and each list that changed is told once", () => {
  const tags = ["admin"];
  const catalog = new Catalog({
    tools: [
      defineTool({ ...base, name: "one", tags }),
      defineTool({ ...base, name: "two", tags: ["other", "admin"] }),
      defineTool({ ...base, name: "three" }),
    ],
    prompts: [definePrompt({ name: "p", tags, run: () => "" })],
    resources: [defineResource({ uri: "x://a", name: "a", read: () => "" })],
  });
  const told: unknown[] = [];
  catalog.onChange(({ kind }) => told.push(kind));
  assertEquals(catalog.disable({ tag: "admin" }), true);
  assertEquals([...catalog.tools.values()].map(({ name }) => name), ["three"]);
  assertEquals([catalog.prompts.size, catalog.resources.size], [0, 1]);
  assertEquals(told, ["tools", "prompts"]);
  assertEquals(catalog.disable({ tag: "admin" }), false);
  assertEquals(catalog.tools.enable({ tag: "other" }), true);
  assertEquals([...catalog.tools.values()].map(({ name }) => name), ["two", "three"]);
  assertEquals(catalog.enable({ tag: "admin" }), true);
  assertEquals([catalog.tools.size, catalog.prompts.size], [3, 1]);
  assertEquals(told, ["tools", "prompts", "tools", "tools", "prompts"]);
});

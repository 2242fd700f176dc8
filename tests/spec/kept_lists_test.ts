/** Lists are kept as text until they change: whichever way they are asked for, they are right. */
import { assert, assertEquals } from "@std/assert";
import * as z from "zod";
import { definePrompt } from "../../lib/registry/prompt.ts";
import { defineResource, defineResourceTemplate } from "../../lib/registry/resource.ts";
import { defineTool, type Tool } from "../../lib/registry/tool.ts";
import { initializeRequest, rpc, type TestApp, testApp } from "../helpers/app.ts";
import { BOTH, TestSession } from "../helpers/session.ts";
import type { Message } from "./support/inbox.ts";
import { connect, LEGACY } from "./support/legacy_client.ts";
import { messagesOf, modernBody, modernRequest } from "./support/modern.ts";
import { PipeClient } from "./support/stdio_client.ts";

/** Asks one app for a list, in one dialect. */
interface Asker extends AsyncDisposable {
  ask(method: string, params?: Message, id?: string | number): Promise<Message>;
}

let lastId = 0;
const freshId = () => ++lastId;

const nothing = () => Promise.resolve();

async function pipeAsker(app: TestApp, toMessage: typeof rpc): Promise<Asker> {
  const client = new PipeClient(app);
  await client.request(initializeRequest());
  return {
    ask: (method, params = {}, id = freshId()) => client.request(toMessage(method, params, id)),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

function postAsker(app: TestApp, accept: string): Asker {
  return {
    ask: async (method, params = {}, id = freshId()) =>
      (await messagesOf(await app.post("/mcp", rpc(method, params, id), { accept }))).at(-1),
    [Symbol.asyncDispose]: nothing,
  };
}

const WAYS: Readonly<Record<string, (app: TestApp) => Promise<Asker>>> = {
  ...Object.fromEntries(LEGACY.map((version) => [version, async (app: TestApp): Promise<Asker> => {
    const client = await connect(app, { version });
    return {
      ask: (method, params, id = freshId()) => client.request(method, params, id),
      [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
    };
  }])),
  "2026-07-28": (app) =>
    Promise.resolve({
      ask: (method, params, id = freshId()) => modernRequest(app, method, params, { id }),
      [Symbol.asyncDispose]: nothing,
    }),
  "JSON without a session": (app) => Promise.resolve(postAsker(app, BOTH)),
  "one event without a session": (app) => Promise.resolve(postAsker(app, "text/event-stream")),
  "the plain dialect": async (app) => {
    const client = await app.open();
    return {
      ask: async (method, params = {}, id = freshId()) => {
        await client.send(rpc(method, params, id));
        for (;;) {
          const event = await client.events.next();
          if (event === undefined || event.json?.id === id) return event?.json;
        }
      },
      [Symbol.asyncDispose]: async () => await client.response.body?.cancel().catch(() => {}),
    };
  },
  "a batch of 2025-03-26": async (app) => {
    const session = await TestSession.open(app, { version: "2025-03-26" });
    return {
      ask: async (method, params = {}, id = freshId()) => {
        const [answer, ...more] = await session.ask([rpc(method, params, id)] as never);
        assertEquals(more, []);
        return answer;
      },
      [Symbol.asyncDispose]: nothing,
    };
  },
  "stdio": (app) => pipeAsker(app, rpc),
  "2026-07-28 over stdio": (app) =>
    pipeAsker(app, (method, params, id = 1) => modernBody(method, params, { id })),
};

function named(name: string, description = "As it was"): Tool {
  return defineTool({ name, description, run: () => "" });
}

/** Something with line breaks, quotes and letters of many bytes, and output that is no object. */
const ODD = defineTool({
  name: "odd",
  description: 'Says "…",\r\n\u2028 and 日本語 \ud800',
  output: z.array(z.string()),
  run: () => [],
});

for (const [way, open] of Object.entries(WAYS)) {
  Deno.test(`${way}: the list of tools is right after each change, though it was kept`, async () => {
    using app = testApp({ tools: [named("a"), ODD] });
    const { tools } = app.catalog;
    await using asker = await open(app);
    const listed = async (): Promise<string[]> => {
      const [text, number] = [`id "${freshId()}"`, freshId()];
      const first = await asker.ask("tools/list", {}, text);
      assertEquals([first.jsonrpc, first.id], ["2.0", text]);
      // The second answer comes from the cache, and differs only in its id.
      assertEquals(await asker.ask("tools/list", {}, number), { ...first, id: number });
      return first.result.tools.map(({ name, description }: Message) => `${name} ${description}`);
    };
    const odd = `odd ${ODD.listing.description}`;
    assertEquals(await listed(), ["a As it was", odd]);
    tools.add(named("b"));
    assertEquals(await listed(), ["a As it was", odd, "b As it was"]);
    tools.remove("a");
    assertEquals(await listed(), [odd, "b As it was"]);
    tools.remove("b");
    tools.add(named("b", "As it is now"));
    assertEquals(await listed(), [odd, "b As it is now"]);
    tools.add(named("a"));
    assertEquals(await listed(), [odd, "b As it is now", "a As it was"]);
  });

  Deno.test(`${way}: every list is right after a change of its own, though it was kept`, async () => {
    using app = testApp();
    const { resources, resourceTemplates, prompts } = app.catalog;
    await using asker = await open(app);
    const counts = async () => {
      const found = [];
      for (
        const [method, member] of [
          ["resources/list", "resources"],
          ["resources/templates/list", "resourceTemplates"],
          ["prompts/list", "prompts"],
        ] as const
      ) found.push((await asker.ask(method)).result[member].length);
      return found;
    };
    assertEquals(await counts(), [0, 0, 0]);
    resources.add(defineResource({ uri: "file:///a", name: "a", read: () => "" }));
    assertEquals(await counts(), [1, 0, 0]);
    resourceTemplates.add(
      defineResourceTemplate({ uriTemplate: "file:///{b}", name: "b", read: () => "" }),
    );
    assertEquals(await counts(), [1, 1, 0]);
    prompts.add(definePrompt({ name: "c", description: "C", run: () => "" }));
    assertEquals(await counts(), [1, 1, 1]);
    resources.remove("file:///a");
    assertEquals(await counts(), [0, 1, 1]);
  });

  Deno.test(`${way}: following the cursors gives all, also after what was kept has changed`, async () => {
    using app = testApp({
      tools: [..."abcde"].map((name) => named(name)),
      settings: { MCP_PAGE_SIZE: 2 },
    });
    await using asker = await open(app);
    const pages = async () => {
      const found: string[] = [];
      for (let cursor: string | undefined, isFirst = true; isFirst || cursor; isFirst = false) {
        const { result } = await asker.ask("tools/list", cursor === undefined ? {} : { cursor });
        found.push(result.tools.map(({ name }: Message) => name).join(""));
        cursor = result.nextCursor;
      }
      return found;
    };
    assertEquals(await pages(), ["ab", "cd", "e"]);
    assertEquals(await pages(), ["ab", "cd", "e"]);
    app.catalog.tools.remove("b");
    assertEquals(await pages(), ["ac", "de"]);
    for (const cursor of ["", "AAAA", 7, null]) {
      assertEquals((await asker.ask("tools/list", { cursor })).error?.code, -32602, `${cursor}`);
    }
    assertEquals(await pages(), ["ac", "de"]);
  });
}

Deno.test("a kept list is that of its revision: output that is no object is listed in 2026-07-28 alone", async () => {
  using app = testApp({ tools: [ODD] });
  for (let round = 0; round < 2; round++) {
    const modern = (await modernRequest(app, "tools/list")).result;
    assertEquals(modern.tools[0].outputSchema.type, "array");
    assertEquals([modern.resultType, modern.cacheScope], ["complete", "public"]);
    assert(modern.ttlMs > 0);
    assert("io.modelcontextprotocol/serverInfo" in modern._meta);
    const legacy = (await (await app.post("/mcp", rpc("tools/list"))).json()).result;
    assertEquals(Object.keys(legacy), ["tools"]);
    assertEquals(legacy.tools[0].outputSchema, undefined);
  }
});

Deno.test("two apps keep their lists apart", async () => {
  using one = testApp({ tools: [named("one")] });
  using other = testApp({ tools: [named("other")] });
  for (const [app, name] of [[one, "one"], [other, "other"], [one, "one"]] as const) {
    const { result } = await (await app.post("/mcp", rpc("tools/list"))).json();
    assertEquals(result.tools.map((tool: Message) => tool.name), [name]);
  }
});

Deno.test("a list that no JSON can hold is an internal error until it can", async () => {
  // As `defineTool()` refuses such a definition, this one is made by hand.
  const plain = named("wrong");
  const listing = { ...plain.listing, _meta: { amount: 1n } };
  const wrong = { ...plain, listing, call: () => ({ content: [] }) };
  using app = testApp({ tools: [named("a"), wrong] });
  const ask = async () => await (await app.post("/mcp", rpc("tools/list", {}, 5))).json();
  for (let round = 0; round < 2; round++) {
    const { id, error } = await ask();
    assertEquals([id, error.code], [5, -32603]);
  }
  app.catalog.tools.remove("wrong");
  assertEquals((await ask()).result.tools.length, 1);
});

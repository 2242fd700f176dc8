/** The client in memory that the authors of tools test with, in every era. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import * as z from "zod";
import {
  type App,
  createApp,
  definePrompt,
  defineResource,
  defineResourceTemplate,
  defineTool,
  ProtocolError,
} from "../../lib/mod.ts";
import {
  assertNothingLeft,
  RpcError,
  testClient,
  type TestClientOptions,
  TestTime,
} from "../../lib/testing.ts";
import { PROTOCOL_VERSIONS } from "../../lib/wire/protocol_versions.ts";
import { until } from "../helpers/until.ts";

const greet = defineTool({
  name: "greet",
  description: "Greets somebody",
  input: z.object({ name: z.string() }),
  run: ({ name }) => `Hello ${name}`,
});
const work = defineTool({
  name: "work",
  description: "Works for a while",
  run: async (_input, { progress, log }) => {
    progress(1, 2, "half");
    log.debug({ step: 1 }, "worker");
    await Promise.resolve();
    progress(2, 2);
    return "done";
  },
});
const book = defineTool({
  name: "book",
  description: "Books a table",
  run: async (_input, { elicit, roots, sample }) => {
    const guests = await elicit({ message: "Guests?", schema: z.object({ guests: z.int() }) });
    const [folder] = await roots();
    const { content } = await sample({
      messages: [{ role: "user", content: { type: "text", text: "A name?" } }],
      maxTokens: 10,
    });
    return JSON.stringify([guests, folder?.uri, content]);
  },
});
function offer(): App {
  return createApp({
    tools: [
      greet,
      work,
      book,
      defineTool({
        name: "mirrored",
        description: "Has a parameter that clients send as a header, too",
        input: z.object({ region: z.string().meta({ "x-mcp-header": "Region" }) }),
        run: (input) => input.region,
      }),
    ],
    resources: [
      defineResource({ uri: "lifeline://motto", name: "motto", read: () => "Still here" }),
    ],
    resourceTemplates: [defineResourceTemplate({
      uriTemplate: "users://{id}",
      name: "user",
      read: ({ id }) => id,
    })],
    prompts: [definePrompt({
      name: "review",
      arguments: z.object({ code: z.string() }),
      run: ({ code }) => `Review ${code}`,
    })],
  });
}

/** Each way to connect, under its name. */
const WAYS: readonly (readonly [string, TestClientOptions])[] = [
  ...PROTOCOL_VERSIONS.map((era) => [era, { era }] as const),
  ["plain", { dialect: "plain" }],
  ["stdio, 2025-11-25", { dialect: "stdio", era: "2025-11-25" }],
  ["stdio, 2026-07-28", { dialect: "stdio" }],
];

for (const [name, way] of WAYS) {
  Deno.test(`${name}: a test client calls, lists, reads and prompts`, async () => {
    const app = offer();
    await using client = await testClient(app, way);
    assertEquals(await client.call("greet", { name: "Ada" }), {
      content: [{ type: "text", text: "Hello Ada" }],
    });
    const names = (list: { name: string }[]) => list.map(({ name }) => name);
    assertEquals(names(await client.list("tools")), ["greet", "work", "book", "mirrored"]);
    assertEquals(names(await client.list("resources")), ["motto"]);
    assertEquals(names(await client.list("resourceTemplates")), ["user"]);
    assertEquals(names(await client.list("prompts")), ["review"]);
    const { contents } = await client.read("lifeline://motto");
    assertEquals(contents.map((one) => "text" in one && one.text), ["Still here"]);
    assertEquals((await client.read("users://ü")).contents.length, 1);
    const { messages } = await client.prompt("review", { code: "x" });
    assertEquals(messages[0]?.content, { type: "text", text: "Review x" });
    const { content } = await client.call("mirrored", { region: "Köln" });
    assertEquals(content, [{ type: "text", text: "Köln" }]);
  });

  Deno.test(`${name}: a test client collects progress and log messages`, async () => {
    await using client = await testClient(offer(), way);
    await client.call("work");
    assertEquals(client.progress, [
      { progress: 1, total: 2, message: "half" },
      { progress: 2, total: 2 },
    ]);
    assertEquals(client.logs, [{ level: "debug", logger: "worker", data: { step: 1 } }]);
  });

  Deno.test(`${name}: a test client throws for errors, and gives results that are failures`, async () => {
    await using client = await testClient(offer(), way);
    const unknown = await assertRejects(() => client.call("nobody"), RpcError);
    assertEquals(unknown.code, -32602);
    assertMatch(unknown.message, /^Unknown tool: nobody/);
    assertEquals((await client.call("greet", { name: 1 })).isError, true);
  });
}

for (const [name, way] of WAYS.filter(([, { era }]) => era !== "2024-11-05")) {
  Deno.test(`${name}: a test client answers for the user, the model and its folders`, async () => {
    const asked: unknown[] = [];
    await using client = await testClient(offer(), {
      ...way,
      elicit: (params) => {
        asked.push(params.message);
        return { action: "accept", content: { guests: 2 } };
      },
      roots: ["/home/ada"],
      sample: () => ({ role: "assistant", model: "test", content: { type: "text", text: "Ada" } }),
    });
    const { content: [block] } = await client.call("book");
    assertEquals(JSON.parse(block?.type === "text" ? block.text : ""), [
      { action: "accept", content: { guests: 2 } },
      "file:///home/ada",
      { type: "text", text: "Ada" },
    ]);
    assertEquals(asked, ["Guests?"]);
  });
}

for (const [name, way] of WAYS) {
  Deno.test(`${name}: a test client cancels a call, and its handler sees that`, async () => {
    const started = Promise.withResolvers<void>();
    const stopped = Promise.withResolvers<void>();
    const wait = defineTool({
      name: "wait",
      description: "Waits until it is cancelled",
      run: async (_input, { signal }) => {
        signal.addEventListener("abort", () => stopped.resolve());
        started.resolve();
        await stopped.promise;
        return "stopped";
      },
    });
    await using client = await testClient(createApp({ tools: [wait, greet] }), way);
    const abort = new AbortController();
    const calling = client.call("wait", {}, { signal: abort.signal });
    await started.promise;
    abort.abort(new Error("enough"));
    await assertRejects(() => calling, Error, "enough");
    await stopped.promise;
    assertEquals(
      (await client.call("greet", { name: "Ada" }, { signal: new AbortController().signal }))
        .isError,
      undefined,
    );
    await assertRejects(() => client.call("wait", {}, { signal: abort.signal }), Error, "enough");
  });
}

for (const [name, way] of WAYS.filter(([name]) => !name.includes("2026-07-28"))) {
  Deno.test(`${name}: a refused initialize is an RpcError, and its app is stopped`, async () => {
    let stops = 0;
    const app = createApp({
      onStop: () => void stops++,
      use: [({ method }, next) => {
        if (method === "initialize") throw new ProtocolError("forbidden", "Not you");
        return next();
      }],
    });
    const error = await assertRejects(() => testClient(app, way), RpcError, "Not you");
    assertMatch(error.message, /^initialize was refused: Not you/);
    assertEquals([error.code, stops], [-32600, 1]);
  });
}

Deno.test("a client that cannot connect stops no app that another one uses", async () => {
  const app = offer();
  await using client = await testClient(app);
  const second = testClient(app, { dialect: "plain", era: "2026-07-28" });
  await assertRejects(() => second, TypeError);
  assertEquals((await client.list("tools")).length, 4);
});

/** An app with a tool that runs until its call is stopped, and tells when it has begun. */
function appThatWaits() {
  const started = Promise.withResolvers<void>();
  const wait = defineTool({
    name: "wait",
    description: "Waits",
    run: async (_input, { signal }) => {
      started.resolve();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return "";
    },
  });
  return { app: createApp({ tools: [wait] }), started: started.promise };
}

for (const way of [{ dialect: "plain" }, { era: "2024-11-05" }] as const) {
  Deno.test(`${JSON.stringify(way)}: a call whose stream ends rejects`, async () => {
    const { app, started } = appThatWaits();
    const client = await testClient(app, { ...way, keepApp: true });
    const rejected = assertRejects(() => client.call("wait"), Error);
    await started;
    app.stop();
    assertMatch((await rejected).message, /Stream ended before the response/);
    await client.close();
  });
}

for (const [name, options] of WAYS) {
  // Over stdio a call has time to end.
  if (options.dialect !== "stdio") {
    Deno.test(`${name}: closing tells the calls that run`, async () => {
      const { app, started } = appThatWaits();
      const client = await testClient(app, options);
      const running = assertRejects(() => client.call("wait"), Error);
      await started;
      await client.close();
      const { message } = await running;
      assertEquals(message, "Test client was closed before the response to tools/call");
    });
  }

  Deno.test(`${name}: a client that is closed says so`, async () => {
    const client = await testClient(createApp(), options);
    await client.close();
    const { message } = await assertRejects(() => client.call("wait"), Error);
    assertEquals(message, "Test client is closed; it cannot send tools/call");
    await assertRejects(() => client.notify("x"), Error, "Test client is closed; it cannot send x");
    await client.close();
  });
}

const WRONG: readonly (readonly [options: unknown, says: string])[] = [
  [null, "testClient() takes an object of options, not null"],
  [{ elicits: () => {} }, 'testClient() has no option "elicits"; did you mean "elicit"?'],
  [{ era: "2025-11-24" }, 'era must be "2026-07-28" or "2025-11-25" or '],
  [{ dialect: "sse" }, 'dialect must be "plain" or "stdio", not "sse"'],
  [{ elicit: { action: "accept" } }, "elicit must be a function, not an object"],
  [{ roots: "/home" }, 'roots must be a list, not "/home"'],
  [{ roots: ["/home", 5] }, "roots[1] must be a path or { uri }, not 5"],
  [{ headers: { "x-tenant": 5 } }, "headers.x-tenant must be a text, not 5"],
  [{ headers: "x" }, 'headers must be an object, not "x"'],
  [{ peer: "10.0.0.1" }, 'peer must be an object such as { address: "10.0.0.1" }'],
  [{ keepApp: 1 }, "keepApp must be true or false, not 1"],
];

for (const [options, says] of WRONG) {
  Deno.test(`testClient() refuses: ${says}`, async () => {
    const app = createApp();
    const wrong = options as TestClientOptions;
    await assertRejects(() => testClient(app, wrong), TypeError, says);
    app.stop();
  });
}

Deno.test("testClient() takes an app, and says how to make one", async () => {
  for (const wrong of [undefined, { tools: [] }, []]) {
    const says = "pass what createApp() returns";
    await assertRejects(() => testClient(wrong as never), TypeError, says);
  }
});

Deno.test("an answer that is none is told, and not that there is no answer", async () => {
  const elicit = () => undefined as never;
  await using client = await testClient(offer(), { era: "2025-11-25", elicit });
  const { content: [block] } = await client.call("book");
  assertMatch(
    JSON.stringify(block),
    /elicit\(\) of the test client returned undefined, not an answer/,
  );
});

Deno.test("a test client that has no answer cannot be asked", async () => {
  await using legacy = await testClient(offer(), { era: "2025-11-25" });
  assertEquals((await legacy.call("book")).isError, true);
  await using modern = await testClient(offer());
  assertEquals((await assertRejects(() => modern.call("book"), RpcError)).code, -32021);
});

Deno.test("an answer that throws is told to the handler", async () => {
  await using client = await testClient(offer(), {
    era: "2025-11-25",
    elicit: () => {
      throw new Error("the user has left");
    },
  });
  const { isError, content: [block] } = await client.call("book");
  assertEquals(isError, true);
  assertMatch(block?.type === "text" ? block.text : "", /the user has left/);
});

Deno.test("a test client hears of changes while it is connected", async () => {
  const app = offer();
  await using client = await testClient(app, { era: "2025-11-25" });
  app.catalog.tools.remove("work");
  await client.list("tools");
  assertEquals(client.notifications.map(({ method }) => method), [
    "notifications/tools/list_changed",
  ]);
});

Deno.test("lists of several pages come whole", async () => {
  const tools = Array.from(
    { length: 25 },
    (_, n) => defineTool({ name: `tool_${n}`, description: "One of many", run: () => "" }),
  );
  const app = createApp({ tools, settings: { MCP_PAGE_SIZE: 10 } });
  await using client = await testClient(app);
  assertEquals((await client.list("tools")).length, 25);
});

Deno.test("a test client sends its headers and comes from its address", async () => {
  const whoami = defineTool({
    name: "whoami",
    description: "Tells who calls",
    run: (_input, { caller }) => `${caller.name} at ${caller.address}`,
  });
  const app = createApp({ tools: [whoami] });
  await using client = await testClient(app, { name: "ada", peer: { address: "10.0.0.7" } });
  assertEquals((await client.call("whoami")).content, [{ type: "text", text: "ada at 10.0.0.7" }]);
});

Deno.test("time moves a session to its end, and a call to its timeout", async () => {
  const time = new TestTime();
  const stuck = defineTool({
    name: "stuck",
    description: "Never ends",
    run: (_input, { signal }) =>
      new Promise<string>((_resolve, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason))
      ),
  });
  const app = createApp({
    tools: [stuck],
    wheel: time.wheel,
    settings: { MCP_REQUEST_TIMEOUT_MS: 30_000 },
  });
  await using client = await testClient(app, { era: "2025-11-25" });
  const failed = assertRejects(() => client.call("stuck"), RpcError);
  await time.advance(31_000);
  assertMatch((await failed).message, /timed out after 30000 ms/);
});

Deno.test("closing the last client finds what is left in the app", async () => {
  const app = offer();
  const first = await testClient(app, { era: "2025-11-25" });
  const second = await testClient(app, { keepApp: true });
  await first.close();
  // Somebody else's stream.
  const stream = await app.fetch(
    new Request("http://localhost/mcp/sse", {
      method: "POST",
      headers: { accept: "text/event-stream" },
    }),
  );
  const error = await assertRejects(() => second.close(), Error);
  assertMatch(error.message, /^Left in the app: 1 streams, \d+ unreadBytes, 1 timers/);
  await stream.body?.cancel();
  await assertNothingLeft(app);
  app.stop();
});

Deno.test("closing the last client tells why onStop failed", async () => {
  const client = await testClient(createApp({
    onStop: () => {
      throw new Error("cannot flush");
    },
  }));
  await assertRejects(() => client.close(), Error, "onStop failed: cannot flush");
});

Deno.test("what an app holds while a session listens is told by kind", async () => {
  const app = offer();
  {
    await using _client = await testClient(app, { era: "2025-11-25" });
    const { streams, sessions, requests } = app.activity();
    assertEquals([streams, sessions, requests], [1, 1, 0]);
  }
  assertEquals(app.activity(), {
    ...{ streams: 0, sessions: 0, requests: 0, handlers: 0 },
    ...{ unreadBytes: 0, timers: 0 },
  });
});

Deno.test("the plain dialect speaks no 2026-07-28, and says so", async () => {
  const app = offer();
  const connecting = testClient(app, { dialect: "plain", era: "2026-07-28" });
  await assertRejects(() => connecting, TypeError, "does not speak 2026-07-28");
});

for (const dialect of [undefined, "stdio"] as const) {
  Deno.test(`a subscription of 2026-07-28 that is cancelled leaves nothing: ${dialect ?? "HTTP"}`, async () => {
    const app = createApp();
    await using client = await testClient(app, { ...(dialect !== undefined && { dialect }) });
    const controller = new AbortController();
    const listening = client.request(
      "subscriptions/listen",
      { notifications: { toolsListChanged: true } },
      { signal: controller.signal },
    );
    const rejected = assertRejects(() => listening, Error, "enough");
    await until(() => client.notifications.length === 1);
    controller.abort(new Error("enough"));
    await rejected;
  });

  Deno.test(`a client that closes ends its subscription: ${dialect ?? "HTTP"}`, async () => {
    const app = createApp();
    const client = await testClient(app, { ...(dialect !== undefined && { dialect }) });
    const notifications = { toolsListChanged: true };
    const listening = client.request("subscriptions/listen", { notifications });
    const ended = listening.then(() => "answered", () => "rejected");
    await until(() => client.notifications.length === 1);
    await client.close();
    await ended;
  });
}

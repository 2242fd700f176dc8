/** Features that a caller does not see cannot be told from those that do not exist, in any dialect. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  definePrompt,
  defineResource,
  defineResourceTemplate,
  defineTool,
  type ServingDefinition,
} from "../../lib/mod.ts";
import { initializeRequest, rpc, type TestApp, testApp, toolCall } from "../helpers/app.ts";
import { BOTH, initialize } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";
import type { Message } from "../spec/support/inbox.ts";
import { PipeClient } from "../spec/support/stdio_client.ts";

const READER = { authorization: "Bearer the-key-of-the-reader" };
const scopes = ["secret:use"];

/**
 * Features with the name `hidden`, which need a scope, and tools that change the visibility for a
 * session.
 */
function featuresThat(serving: ServingDefinition) {
  const hidden = { name: "hidden", scopes, ...serving };
  return {
    tools: [
      defineTool({ ...hidden, description: "", run: () => "ran" }),
      defineTool({
        name: "hide",
        description: "",
        run: (_input, { session }) => (session?.hide("secret"), "hidden"),
      }),
      defineTool({
        name: "show",
        description: "",
        run: (_input, { session }) => (session?.show("secret"), "shown"),
      }),
    ],
    resources: [
      defineResource({ ...hidden, uri: "secret://hidden/1", read: () => "read" }),
    ],
    resourceTemplates: [
      defineResourceTemplate({
        ...hidden,
        uriTemplate: "secret://hidden/{id}",
        complete: { id: () => ["2"] },
        read: () => "read",
      }),
    ],
    prompts: [definePrompt({ ...hidden, run: () => "asked" })],
  };
}

function guarded(serving: ServingDefinition): TestApp {
  const keys = [{ name: "reader", key: "the-key-of-the-reader", scopes: [] }];
  return testApp({ ...featuresThat(serving), auth: { keys } });
}

/** Requests that name a feature, by its name. */
const REQUESTS: readonly [string, (name: string) => Record<string, unknown>, string?][] = [
  ["tools/call", (name) => ({ name, arguments: {} }), "name"],
  ["prompts/get", (name) => ({ name }), "name"],
  ["resources/read", (name) => ({ uri: `secret://${name}/1` }), "uri"],
  ["resources/read", (name) => ({ uri: `secret://${name}/2` }), "uri"],
  ["completion/complete", (name) => ({
    ref: { type: "ref/prompt", name },
    argument: { name: "a", value: "" },
  })],
  ["completion/complete", (name) => ({
    ref: { type: "ref/resource", uri: `secret://${name}/{id}` },
    argument: { name: "id", value: "" },
  })],
  ["resources/subscribe", (name) => ({ uri: `secret://${name}/1` })],
];

/** The answer to a client's message: status, challenge and body. */
async function answerOf(response: Response): Promise<unknown> {
  const { status, headers } = response;
  const kinds = ["www-authenticate", "content-type", "cache-control"].map((name) =>
    headers.get(name)
  );
  const isStream = headers.get("content-type") === "text/event-stream";
  const body = isStream
    ? (await new EventReader(response).rest()).map(({ data }) => data).filter(Boolean)
    : await response.text();
  return { status, kinds, body };
}

/** A client of one dialect, which sends messages and reads the answers. */
interface DialectClient extends AsyncDisposable {
  ask(method: string, params: Record<string, unknown>, nameParam?: string): Promise<unknown>;
}

const DIALECTS: Record<string, (app: TestApp) => Promise<DialectClient>> = {
  "without a session": (app) =>
    Promise.resolve({
      ask: async (method, params) =>
        await answerOf(await app.post("/mcp", rpc(method, params), READER)),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
  "2026-07-28": (app) =>
    Promise.resolve({
      ask: async (method, params, nameParam) => {
        const _meta = {
          "io.modelcontextprotocol/protocolVersion": "2026-07-28",
          "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
          "io.modelcontextprotocol/clientCapabilities": {},
        };
        const headers = {
          ...READER,
          accept: BOTH,
          "mcp-protocol-version": "2026-07-28",
          "mcp-method": method,
          ...(nameParam !== undefined && { "mcp-name": String(params[nameParam]) }),
        };
        return await answerOf(await app.post("/mcp", rpc(method, { ...params, _meta }), headers));
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
  "a session": (app) => sessionOf(app, (message) => message),
  "a batch of a session": (app) => sessionOf(app, (message) => [rpc("ping", {}, 99), message]),
  "a plain stream": async (app) => {
    const { events, id } = await app.open(undefined, {
      headers: { ...READER, accept: "text/event-stream", "content-type": "application/json" },
    });
    return {
      ask: async (method, params) => {
        const headers = { ...READER, "mcp-connection-id": id };
        const response = await app.post("/mcp/sse", rpc(method, params), headers);
        if (response.status !== 202) return await answerOf(response);
        await response.body?.cancel();
        const { event, data } = await nextAnswer(events);
        return { event, data };
      },
      [Symbol.asyncDispose]: () => events.leave(),
    };
  },
  "a 2024-11-05 stream": async (app) => {
    const events = new EventReader(
      await app.request("/mcp", { headers: { ...READER, accept: "text/event-stream" } }),
    );
    const { search } = new URL((await events.nextNamed("endpoint")).data, "http://localhost/mcp");
    return {
      ask: async (method, params) => {
        const response = await app.post(`/mcp${search}`, rpc(method, params), READER);
        if (response.status !== 202) return await answerOf(response);
        await response.body?.cancel();
        const { event, data } = await nextAnswer(events);
        return { event, data };
      },
      [Symbol.asyncDispose]: () => events.leave(),
    };
  },
};

async function sessionOf(
  app: TestApp,
  wrap: (message: unknown) => unknown,
): Promise<DialectClient> {
  const opened = await initialize(app, { version: "2025-03-26" }, READER);
  await opened.body?.cancel();
  const session = { "mcp-session-id": opened.headers.get("mcp-session-id") ?? "" };
  return {
    ask: async (method, params) =>
      await answerOf(
        await app.post("/mcp", wrap(rpc(method, params)), {
          ...READER,
          ...session,
          accept: BOTH,
        }),
      ),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function nextAnswer(events: EventReader) {
  for (;;) {
    const event = await events.next();
    assert(event !== undefined, "the stream ended");
    if (event.json !== undefined && "id" in event.json) return event;
  }
}

/** Asserts that a client gets the same for the hidden feature as for one that does not exist. */
async function assertUnknown(client: DialectClient, dialect: string): Promise<void> {
  for (const [method, paramsOf, nameParam] of REQUESTS) {
    const [hidden, absent] = [
      await client.ask(method, paramsOf("hidden"), nameParam),
      await client.ask(method, paramsOf("absent"), nameParam),
    ].map((answer) => JSON.stringify(answer).replaceAll("absent", "hidden"));
    assertEquals(hidden, absent, `${dialect}: ${method}`);
    assert(!hidden?.includes("secret:use"), `${dialect}: ${method} names the scope`);
  }
}

for (const [dialect, connect] of Object.entries(DIALECTS)) {
  Deno.test(`a disabled feature that needs a scope cannot be told from an unknown one: ${dialect}`, async () => {
    using app = guarded({ enabled: false });
    await using client = await connect(app);
    await assertUnknown(client, dialect);
  });
}

for (
  const dialect of ["a session", "a batch of a session", "a plain stream", "a 2024-11-05 stream"]
) {
  Deno.test(`a feature that its session hides cannot be told from an unknown one: ${dialect}`, async () => {
    using app = guarded({ tags: ["secret"] });
    await using client = await DIALECTS[dialect]!(app);
    await client.ask("tools/call", { name: "hide", arguments: {} });
    await assertUnknown(client, dialect);
  });

  Deno.test(`a disabled feature that its session shows needs its scope: ${dialect}`, async () => {
    using app = guarded({ tags: ["secret"], enabled: false });
    await using client = await DIALECTS[dialect]!(app);
    await client.ask("tools/call", { name: "show", arguments: {} });
    for (const [method, paramsOf] of REQUESTS) {
      const { status } = await client.ask(method, paramsOf("hidden")) as { status?: number };
      assertEquals(status, 403, `${dialect}: ${method}`);
    }
  });
}

Deno.test("a feature that middleware shows while a request runs still needs its scope", async () => {
  for (const [method, paramsOf] of REQUESTS.slice(0, 4)) {
    const keys = [{ name: "reader", key: "the-key-of-the-reader", scopes: [] }];
    using app = testApp({
      ...featuresThat({ tags: ["secret"], enabled: false }),
      auth: { keys },
      use: [(call, next) => {
        if (call.method === method) call.ctx.session?.show("secret");
        return next();
      }],
    });
    await using client = await DIALECTS["a session"]!(app);
    const { body } = await client.ask(method, paramsOf("hidden")) as { body: unknown };
    assertMatch(JSON.stringify(body), /secret:use/, method);
    assertEquals(/ran|asked|"read/.test(JSON.stringify(body)), false, method);
  }
});

Deno.test("another client's session does not say what a caller sees", async () => {
  const keys = [
    { name: "reader", key: "the-key-of-the-reader", scopes: [] },
    { name: "other", key: "the-key-of-the-other", scopes: [] },
  ];
  using app = testApp({
    ...featuresThat({ tags: ["secret"], enabled: false }),
    auth: { keys },
  });
  const opened = await initialize(app, {}, READER);
  const session = { "mcp-session-id": opened.headers.get("mcp-session-id") ?? "", accept: BOTH };
  await (await app.post("/mcp", toolCall("show"), { ...READER, ...session })).body?.cancel();
  const other = { authorization: "Bearer the-key-of-the-other" };
  const answer = await app.post("/mcp", toolCall("hidden"), { ...other, ...session });
  assertEquals(answer.status, 404);
  await answer.body?.cancel();
});

Deno.test("a call over a pipe runs what its session shows, and does not know what it hides", async () => {
  using app = guarded({ tags: ["secret"] });
  await using pipe = new PipeClient(app);
  const ask = (method: string, params: Record<string, unknown>) =>
    pipe.request(rpc(method, params, crypto.randomUUID()) as Message);
  await pipe.request(initializeRequest());
  assertEquals((await ask("tools/call", { name: "hidden" })).result.content[0].text, "ran");
  await ask("tools/call", { name: "hide" });
  const hidden = await ask("tools/call", { name: "hidden" });
  const absent = await ask("tools/call", { name: "absent" });
  assertEquals(
    JSON.stringify(hidden.error),
    JSON.stringify(absent.error).replaceAll("absent", "hidden"),
  );
});

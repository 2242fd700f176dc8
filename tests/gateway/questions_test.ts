/** Questions of a server reach its client with all their members, and the answers come back whole. */
import { assertEquals, assertRejects } from "@std/assert";
import {
  RpcError,
  type TestClient,
  testClient,
  type TestClientOptions,
} from "../../lib/testing.ts";
import { settled } from "../helpers/time.ts";
import { until } from "../helpers/until.ts";
import { at, gatewayApp } from "./gateway_app.ts";
import { ordinary, type Script, type ScriptedServer } from "./scripted_server.ts";

const META = { "com.example/a": [1] };
const FORM = {
  mode: "form",
  message: "Name?",
  requestedSchema: {
    type: "object",
    properties: { name: { type: "string", "x-hint": 1 }, pick: { enum: ["a"], enumNames: ["A"] } },
    required: ["name"],
  },
  _meta: META,
  "x-more": 1,
};
const PAGE = { mode: "url", message: "Sign in", url: "https://example.com/", elicitationId: "e1" };
const SAMPLE = {
  messages: [{ role: "user", content: { type: "audio", data: "AA==", mimeType: "audio/wav" } }],
  maxTokens: 5,
  systemPrompt: "s",
  includeContext: "thisServer",
  temperature: 0.5,
  stopSequences: ["x"],
  modelPreferences: { hints: [{ name: "m" }], costPriority: 1 },
  tools: [{ name: "t", inputSchema: { type: "object" } }],
  toolChoice: { mode: "auto" },
  metadata: { a: 1 },
  _meta: META,
};
const ACCEPTED = { action: "accept" as const, content: { name: "Ada" }, _meta: META, extra: 1 };
const SAMPLED = {
  role: "assistant" as const,
  model: "m",
  stopReason: "toolUse",
  content: [{ type: "tool_use" as const, id: "1", name: "t", input: {} }],
  _meta: META,
};
const ROOTS = [{ uri: "file:///a", name: "A", _meta: META }];
const QUESTIONS: readonly [method: string, params: object | undefined][] = [
  ["elicitation/create", FORM],
  ["elicitation/create", PAGE],
  ["sampling/createMessage", SAMPLE],
  ["roots/list", undefined],
];

/** Asks the question in each call, and its answer is the structured result. */
function asking([method, params]: typeof QUESTIONS[number]): Script {
  return ordinary((message, server) => {
    if (message.method === "tools/call") {
      server.send({ jsonrpc: "2.0", id: `q${message.id}`, method, ...(params && { params }) });
    } else if (String(message.id).startsWith("q")) {
      const { result, error } = message;
      const id = Number(message.id.slice(1));
      const structuredContent = result ?? { error };
      server.send({ jsonrpc: "2.0", id, result: { content: [], structuredContent } });
    }
    return undefined;
  });
}

function answering(seen: unknown[]): TestClientOptions {
  return {
    keepApp: true,
    elicit: (params) => (seen.push(params), ACCEPTED),
    sample: (params) => (seen.push(params), SAMPLED as never),
    roots: () => (seen.push(undefined), ROOTS),
  };
}

for (const era of ["2025-11-25", "2026-07-28"] as const) {
  for (const question of QUESTIONS) {
    const [method, params] = question;
    const mode = method === "elicitation/create" ? ` (${(params as typeof FORM).mode})` : "";
    Deno.test(`${method}${mode} reaches a client of ${era} whole, and so does the answer the server`, async () => {
      await using served = gatewayApp({ one: asking(question) });
      const seen: unknown[] = [];
      const client = await testClient(at("/mcp/one", served.app), { ...answering(seen), era });
      const { structuredContent } = await client.call("add");
      // 2026-07-28 has no ids of elicitations.
      const { elicitationId: _, ...modern } = (params ?? {}) as typeof PAGE;
      assertEquals(seen, [params && era === "2026-07-28" ? modern : params]);
      const expected = {
        "elicitation/create": ACCEPTED,
        "sampling/createMessage": SAMPLED,
        "roots/list": { roots: ROOTS },
      };
      assertEquals(structuredContent, expected[method as keyof typeof expected]);
      await client.close();
    });
  }
}

const fail = (): never => {
  throw new Error("User rejected");
};

Deno.test("the error of a client that refuses reaches the server unchanged", async () => {
  await using served = gatewayApp({ one: asking(QUESTIONS[2]!) });
  const client = await testClient(served.app, { era: "2025-11-25", keepApp: true, sample: fail });
  const { structuredContent } = await client.call("one__add");
  assertEquals(structuredContent, { error: { code: -32603, message: "User rejected" } });
  await client.close();
});

Deno.test("a refusal ends the call of a server of 2026-07-28, which has no errors as answers", async () => {
  const script: Script = ({ method }) => {
    if (method === "server/discover") {
      return { supportedVersions: ["2026-07-28"], capabilities: { tools: {} } };
    }
    const [asked, params] = QUESTIONS[0]!;
    return method === "tools/list"
      ? { tools: [{ name: "add", inputSchema: { type: "object" } }] }
      : { resultType: "input_required", inputRequests: { q: { method: asked, params } } };
  };
  await using served = gatewayApp({ one: script });
  const client = await testClient(served.app, { era: "2025-11-25", keepApp: true, elicit: fail });
  await assertRejects(() => client.call("one__add"), RpcError, "User rejected");
  await client.close();
});

async function waiting(): Promise<{
  served: ReturnType<typeof gatewayApp>;
  client: TestClient;
  server: ScriptedServer;
  call: Promise<unknown>;
  cancellations: () => unknown[];
}> {
  const served = gatewayApp({ one: asking(QUESTIONS[0]!) });
  const asked = Promise.withResolvers<void>();
  const client = await testClient(served.app, {
    era: "2025-11-25",
    keepApp: true,
    elicit: () => (asked.resolve(), new Promise(() => {})),
  });
  const call = client.call("one__add");
  call.catch(() => {});
  await asked.promise;
  const cancellations = () =>
    client.notifications.filter(({ method }) => method === "notifications/cancelled")
      .map(({ params }) => params?.reason);
  return { served, client, server: served.runs.one!.at(-1)!, call, cancellations };
}

Deno.test("a server that cancels its question cancels it at the client, and gets no answer", async () => {
  const { served, client, server, call, cancellations } = await waiting();
  const [{ id }] = server.received.filter(({ method }) => method === "tools/call") as [
    { id: number },
  ];
  const params = { requestId: `q${id}`, reason: "too late" };
  server.send({ jsonrpc: "2.0", method: "notifications/cancelled", params });
  await until(() => cancellations().length > 0);
  assertEquals(cancellations(), ["too late"]);
  server.send({ jsonrpc: "2.0", id, result: { content: [] } });
  assertEquals(await call, { content: [] });
  await settled();
  assertEquals(server.received.filter((message) => message.id === `q${id}`), []);
  await client.close();
  await served[Symbol.asyncDispose]();
});

Deno.test("a question of a server that dies is cancelled at the client", async () => {
  const { served, client, server, call, cancellations } = await waiting();
  server.die();
  await assertRejects(() => call, RpcError, "out of luck");
  await until(() => cancellations().length > 0);
  await client.close();
  await served[Symbol.asyncDispose]();
});

Deno.test("a server learns of changed roots, and its client of a page that was visited", async () => {
  await using served = gatewayApp({ one: asking(QUESTIONS[1]!) });
  const client = await testClient(served.app, { ...answering([]), era: "2025-11-25" });
  await client.call("one__add");
  await client.notify("notifications/roots/list_changed");
  const server = served.runs.one!.at(-1)!;
  await until(() => server.received.at(-1)?.method === "notifications/roots/list_changed");
  const method = "notifications/elicitation/complete";
  server.send({ jsonrpc: "2.0", method, params: { elicitationId: "e1", _meta: META } });
  await until(() => client.notifications.some((one) => one.method === method));
  assertEquals(client.notifications.at(-1)!.params, { elicitationId: "e1", _meta: META });
  await client.close();
});

Deno.test("a server is told that its client can include context when it samples", async () => {
  await using served = gatewayApp({ one: asking(QUESTIONS[2]!) });
  await served.app.start();
  const capabilities = { sampling: { context: {}, tools: {} } };
  const response = await served.app.fetch(
    new Request("http://localhost/mcp", {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
      },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "initialize",
        params: {
          protocolVersion: "2025-11-25",
          capabilities,
          clientInfo: { name: "t", version: "1" },
        },
      }),
    }),
  );
  await response.text();
  await until(() => served.runs.one!.length === 2);
  await until(() => served.runs.one![1]!.received.length > 0);
  assertEquals(served.runs.one![1]!.received[0]!.params.capabilities, capabilities);
});

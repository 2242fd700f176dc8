/** Questions of servers to clients of 2026-07-28: a call waits for its answer, and runs once. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { testClient } from "../../lib/testing.ts";
import { META_KEYS } from "../../lib/wire/meta.ts";
import { settled } from "../helpers/time.ts";
import { until } from "../helpers/until.ts";
import { gatewayApp } from "./gateway_app.ts";
import { ordinary, type ScriptedServer } from "./scripted_server.ts";

/** Asks twice in each call of `add`, and returns both answers. */
const asking = () => {
  const answers = new Map<ScriptedServer, string[]>();
  return ordinary((message, server) => {
    const question = (call: number, n: number) =>
      server.send({
        jsonrpc: "2.0",
        id: `q${call}.${n}`,
        method: "elicitation/create",
        params: {
          message: `Question ${n}?`,
          requestedSchema: { type: "object", properties: { name: { type: "string" } } },
        },
      });
    if (message.method === "tools/call" && message.params.name === "add") {
      answers.set(server, []);
      question(message.id, 1);
    } else if (String(message.id).startsWith("q")) {
      const [call = 0, n = 0] = message.id.slice(1).split(".").map(Number);
      const known = answers.get(server)!;
      known.push(message.result?.content?.name ?? message.result?.action ?? message.error?.message);
      if (n === 1) return void question(call, 2);
      server.send({
        jsonrpc: "2.0",
        id: call,
        result: { content: [{ type: "text", text: known.join(" ") }] },
      });
    }
    return undefined;
  });
};

const CAPABILITIES = { elicitation: { form: {} } };

function gateway() {
  const served = gatewayApp({ one: asking() }, { entries: { one: { prefix: "" } } });
  const call = async (
    extra: Record<string, unknown> = {},
    name = "add",
    signal: AbortSignal | null = null,
    // deno-lint-ignore no-explicit-any -- a test looks into whatever came
  ): Promise<any> => {
    const params = {
      name,
      arguments: {},
      ...extra,
      _meta: {
        [META_KEYS.protocolVersion]: "2026-07-28",
        [META_KEYS.clientInfo]: { name: "test", version: "1" },
        [META_KEYS.clientCapabilities]: CAPABILITIES,
      },
    };
    const response = await served.app.fetch(
      new Request("http://localhost/mcp", {
        method: "POST",
        signal,
        headers: {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          "mcp-protocol-version": "2026-07-28",
          "mcp-method": "tools/call",
          "mcp-name": name,
        },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params }),
      }),
    );
    const text = await response.text();
    return JSON.parse(text.startsWith("{") ? text : text.match(/data: ?(\{.*)/)![1]!);
  };
  const calls = () =>
    Object.values(served.runs).flat().flatMap(({ received }) =>
      received.filter(({ method }) => method === "tools/call")
    );
  return { ...served, call, calls };
}

const answerTo = ({ result }: { result: Record<string, unknown> }, name: string) => ({
  requestState: result.requestState,
  inputResponses: Object.fromEntries(
    Object.keys(result.inputRequests as object)
      .map((key) => [key, { action: "accept", content: { name } }]),
  ),
});

Deno.test("a question becomes input_required, the call waits, and runs once whatever the rounds", async () => {
  await using served = gateway();
  const first = await served.call();
  assertEquals(first.result.resultType, "input_required");
  const [{ method, params }] = Object.values(first.result.inputRequests) as [
    { method: string; params: { message: string } },
  ];
  assertEquals([method, params.message], ["elicitation/create", "Question 1?"]);
  const second = await served.call(answerTo(first, "Ada"));
  assertEquals(second.result.resultType, "input_required");
  const last = await served.call(answerTo(second, "Eve"));
  assertEquals(last.result.resultType, "complete");
  assertEquals(last.result.content, [{ type: "text", text: "Ada Eve" }]);
  assertEquals(served.calls().length, 1);
});

Deno.test("a client of 2026-07-28 gets the server's answer to its own answers, also twelve at a time", async () => {
  await using served = gateway();
  const names = Array.from({ length: 12 }, (_, n) => `client${n}`);
  const clients = await Promise.all(names.map((name) =>
    testClient(served.app, {
      keepApp: true,
      elicit: () => ({ action: "accept", content: { name } }),
    })
  ));
  const results = await Promise.all(clients.map((client) => client.call("add")));
  assertEquals(
    results.map(({ content: [text] }) => (text as { text: string }).text),
    names.map((name) => `${name} ${name}`),
  );
  assertEquals(served.calls().length, 12);
  assert(served.runs.one!.length <= 9, "no more than eight and the shared one");
  for (const client of clients) await client.close();
});

Deno.test("a client that comes back twice, too late or with another call is refused, and nothing runs again", async () => {
  await using served = gateway();
  const first = await served.call();
  const back = answerTo(first, "Ada");
  const [one, two] = await Promise.all([served.call(back), served.call(back)]);
  const refused = [one, two].find(({ error }) => error !== undefined);
  assertMatch(refused.error.message, /not held any more/);
  assertEquals((await served.call({ ...back, arguments: { other: 1 } })).error.code, -32602);
  const { requestState } = back;
  assertMatch((await served.call({ requestState })).error.message, /not held any more/);
  assertEquals(served.calls().length, 1);
});

Deno.test("a client that declares nothing shares a process, whose questions are refused", async () => {
  await using served = gateway();
  const client = await testClient(served.app, { keepApp: true });
  const { content: [text] } = await client.call("add");
  assertMatch((text as { text: string }).text, /Method not found/);
  assertEquals(served.runs.one!.length, 1);
  await client.close();
});

Deno.test("a call that ends while its client is away gives its result to the client that comes back", async () => {
  const server = ordinary((message, server) => {
    if (message.method !== "tools/call") return undefined;
    server.send({ jsonrpc: "2.0", id: "q", method: "roots/list" });
    return { content: [{ type: "text", text: "done meanwhile" }] };
  });
  await using served = gatewayApp({ one: server }, { entries: { one: { prefix: "" } } });
  const client = await testClient(served.app, { keepApp: true, roots: () => [] });
  const { content } = await client.call("add");
  assertEquals(content, [{ type: "text", text: "done meanwhile" }]);
  await client.close();
});

Deno.test("a held call fails when its server dies, and the client that comes back is told", async () => {
  await using served = gateway();
  const first = await served.call();
  const busy = served.runs.one!.find(({ received }) =>
    received.some(({ method }) => method === "tools/call")
  )!;
  busy.die("SIGKILL");
  await settled();
  assertMatch((await served.call(answerTo(first, "Ada"))).error.message, /ended \(SIGKILL\)/);
});

Deno.test("a client that leaves while its call runs has it cancelled, and the process is free again", async () => {
  await using served = gateway();
  const stop = new AbortController();
  const slow = served.call({}, "slow", stop.signal).catch(() => {});
  while (served.calls().length === 0) await settled();
  stop.abort();
  await slow;
  const cancelled = () =>
    served.runs.one!.some(({ received }) =>
      received.some(({ method }) => method === "notifications/cancelled")
    );
  await until(cancelled);
  assertEquals((await served.call()).result.resultType, "input_required");
  assertEquals(served.runs.one!.length, 2);
});

Deno.test("callers with different credentials do not share a process that asks, and beyond the limit the idle one ends", async () => {
  await using served = gatewayApp({ one: asking() }, {
    entries: { one: { prefix: "", maxChildren: 2 } },
    authenticate: ({ headers }) => ({ principal: headers.get("x-who") ?? "nobody" }),
  });
  const elicit = () => ({ action: "accept" as const, content: { name: "Ada" } });
  for (const who of ["ada", "ada", "eve", "bob"]) {
    const client = await testClient(served.app, {
      keepApp: true,
      elicit,
      headers: { "x-who": who },
    });
    await client.call("add");
    await client.close();
  }
  const [, ada, eve, bob] = served.runs.one!;
  assertEquals(served.runs.one!.length, 4);
  await until(() => ada!.isEnded);
  assertEquals([eve!.isEnded, bob!.isEnded], [false, false]);
});

import { assert, assertEquals } from "@std/assert";
import { eachRevision } from "./support/each_revision.ts";
import { specApp } from "./support/fixtures.ts";
import type { Message } from "./support/inbox.ts";
import { assertMessage } from "./support/json_rpc.ts";
import { connect } from "./support/legacy_client.ts";
import { META_KEY } from "./support/meta_key.ts";
import { metaKeys, tour, TRUSTING } from "./support/tour.ts";

Deno.test("all that a server sends in a session is valid JSON-RPC 2.0", async (t) => {
  await eachRevision(t, TRUSTING, async (_app, client) => {
    const messages = await tour(client);
    assert(messages.length > 20);
    for (const message of messages) assertMessage(message);
  });
});

Deno.test("requests to the client have a string or integer id, each a new one", async (t) => {
  await eachRevision(t, TRUSTING, async (_app, client) => {
    const calls = ["sample", "roots", "sample", "roots"];
    for (const name of calls) await client.request("tools/call", { name });
    await Promise.all(calls.map((name) => client.request("tools/call", { name })));
    const ids = requestsTo(client.inbox.messages).map(({ id }) => id);
    assertEquals(ids.length, 8);
    for (const id of ids) assert(typeof id === "string" || Number.isInteger(id));
    assertEquals(new Set(ids).size, ids.length);
  });
});

Deno.test("requests to the client ask for no progress, or with tokens that are unique", async (t) => {
  await eachRevision(t, TRUSTING, async (_app, client) => {
    await Promise.all(["sample", "roots"].map((name) => client.request("tools/call", { name })));
    const requests = requestsTo(client.inbox.messages);
    assertEquals(requests.length, 2);
    const asking = requests.filter(({ params }) => "progressToken" in (params?._meta ?? {}));
    assertEquals(asking, [], "none asks for progress, so no token can be used twice");
  });
});

Deno.test("a response carries the id of its request, result or error", async (t) => {
  const ids = ["a", "", "7", 7, 0, -1, 2 ** 53 - 1, "ü\n\u2028"];
  await eachRevision(t, TRUSTING, async (_app, client) => {
    for (const id of ids) {
      assertEquals((await client.request("ping", {}, id)).id, id);
    }
    for (const id of ids) {
      const suffixed = typeof id === "string" ? `${id}-error` : id - 1000;
      const { id: answered, error } = await client.request("no/such", {}, suffixed);
      assertEquals([answered, error.code], [suffixed, -32601]);
    }
  });
});

Deno.test("an error before any method ran carries the id too, where it could be read", async () => {
  using app = specApp({ settings: { MCP_MAX_CONNECTIONS: 1 } });
  await using client = await connect(app);
  await client.listen();
  const ping = { jsonrpc: "2.0", id: "mine", method: "ping" };
  const refusals: [path: string, headers: Record<string, string>][] = [
    ["/mcp", { "mcp-session-id": "no such session" }],
    ["/mcp", { "mcp-protocol-version": "1999-01-01" }],
    ["/mcp?connection_id=none", {}],
    ["/mcp/sse", { "mcp-connection-id": "none" }],
    ["/mcp/sse", { accept: "text/event-stream" }],
  ];
  for (const [path, headers] of refusals) {
    const response = await app.post(path, ping, headers);
    const { id, error } = await response.json();
    assertEquals([response.ok, id, Number.isInteger(error.code)], [false, "mine", true], path);
  }
});

Deno.test("every error has an integer code and a message", async (t) => {
  await eachRevision(t, TRUSTING, async (_app, client) => {
    const errors = (await tour(client)).filter((message) => "error" in message);
    assert(errors.length > 5);
    const refused = ["{", "[]", "null", '{"jsonrpc":"1.0"}', '{"jsonrpc":"2.0","id":{}}'];
    for (const body of refused) errors.push(await (await client.post(body)).json());
    for (const { error } of errors) {
      assert(Number.isInteger(error.code), JSON.stringify(error));
      assert(typeof error.message === "string" && error.message !== "", JSON.stringify(error));
    }
  });
});

Deno.test("errors of the revisions with initialize have JSON-RPC's codes, or -32002", async (t) => {
  const codes = [-32700, -32600, -32601, -32602, -32603, -32002];
  await eachRevision(t, TRUSTING, async (_app, client) => {
    const errors = (await tour(client)).filter((message) => "error" in message);
    assert(errors.length > 5);
    for (const { error } of errors) assert(codes.includes(error.code), JSON.stringify(error));
  });
});

Deno.test("notifications to the client have no id", async (t) => {
  await eachRevision(t, TRUSTING, async (_app, client) => {
    const messages = await tour(client);
    const notifications = messages.filter(({ method }) => method?.startsWith("notifications/"));
    assert(notifications.length > 2);
    for (const message of notifications) assert(!("id" in message), JSON.stringify(message));
  });
});

Deno.test("a notification is never answered, known or unknown, well formed or not", async (t) => {
  const notifications = [
    { method: "notifications/initialized" },
    { method: "notifications/cancelled", params: { requestId: 99 } },
    { method: "notifications/cancelled", params: { requestId: {} } },
    { method: "notifications/roots/list_changed" },
    { method: "notifications/no/such" },
    { method: "tools/list" },
    { method: "tools/call", params: { name: "echo", arguments: { message: "x" } } },
  ];
  await eachRevision(t, TRUSTING, async (_app, client) => {
    const before = client.inbox.messages.length;
    for (const each of notifications) {
      const response = await client.post({ jsonrpc: "2.0", ...each });
      assertEquals([response.status, await response.text()], [202, ""], each.method);
    }
    const { id } = await client.request("ping");
    const answers = client.inbox.messages.slice(before).filter(({ method }) => !method);
    assertEquals(answers.map((answer) => answer.id), [id]);
  });
});

Deno.test("reserved _meta keys may hold anything", async (t) => {
  const values = [null, 1, "x", [], {}, { progressToken: 1 }, "9".repeat(1000)];
  const keys = ["io.modelcontextprotocol/future", "dev.mcp/x", "modelcontextprotocol.io/y"];
  await eachRevision(t, TRUSTING, async (_app, client) => {
    for (const value of values) {
      const _meta = Object.fromEntries(keys.map((key) => [key, value]));
      const { result } = await client.request("tools/list", { _meta });
      assert(result.tools.length > 0, JSON.stringify(value));
    }
  });
});

Deno.test("every _meta key that is sent has the prescribed form", async (t) => {
  for (const bad of ["a b", "/x", "-a/x", "a..b/x", "x-", ".x"]) assert(!META_KEY.test(bad), bad);
  await eachRevision(t, TRUSTING, async (_app, client) => {
    assertEquals(
      metaKeys(await tour(client)),
      [],
      "these revisions are sent none, so none is wrong",
    );
  });
});

Deno.test("2025-03-26: a batch of requests and notifications is answered request by request", async () => {
  using app = specApp();
  await using client = await connect(app, { version: "2025-03-26" });
  const response = await client.post([
    { jsonrpc: "2.0", id: 1, method: "ping" },
    { jsonrpc: "2.0", method: "notifications/initialized" },
    { jsonrpc: "2.0", id: "two", method: "no/such" },
    {
      jsonrpc: "2.0",
      id: 3,
      method: "tools/call",
      params: { name: "echo", arguments: { message: "x" } },
    },
  ]);
  assertEquals(response.status, 200);
  await client.take(response);
  const one = await client.inbox.response(1);
  const two = await client.inbox.response("two");
  const three = await client.inbox.response(3);
  assertEquals([one.result, two.error.code], [{}, -32601]);
  assertEquals(three.result.content, [{ type: "text", text: "x" }]);
});

Deno.test("2025-03-26: a batch of notifications and responses is answered 202 without a body", async () => {
  using app = specApp();
  await using client = await connect(app, { version: "2025-03-26" });
  const batches = [
    [{ jsonrpc: "2.0", method: "notifications/initialized" }, {
      jsonrpc: "2.0",
      method: "notifications/x",
    }],
    [{ jsonrpc: "2.0", id: "unknown", result: {} }],
  ];
  for (const batch of batches) {
    const response = await client.post(batch);
    assertEquals([response.status, await response.text()], [202, ""]);
  }
});

function requestsTo(messages: readonly Message[]): Message[] {
  return messages.filter((message) => "method" in message && "id" in message);
}

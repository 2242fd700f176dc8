import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { ProtocolError } from "../../lib/base/errors.ts";
import { defineResource, defineResourceTemplate } from "../../lib/registry/resource.ts";
import { defineTool } from "../../lib/registry/tool.ts";
import { specApp } from "./support/fixtures.ts";
import type { Message } from "./support/inbox.ts";
import { assertMessage } from "./support/json_rpc.ts";
import { META_KEY } from "./support/meta_key.ts";
import {
  messagesOf,
  mirrorHeaders,
  MODERN,
  modernBody,
  modernPost,
  modernRequest,
} from "./support/modern.ts";
import { modernTour } from "./support/modern_tour.ts";
import { metaKeys } from "./support/tour.ts";

const PREFIX = "io.modelcontextprotocol/";
/** JSON-RPC's codes, and those that 2026-07-28 defines. */
const CODES = [-32700, -32600, -32601, -32602, -32603, -32020, -32021, -32022];

Deno.test("2026-07-28: all that a server sends is valid JSON-RPC 2.0", async () => {
  using app = specApp();
  const messages = await modernTour(app);
  assert(messages.length > 40);
  for (const message of messages) assertMessage(message);
});

Deno.test("2026-07-28: a server sends responses and notifications, never a request", async () => {
  using app = specApp();
  const calls = (await modernTour(app)).filter((message) => "method" in message);
  assert(calls.length > 5);
  for (const message of calls) assert(!("id" in message), JSON.stringify(message));
});

Deno.test("2026-07-28: a server never cancels anything but a subscription", async () => {
  using app = specApp();
  const messages = await modernTour(app);
  assertEquals(messages.filter(({ method }) => method === "notifications/cancelled"), []);
});

Deno.test("2026-07-28: a response carries the id of its request, result or error", async () => {
  using app = specApp();
  for (const id of ["a", "", "7", 7, 0, -1, 2 ** 53 - 1, "ü\n\u2028"]) {
    assertEquals((await modernRequest(app, "tools/list", {}, { id })).id, id);
    const unknown = await modernRequest(app, "no/such", {}, { id });
    assertEquals([unknown.id, unknown.error.code], [id, -32601]);
    const bare = await modernRequest(app, "tools/list", {}, {
      id,
      meta: { [`${PREFIX}clientCapabilities`]: undefined },
    });
    assertEquals([bare.id, bare.error.code], [id, -32602]);
    const mismatch = await modernRequest(app, "tools/list", {}, {
      id,
      headers: { "mcp-method": "tools/call" },
    });
    assertEquals([mismatch.id, mismatch.error.code], [id, -32020]);
  }
});

Deno.test("2026-07-28: every result has a resultType of the core protocol", async () => {
  using app = specApp();
  app.catalog.tools.add(defineTool({
    name: "odd",
    description: "Says what kind its result is",
    run: () => ({ content: [], resultType: "odd" }),
  }));
  const tour = [...await modernTour(app), await modernRequest(app, "tools/call", { name: "odd" })];
  const results = tour.filter((message) => "result" in message);
  const types = new Set(results.map(({ result }) => result.resultType));
  assertEquals(types, new Set(["complete", "input_required"]));
});

Deno.test("2026-07-28: error codes are JSON-RPC's or those the revision defines", async () => {
  using app = specApp();
  const missing = () => {
    throw new ProtocolError("resource_not_found", "Gone");
  };
  app.catalog.tools.add(defineTool({ name: "gone", description: "Gone", run: missing }));
  app.catalog.resources.add(defineResource({
    uri: "test://gone",
    name: "gone",
    read: async () => await Promise.reject(new ProtocolError("resource_not_found", "Gone")),
  }));
  const messages = [
    ...await modernTour(app),
    await modernRequest(app, "tools/call", { name: "gone" }),
    await modernRequest(app, "resources/read", { uri: "test://gone" }),
    await (await app.post("/mcp", "{", { "mcp-protocol-version": MODERN })).json(),
    await (await app.post("/mcp", "[]", { "mcp-protocol-version": MODERN })).json(),
  ];
  const errors = messages.filter((message) => "error" in message).map(({ error }) => error);
  assert(errors.length > 15);
  for (const { code, message } of errors) {
    assert(CODES.includes(code), `${code} ${message}`);
    assert(typeof message === "string" && message !== "");
  }
});

Deno.test("2026-07-28: a notification is answered 202 without a body", async () => {
  using app = specApp();
  const notifications = [
    { method: "notifications/cancelled", params: { requestId: 1 } },
    { method: "notifications/no/such" },
    { method: "tools/call", params: { name: "echo", arguments: { message: "x" } } },
  ];
  for (const { method, params } of notifications) {
    const { id: _, ...body } = modernBody(method, params);
    const response = await app.request("/mcp", {
      method: "POST",
      headers: mirrorHeaders(body),
      body: JSON.stringify(body),
    });
    assertEquals([response.status, await response.text()], [202, ""], method);
  }
});

Deno.test("2026-07-28: a message that cannot be accepted is answered with an HTTP error", async () => {
  using app = specApp();
  const headers = { "mcp-protocol-version": MODERN };
  const notification = '{"jsonrpc":"2.0","method":"notifications/x","params":';
  for (const body of ["", "{", "7", "[]", '{"jsonrpc":"2.0"}', `${notification}[]}`]) {
    const response = await app.post("/mcp", body, headers);
    assertEquals(response.status, 400, body);
    assertNotEquals((await response.json()).error, undefined);
  }
  const response = await app.post("/mcp", '{"jsonrpc":"2.0","id":1,"result":{}}', headers);
  assertEquals(response.status, 400);
  await response.body?.cancel();
});

Deno.test("2026-07-28: unknown _meta keys may hold anything", async () => {
  using app = specApp();
  for (const value of [null, 1, "x", [], {}, "9".repeat(1000)]) {
    const meta = { [`${PREFIX}future`]: value, "dev.mcp/x": value, traceparent: value };
    const { result } = await modernRequest(app, "tools/list", {}, { meta });
    assert(result.tools.length > 0, JSON.stringify(value));
  }
});

Deno.test("2026-07-28: every _meta key that is sent has the prescribed form", async () => {
  using app = specApp();
  const keys = metaKeys(await modernTour(app));
  assert(keys.length > 20);
  for (const key of keys) assertMatch(key, META_KEY);
});

Deno.test("2026-07-28: a request without its required _meta is refused with -32602 and 400", async () => {
  using app = specApp();
  const faults: Record<string, unknown>[] = [
    { [`${PREFIX}protocolVersion`]: undefined },
    { [`${PREFIX}protocolVersion`]: 20260728 },
    { [`${PREFIX}clientCapabilities`]: undefined },
    { [`${PREFIX}clientCapabilities`]: null },
    { [`${PREFIX}clientCapabilities`]: ["roots"] },
  ];
  for (const method of ["server/discover", "tools/list", "subscriptions/listen"]) {
    for (const meta of faults) {
      const response = await modernPost(app, method, { notifications: {} }, {
        meta,
        headers: { "mcp-protocol-version": MODERN },
      });
      assertEquals(response.status, 400, JSON.stringify(meta));
      assertEquals((await response.json()).error.code, -32602);
    }
  }
  const bare = { jsonrpc: "2.0", id: 1, method: "tools/list" };
  const headers = { "mcp-protocol-version": MODERN, "mcp-method": "tools/list" };
  const response = await app.post("/mcp", bare, headers);
  assertEquals([response.status, (await response.json()).error.code], [400, -32602]);
});

Deno.test("2026-07-28: a call that needs an undeclared capability is -32021 and 400", async () => {
  using app = specApp();
  const needs: Record<string, Record<string, unknown>> = {
    ask: { elicitation: { form: {} } },
    ask_url: { elicitation: { url: {} } },
    sample: { sampling: {} },
    roots: { roots: {} },
  };
  for (const [name, requiredCapabilities] of Object.entries(needs)) {
    const response = await modernPost(app, "tools/call", { name });
    assertEquals(response.status, 400, name);
    const { error } = await response.json();
    assertEquals([error.code, error.data], [-32021, { requiredCapabilities }]);
  }
});

Deno.test("2026-07-28: an unsupported version is -32022 and 400, with those supported", async () => {
  using app = specApp();
  for (const requested of ["2026-12-31", "2999-01-01", "1900-01-01", "2025-11-25", "draft", ""]) {
    const response = await modernPost(app, "tools/list", {}, {
      meta: { [`${PREFIX}protocolVersion`]: requested },
    });
    const { error } = await response.json();
    assertEquals([response.status, error.code], [400, -32022], requested);
    assertEquals(error.data.requested, requested);
    assert(error.data.supported.includes(MODERN));
  }
});

Deno.test("2026-07-28: nothing is remembered from an earlier request", async () => {
  using app = specApp();
  const capabilities = { elicitation: {}, roots: {}, sampling: {} };
  const first = await modernRequest(app, "tools/call", { name: "ask" }, { capabilities });
  assertEquals(first.result.resultType, "input_required");
  const second = await modernRequest(app, "tools/call", { name: "ask" });
  assertEquals(second.error.code, -32021);
  const [logged] = await Promise.all([
    modernPost(app, "tools/call", { name: "log_all" }, {
      meta: { [`${PREFIX}logLevel`]: "debug" },
    }),
  ]);
  assertEquals((await messagesOf(logged)).length, 9);
  const silent = await messagesOf(await modernPost(app, "tools/call", { name: "log_all" }));
  assertEquals(silent.length, 1);
  const who = await modernRequest(app, "tools/call", { name: "who" }, {
    meta: { [`${PREFIX}clientInfo`]: undefined },
  });
  assertEquals(JSON.parse(who.result.content[0].text), { address: "127.0.0.1" });
});

Deno.test("2026-07-28: resources/read of what does not exist is -32602, never empty contents", async () => {
  using app = specApp();
  app.catalog.resourceTemplates.add(defineResourceTemplate({
    uriTemplate: "users://{id}",
    name: "users",
    read: async () => await Promise.reject(new ProtocolError("resource_not_found", "No such user")),
  }));
  for (const uri of ["test://missing", "", "file:///etc/passwd", "users://7"]) {
    const { error, result } = await modernRequest(app, "resources/read", { uri });
    assertEquals([error?.code, result], [-32602, undefined], uri);
  }
});

Deno.test("2026-07-28: an unknown method is answered 404 and -32601", async () => {
  using app = specApp();
  const removed = ["initialize", "ping", "logging/setLevel", "resources/subscribe", "tasks/get"];
  for (const method of [...removed, "no/such", "toString"]) {
    const response = await modernPost(app, method);
    const { id, error } = await response.json() as Message;
    assertEquals([response.status, id, error.code], [404, 1, -32601], method);
  }
});

Deno.test("2026-07-28: an error of a tool has the status that the revision asks for with its code", async () => {
  using app = specApp();
  const statuses = {
    method_not_found: 404,
    header_mismatch: 400,
    missing_client_capability: 400,
    unsupported_protocol_version: 400,
    invalid_params: 200,
    internal_error: 200,
  } as const;
  for (const [kind, status] of Object.entries(statuses)) {
    app.catalog.tools.add(defineTool({
      name: kind,
      description: "Fails",
      run: () => {
        throw new ProtocolError(kind as keyof typeof statuses, "failed");
      },
    }));
    const response = await modernPost(app, "tools/call", { name: kind });
    const { error } = await response.json() as Message;
    assertEquals([response.status, error.message], [status, "failed"], kind);
  }
});

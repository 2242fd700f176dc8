import { assert, assertEquals, assertMatch } from "@std/assert";
import { defineTool } from "../../lib/registry/tool.ts";
import { EventReader } from "../helpers/sse.ts";
import { type SpecApp, specApp } from "./support/fixtures.ts";
import type { Message } from "./support/inbox.ts";
import {
  messagesOf,
  mirrorHeaders,
  modernBody,
  modernMessages,
  modernPost,
  modernRequest,
} from "./support/modern.ts";
import { aborted } from "./support/patience.ts";

const TEXT = 'ü 世界 🦑 \u2028 "\\ \u0001';
const FORGED = 'x\n\nevent: message\ndata: {"forged":true}\n\r\n\rdata: {"forged":true}\u2028\n\n';
const LOG = { "io.modelcontextprotocol/logLevel": "debug" };

Deno.test("2026-07-28: one path takes every request, on /mcp as on /mcp/sse", async () => {
  using app = specApp();
  const requests: [method: string, params: Record<string, unknown>][] = [
    ["server/discover", {}],
    ["tools/list", {}],
    ["tools/call", { name: "echo", arguments: { message: "x" } }],
    ["resources/read", { uri: "test://text" }],
    ["prompts/get", { name: "media" }],
  ];
  for (const path of ["/mcp", "/mcp/sse"]) {
    for (const [method, params] of requests) {
      const { result } = await modernRequest(app, method, params, { path });
      assertEquals(result.resultType, "complete", `${path} ${method}`);
    }
  }
});

Deno.test("2026-07-28: messages are UTF-8 both ways, as JSON and on a stream", async () => {
  using app = specApp();
  const body = modernBody("tools/call", { name: "echo", arguments: { message: TEXT } });
  for (const accept of ["application/json, text/event-stream", "text/event-stream"]) {
    const response = await app.request("/mcp", {
      method: "POST",
      headers: { ...mirrorHeaders(body), accept },
      body: new TextEncoder().encode(JSON.stringify(body)),
    });
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await response.bytes());
    const line = text.startsWith("{") ? text : /^data: (\{[^\r\n]*)$/m.exec(text)?.[1];
    assertEquals(JSON.parse(line ?? "").result.content[0].text, TEXT);
  }
});

Deno.test("2026-07-28: a request is answered as JSON, or as a stream once there is more", async () => {
  using app = specApp();
  const quick = await modernPost(app, "tools/call", { name: "report" });
  assertMatch(quick.headers.get("content-type") ?? "", /^application\/json/);
  assertEquals((await quick.json()).result.content[0].text, "reported");
  const meta = { progressToken: "p" };
  const telling = await modernPost(app, "tools/call", { name: "report" }, { meta });
  assertMatch(telling.headers.get("content-type") ?? "", /^text\/event-stream/);
  const messages = await messagesOf(telling);
  assertEquals(messages.length, 4);
  assertEquals(messages.at(-1)?.result.content[0].text, "reported");
});

Deno.test("2026-07-28: a response stream carries only what belongs to its request", async () => {
  using app = specApp();
  const [first, second] = await Promise.all(
    ["one", "two"].map((progressToken) =>
      modernMessages(app, "tools/call", { name: "report" }, {
        id: progressToken,
        meta: { progressToken },
      })
    ),
  );
  app.catalog.tools.remove("fail");
  for (const [name, messages] of Object.entries({ one: first, two: second })) {
    assertEquals(messages?.map(({ id, params }) => id ?? params.progressToken), [
      name,
      name,
      name,
      name,
    ]);
  }
});

Deno.test("2026-07-28: no change of a list is told on the stream of a call", async () => {
  using app = specApp();
  const response = await startWaiting(app, "call");
  app.catalog.tools.remove("fail");
  app.catalog.resourceUpdated("test://text");
  app.gate.open();
  const messages = await messagesOf(response);
  assertEquals(messages.map(({ id, method }) => id ?? method), ["notifications/message", "call"]);
});

Deno.test("2026-07-28: closing the response stream cancels that request, and only that", async () => {
  using app = specApp();
  const left = await startWaiting(app, "left");
  const stays = await startWaiting(app, "stays");
  const [gone, kept] = app.gate.contexts;
  assert(gone !== undefined && kept !== undefined);
  const signal = aborted(gone.signal);
  await left.body?.cancel();
  await signal;
  assertEquals(gone.signal.reason.reason, "client_closed");
  assertEquals(kept.signal.aborted, false);
  app.gate.open();
  assertEquals((await messagesOf(stays)).at(-1)?.id, "stays");
});

Deno.test("2026-07-28: after its stream is closed a call can send nothing", async () => {
  using app = specApp();
  const response = await startWaiting(app, "left");
  const context = await app.gate.entered();
  const signal = aborted(context.signal);
  const [connection] = app.registry.values();
  await response.body?.cancel();
  await signal;
  const sent = connection?.sentBytes;
  assert(sent !== undefined);
  context.progress(5);
  context.log.error("late");
  app.gate.open();
  await modernRequest(app, "tools/list");
  assertEquals([connection?.sentBytes, app.connections.size], [sent, 0]);
  assertEquals(app.connections.ledger().opened, 1);
});

Deno.test("2026-07-28: leaving in the moment of the answer harms nothing", async () => {
  using app = specApp();
  const response = await startWaiting(app, "left");
  app.gate.open();
  await response.body?.cancel();
  const { result } = await modernRequest(app, "tools/call", {
    name: "echo",
    arguments: { message: "still here" },
  });
  assertEquals(result.content[0].text, "still here");
  assertEquals(app.connections.size, 0);
});

Deno.test("2026-07-28: progress grows, names its token and stops with the response", async () => {
  using app = specApp();
  let late: (() => void) | undefined;
  app.catalog.tools.add(defineTool({
    name: "hasty",
    description: "Answers before it is done",
    run: (_input, { progress }) => {
      for (const step of [1, 1, 0, 2]) progress(step);
      late = () => progress(3);
      return "answered";
    },
  }));
  for (const progressToken of ["p", 7]) {
    const meta = { progressToken };
    const response = await modernPost(app, "tools/call", { name: "hasty" }, { meta });
    late?.();
    const said = (await messagesOf(response)).map(({ params }) => params);
    assertEquals(said, [{ progressToken, progress: 1 }, { progressToken, progress: 2 }, undefined]);
  }
  assertEquals((await modernMessages(app, "tools/call", { name: "hasty" })).length, 1);
});

Deno.test("2026-07-28: calls beyond the limit are refused, not queued", async () => {
  using app = specApp({ settings: { MCP_MAX_CONNECTIONS_PER_CLIENT: 2 } });
  const running = [modernPost(app, "tools/call", { name: "wait" })];
  running.push(modernPost(app, "tools/call", { name: "wait" }));
  await app.gate.entered(1);
  for (
    const [method, params] of [
      ["tools/call", { name: "wait" }],
      ["completion/complete", {
        ref: { type: "ref/prompt", name: "travel" },
        argument: { name: "city", value: "" },
      }],
    ] as const
  ) {
    const refused = await modernPost(app, method, params);
    assertEquals([refused.status, refused.headers.has("retry-after")], [429, true]);
    assertEquals((await refused.json()).error.code, -32603);
  }
  assertEquals(app.gate.contexts.length, 2);
  app.gate.open();
  for (const response of await Promise.all(running)) {
    assertEquals((await messagesOf(response)).at(-1)?.result.content[0].text, "done");
  }
  assertEquals((await modernRequest(app, "tools/list")).error, undefined);
});

Deno.test("2026-07-28: a tool's text cannot write events of its own into the stream", async () => {
  using app = specApp();
  const messages = await modernMessages(app, "tools/call", {
    name: "echo",
    arguments: { message: FORGED },
  }, { headers: { accept: "text/event-stream" } });
  assertEquals(messages.length, 1);
  assertEquals(messages[0].result.content[0].text, FORGED);
});

Deno.test("2026-07-28: log messages come only when asked for, at that level or above", async () => {
  using app = specApp();
  const levels = async (logLevel?: string) => {
    const meta = logLevel === undefined ? {} : { "io.modelcontextprotocol/logLevel": logLevel };
    const messages = await modernMessages(app, "tools/call", { name: "log_all" }, { meta });
    return messages.slice(0, -1).map(({ params }) => params.level);
  };
  assertEquals(await levels(), []);
  assertEquals(await levels("critical"), ["critical", "alert", "emergency"]);
  assertEquals((await levels("debug")).length, 8);
});

Deno.test("2026-07-28: log messages never come on a listen stream or another request's", async () => {
  using app = specApp();
  const filter = { toolsListChanged: true, resourceSubscriptions: ["test://text"] };
  const params = { notifications: filter };
  const listening = await modernPost(app, "subscriptions/listen", params, { meta: LOG });
  const reader = new EventReader(listening);
  const waiting = startWaiting(app, "other");
  const messages = await modernMessages(app, "tools/call", { name: "log_all" }, { meta: LOG });
  assertEquals(messages.length, 9);
  app.catalog.tools.remove("fail");
  const methods = [];
  while (methods.at(-1) !== "notifications/tools/list_changed") {
    methods.push((await reader.nextNamed("message")).json.method);
  }
  assertEquals(methods, [
    "notifications/subscriptions/acknowledged",
    "notifications/tools/list_changed",
  ]);
  app.gate.open();
  assertEquals((await messagesOf(await waiting)).filter(isLog).length, 1);
  await reader.leave();
});

Deno.test("2026-07-28: log messages hold what the tool logs and nothing of the request", async () => {
  using app = specApp({ settings: { MCP_ADMIN_TOKEN: "admin-secret-0123456789" } });
  const messages = await modernMessages(app, "tools/call", {
    name: "log_all",
    arguments: { password: "argument-secret" },
  }, {
    meta: { ...LOG, "com.example/token": "meta-secret" },
    headers: { authorization: "Bearer header-secret" },
  });
  assertEquals(messages.length, 9);
  assert(!JSON.stringify(messages).includes("secret"));
});

/** A call that has begun to log and now waits, so that its response is a stream. */
async function startWaiting(app: SpecApp, id: string): Promise<Response> {
  const count = app.gate.contexts.length;
  const response = modernPost(app, "tools/call", { name: "wait" }, { id, meta: LOG });
  (await app.gate.entered(count)).log.info("waiting");
  return await response;
}

function isLog(message: Message): boolean {
  return message.method === "notifications/message";
}

import { assert, assertEquals, assertMatch } from "@std/assert";
import { initializeRequest } from "../helpers/app.ts";
import { EventReader } from "../helpers/sse.ts";
import { specApp } from "./support/fixtures.ts";
import { BOTH_TYPES, connectStreamable, STREAMABLE } from "./support/legacy_client.ts";
import { eachStreamable } from "./support/each_revision.ts";

/** Two, three and four bytes in UTF-8, and what JSON may or may not escape. */
const TEXT = 'ü 世界 🦑 \u2028 "\\ \u0001';
const ECHO = call("echo", { message: TEXT });

Deno.test("messages are UTF-8 both ways, as JSON and on a stream", async (t) => {
  await eachStreamable(t, {}, async (app, client) => {
    for (const accept of [BOTH_TYPES, "text/event-stream"]) {
      const response = await app.request("/mcp", {
        method: "POST",
        headers: { ...client.headers, "content-type": "application/json", accept },
        body: new TextEncoder().encode(JSON.stringify(ECHO)),
      });
      const text = new TextDecoder("utf-8", { fatal: true }).decode(await response.bytes());
      const line = text.startsWith("{") ? text : /^data: (\{[^\r\n]*)$/m.exec(text)?.[1];
      assertEquals(JSON.parse(line ?? "").result.content[0].text, TEXT);
    }
  });
});

Deno.test("one path takes POST, GET and DELETE of a session", async (t) => {
  for (const path of ["/mcp", "/mcp/sse"]) {
    await eachStreamable(t, { path }, async (_app, client) => {
      assertEquals((await client.request("ping")).result, {});
      const stream = await client.get();
      assertEquals(stream.status, 200);
      await stream.body?.cancel();
      assertEquals((await client.delete()).status, 204);
    });
  }
});

Deno.test("an accepted notification or response is answered 202 without a body", async (t) => {
  const messages = [
    { jsonrpc: "2.0", method: "notifications/initialized" },
    { jsonrpc: "2.0", method: "notifications/unknown", params: { x: 1 } },
    { jsonrpc: "2.0", id: "nobody asked", result: {} },
    { jsonrpc: "2.0", id: 1, error: { code: -1, message: "No" } },
  ];
  await eachStreamable(t, {}, async (_app, client) => {
    for (const message of messages) {
      const response = await client.post(message);
      assertEquals([response.status, await response.text()], [202, ""]);
    }
  });
});

Deno.test("a message that cannot be accepted is answered with an HTTP error", async (t) => {
  const bodies = [
    "",
    "{",
    "7",
    '{"jsonrpc":"2.0"}',
    '{"jsonrpc":"1.0","method":"notifications/initialized"}',
    '{"jsonrpc":"2.0","method":7}',
    '{"jsonrpc":"2.0","method":"notifications/initialized","params":[]}',
    '{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":""}}',
    '{"jsonrpc":"2.0","id":1,"error":{"code":"x","message":""}}',
    '{"jsonrpc":"2.0","result":{}}',
  ];
  await eachStreamable(t, {}, async (_app, client) => {
    for (const body of bodies) {
      const response = await client.post(body);
      assertEquals(response.status, 400, body);
      assert((await response.json()).error.code < 0);
    }
    const typed = await client.post(ECHO, { "content-type": "text/plain" });
    assertEquals(typed.status, 415);
    await typed.body?.cancel();
  });
});

Deno.test("a request is answered as JSON or as an event stream", async (t) => {
  const requests = [ECHO, call("report", {}, "p"), call("no_such_tool"), call("wait")];
  await eachStreamable(t, {}, async (app, client) => {
    app.gate.open();
    for (const accept of [BOTH_TYPES, "text/event-stream", "application/json", "*/*"]) {
      for (const request of requests) {
        const response = await client.post(request, { accept });
        assertEquals(response.status, 200);
        const type = response.headers.get("content-type") ?? "";
        assertMatch(type, /^(application\/json|text\/event-stream)/);
        if (type.startsWith("application/json")) {
          assertEquals((await response.json()).id, request.id);
        } else {
          const events = await new EventReader(response).rest();
          assertEquals(events.at(-1)?.json.id, request.id);
        }
      }
    }
  });
});

Deno.test("GET of a session gives an event stream", async (t) => {
  await eachStreamable(t, {}, async (_app, client) => {
    const response = await client.get();
    assertEquals(response.status, 200);
    assertMatch(response.headers.get("content-type") ?? "", /^text\/event-stream/);
    await response.body?.cancel();
  });
});

Deno.test("no response is ever sent on the GET stream", async (t) => {
  await eachStreamable(t, {}, async (app, client) => {
    const stream = new EventReader(await client.get());
    const accepts = [BOTH_TYPES, "text/event-stream", "application/json"];
    for (const accept of accepts) {
      const response = await client.post(call("report", {}, "p"), { accept });
      await response.text();
    }
    app.catalog.tools.remove("fail");
    let message;
    do {
      message = (await stream.nextNamed("message")).json;
      if (message !== undefined) assert("method" in message, JSON.stringify(message));
    } while (message?.method !== "notifications/tools/list_changed");
    await stream.leave();
  });
});

Deno.test("each message comes on one of a session's streams only", async (t) => {
  await eachStreamable(t, {}, async (app, client) => {
    await client.listen();
    const waiting = client.request("tools/call", { name: "wait" });
    await app.gate.entered();
    const { result } = await client.request("tools/call", {
      name: "report",
      _meta: { progressToken: "p" },
    });
    assertEquals(result.content[0].text, "reported");
    app.catalog.tools.remove("fail");
    await client.inbox.method("notifications/tools/list_changed");
    app.gate.open();
    await waiting;
    await client.request("ping");
    const counts = Map.groupBy(client.inbox.messages, (message) => JSON.stringify(message));
    const twice = [...counts].filter(([, copies]) => copies.length > 1);
    assertEquals(twice, []);
    assertEquals(client.inbox.named("notifications/tools/list_changed").length, 1);
  });
});

Deno.test("an MCP-Protocol-Version that is invalid or unsupported is answered 400", async (t) => {
  const wrong = ["1999-01-01", "2030-01-01", "latest", "2025-11", "2025-11-25x", "[]"];
  for (const version of STREAMABLE.slice(1)) {
    await t.step(version, async () => {
      using app = specApp();
      await using client = await connectStreamable(app, { version });
      const bodies = [
        { jsonrpc: "2.0", id: 1, method: "ping" },
        { jsonrpc: "2.0", method: "notifications/initialized" },
        { jsonrpc: "2.0", id: "x", result: {} },
        initializeRequest(version),
      ];
      for (const header of wrong) {
        const named = { "mcp-protocol-version": header };
        const responses = [
          ...await Promise.all(bodies.map((body) => client.post(body, named))),
          await client.get(named),
          await app.request("/mcp", { method: "DELETE", headers: { ...client.headers, ...named } }),
        ];
        assertEquals(responses.map(({ status }) => status), responses.map(() => 400), header);
        for (const response of responses) await response.body?.cancel();
      }
      assertEquals((await client.request("ping")).result, {});
    });
  }
});

function call(name: string, args: Record<string, unknown> = {}, progressToken?: string) {
  const _meta = progressToken === undefined ? {} : { progressToken };
  return {
    jsonrpc: "2.0",
    id: name,
    method: "tools/call",
    params: { name, arguments: args, _meta },
  };
}

import { assertEquals } from "@std/assert";
import type { TestApp } from "../helpers/app.ts";
import { specApp } from "./support/fixtures.ts";
import { connectStreamable, endpointOf, openHttpSse } from "./support/legacy_client.ts";
import { mirrorHeaders, modernBody } from "./support/modern.ts";

const FOREIGN = ["https://evil.example", "http://localhost.evil.example", "null", "not an origin"];
/** A page of this machine, which no setting has to name. */
const ALLOWED = "http://localhost:3000";
const ECHO = { name: "echo", arguments: { message: "x" } };

Deno.test("a foreign Origin is refused with 403 on every method and dialect", async (t) => {
  using app = specApp();
  // The page uses the streams and sessions that it opened itself.
  const page: TestApp = Object.create(app, {
    request: {
      value: (path: string, init: RequestInit = {}) => {
        const headers = new Headers(init.headers);
        headers.set("origin", ALLOWED);
        return app.request(path, { ...init, headers });
      },
    },
  });
  await using client = await connectStreamable(page);
  const events = await openHttpSse(page);
  const endpoint = await endpointOf(events);
  const json = { "content-type": "application/json" };
  const both = { ...json, accept: "application/json, text/event-stream" };
  const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: ECHO };
  const modern = modernBody("tools/call", ECHO);
  const attempts: Record<string, [path: string, init: RequestInit]> = {
    "a call without a session": ["/mcp", post(call, json)],
    "the plain dialect": ["/mcp/sse", post(call, { ...json, accept: "text/event-stream" })],
    "a call in a session": ["/mcp", post(call, { ...both, ...client.headers })],
    "a notification": [
      "/mcp",
      post({ jsonrpc: "2.0", method: "x" }, { ...both, ...client.headers }),
    ],
    "a session's stream": ["/mcp", {
      headers: { accept: "text/event-stream", ...client.headers },
    }],
    "the end of a session": ["/mcp", { method: "DELETE", headers: client.headers }],
    "an HTTP+SSE stream": ["/mcp", { headers: { accept: "text/event-stream" } }],
    "a call over HTTP+SSE": [endpoint, post(call, json)],
    "2026-07-28": ["/mcp", post(modern, mirrorHeaders(modern))],
    "a preflight": ["/mcp", { method: "OPTIONS", headers: {} }],
  };
  for (const [what, [path, init]] of Object.entries(attempts)) {
    await t.step(what, async () => {
      for (const origin of FOREIGN) {
        const response = await app.request(path, {
          ...init,
          headers: { ...init.headers as Record<string, string>, origin },
        });
        assertEquals(response.status, 403, origin);
        const { error, id } = await response.json();
        assertEquals([typeof error.message, id], ["string", null]);
      }
      const headers = {
        ...init.headers as Record<string, string>,
        origin: ALLOWED,
      };
      if (what === "the end of a session") return;
      const allowed = await app.request(path, { ...init, headers });
      assertEquals(allowed.ok, true);
      await allowed.body?.cancel();
    });
  }
  await events.leave();
});

function post(body: unknown, headers: Record<string, string>): RequestInit {
  return { method: "POST", headers, body: JSON.stringify(body) };
}

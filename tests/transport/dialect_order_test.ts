/** Requests that fit two dialects, and the one that answers: the first of the list. */
import { assertEquals, assertMatch } from "@std/assert";
import { DIALECTS } from "../../lib/transport/dialects.ts";
import { PLAIN_HEADERS, rpc, testApp } from "../helpers/app.ts";
import { initialize, TestSession } from "../helpers/session.ts";
import { EventReader } from "../helpers/sse.ts";
import { mirrorHeaders, MODERN, modernBody } from "../spec/support/modern.ts";

Deno.test("the dialects are asked in the order that the list names", () => {
  assertEquals(DIALECTS.map(({ name }) => name), [
    "http_sse",
    "plain",
    "modern",
    "streamable",
    "stateless",
  ]);
});

Deno.test("a POST on the plain URL that takes event streams alone, with a session's id: the session answers", async () => {
  using app = testApp();
  const session = await TestSession.open(app);
  const headers = { ...PLAIN_HEADERS, "mcp-session-id": session.id };
  const response = await app.post("/mcp/sse", rpc("ping"), headers);
  assertEquals(response.headers.get("mcp-connection-id"), null);
  assertEquals((await new EventReader(response).rest()).at(-1)?.json.result, {});
});

Deno.test("a POST on the plain URL that takes event streams alone, with 2026-07-28 in its body: that revision answers", async () => {
  using app = testApp();
  const body = modernBody("ping");
  const response = await app.post("/mcp/sse", body, { ...mirrorHeaders(body), ...PLAIN_HEADERS });
  assertEquals(response.headers.get("mcp-connection-id"), null);
  await response.body?.cancel();
});

Deno.test("an initialize on the plain URL that takes event streams alone: the plain dialect answers; with a revision: a session", async () => {
  using app = testApp();
  const plain = await initialize(app, { path: "/mcp/sse" }, { accept: "text/event-stream" });
  const events = new EventReader(plain);
  assertEquals((await events.next())?.event, "welcome");
  await events.leave();
  const version = { "mcp-protocol-version": "2025-06-18", accept: "text/event-stream" };
  const session = await initialize(app, { path: "/mcp/sse" }, version);
  assertMatch(session.headers.get("mcp-session-id") ?? "", /./);
  await session.body?.cancel();
});

Deno.test("a GET with a session's id is that session's stream, also where it says 2024-11-05", async () => {
  using app = testApp();
  const session = await TestSession.open(app);
  const response = await app.request("/mcp", {
    headers: {
      accept: "text/event-stream",
      "mcp-session-id": session.id,
      "mcp-protocol-version": "2024-11-05",
    },
  });
  assertEquals([...app.connections.streams()].map(({ dialect }) => dialect), ["streamable"]);
  await response.body?.cancel();
});

Deno.test("HEAD of a stream's URL opens none and is answered as GET would be", async () => {
  const told: string[] = [];
  using app = testApp({ observer: { connectionOpened: (name: string) => void told.push(name) } });
  const session = await TestSession.open(app);
  const accept = "text/event-stream";
  const cases: readonly [Record<string, string>, number][] = [
    [{ accept }, 200],
    [{ accept, "mcp-session-id": session.id }, 200],
    [{ accept, "mcp-session-id": "forged" }, 404],
    [{ accept, "mcp-protocol-version": MODERN }, 405],
    [{ accept, "mcp-protocol-version": "2020-01-01" }, 400],
    [{ accept: "text/html" }, 406],
  ];
  for (const path of ["/mcp", "/mcp/sse"]) {
    for (const [headers, status] of cases) {
      const response = await app.request(path, { method: "HEAD", headers });
      assertEquals([response.status, headers], [status, headers]);
    }
  }
  assertEquals(told, []);
});

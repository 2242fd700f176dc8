/** Headers that a client or a proxy sends twice. */
import { assertEquals, assertMatch } from "@std/assert";
import { agreedCopy } from "../../lib/wire/headers.ts";
import { modernBody } from "../spec/support/modern.ts";
import { initializeRequest, rpc, testApp, toolCall } from "../helpers/app.ts";

const TWICE = (value: string) => `${value}, ${value}`;
const INITIALIZE = initializeRequest();

Deno.test("a session is used with every header sent twice", async () => {
  using app = testApp();
  const opened = await app.post("/mcp", INITIALIZE, { "content-type": TWICE("application/json") });
  assertEquals(opened.status, 200);
  await opened.body?.cancel();
  const session = {
    "mcp-session-id": TWICE(opened.headers.get("mcp-session-id") ?? ""),
    "mcp-protocol-version": TWICE("2025-11-25"),
  };
  const called = await app.post("/mcp", rpc("ping", {}, 2), session);
  assertEquals([called.status, (await called.json()).result], [200, {}]);
  const stream = await app.request("/mcp", {
    headers: { ...session, accept: "text/event-stream, text/event-stream" },
  });
  assertEquals(stream.status, 200);
  await stream.body?.cancel();
  assertEquals((await app.request("/mcp", { method: "DELETE", headers: session })).status, 204);
});

Deno.test("a modern request is taken with every header sent twice, values with commas too", async () => {
  using app = testApp();
  const message = modernBody("tools/call", { name: "echo", arguments: { message: "hi" } });
  const response = await app.post("/mcp", message, {
    "mcp-protocol-version": TWICE("2026-07-28"),
    "mcp-method": TWICE("tools/call"),
    "mcp-name": TWICE("=?base64?ZWNobw==?="),
  });
  assertEquals(response.status, 200);
  assertEquals((await response.json()).result.content[0].text, "hi");
});

Deno.test("a plain stream is used with its id and its interval sent twice", async () => {
  using app = testApp();
  const client = await app.open(undefined, {
    headers: { accept: "text/event-stream", "mcp-ping-interval-ms": TWICE("60000") },
  });
  assertEquals(client.response.headers.get("mcp-ping-interval-ms"), "60000");
  const headers = { "mcp-connection-id": TWICE(client.id) };
  assertEquals(
    (await app.post("/mcp/sse", toolCall("echo", { message: "a" }), headers)).status,
    202,
  );
  await client.events.nextNamed("response");
  await client.events.leave();
});

Deno.test("an allowed origin and the operator's token count once when they are sent twice", async () => {
  const token = "t".repeat(32);
  using app = testApp({ settings: { MCP_ADMIN_TOKEN: token } });
  const response = await app.request("/mcp/connections", {
    headers: { authorization: TWICE(`Bearer ${token}`), origin: TWICE("http://localhost") },
  });
  assertEquals(response.status, 200);
  assertEquals(response.headers.get("access-control-allow-origin"), "http://localhost");
  await response.body?.cancel();
});

for (
  const [name, value] of [
    ["mcp-protocol-version", "2025-11-25, 2025-06-18"],
    ["mcp-session-id", "one, two"],
    ["mcp-connection-id", "one, two"],
    ["content-type", "application/json, text/plain"],
  ] as const
) {
  Deno.test(`different copies of ${name} are an error that says so`, async () => {
    using app = testApp();
    const response = await app.post("/mcp/sse", rpc("ping"), { [name]: value });
    assertEquals(response.status, 400);
    const { message } = (await response.json()).error;
    assertMatch(message, new RegExp(`^${name} is sent more than once, with different values`, "i"));
  });
}

Deno.test("copies of an origin that differ are refused, as one of them is not allowed", async () => {
  using app = testApp();
  const response = await app.post("/mcp", rpc("ping"), {
    origin: "http://localhost, http://evil.example",
  });
  assertEquals(response.status, 403);
  await response.body?.cancel();
});

Deno.test("`agreedCopy()` gives the value of equal copies, whatever commas it has", () => {
  for (
    const [given, copy] of [
      ["a, a", "a"],
      ["a,a , a", "a"],
      ["a, b, a, b", "a, b"],
      ["a, a, b, a, a, b", "a, a, b"],
      ["a, b", undefined],
      ["a, b, a", undefined],
      ["a", undefined],
    ] as const
  ) assertEquals(agreedCopy(given), copy, given);
});

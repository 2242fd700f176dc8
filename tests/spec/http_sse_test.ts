import { assert, assertEquals, assertMatch } from "@std/assert";
import { specApp } from "./support/fixtures.ts";
import { endpointOf, openHttpSse } from "./support/legacy_client.ts";

Deno.test("HTTP+SSE: the first event names the endpoint to POST to", async () => {
  using app = specApp();
  for (const path of ["/mcp", "/mcp/sse"]) {
    const response = await app.request(path, { headers: { accept: "text/event-stream" } });
    assertMatch(response.headers.get("content-type") ?? "", /^text\/event-stream/);
    await response.body?.cancel();
    const reader = await openHttpSse(app, path);
    const endpoint = await endpointOf(reader, path);
    assert(endpoint.startsWith(`${path}?`), endpoint);
    await reader.leave();
  }
});

Deno.test("HTTP+SSE: each stream has an endpoint of its own", async () => {
  using app = specApp();
  const [a, b] = [await openHttpSse(app), await openHttpSse(app)];
  const [toA, toB] = [await endpointOf(a), await endpointOf(b)];
  assert(toA !== toB);
  await app.post(toB, { jsonrpc: "2.0", id: "same", method: "no/such" });
  await app.post(toA, { jsonrpc: "2.0", id: "same", method: "ping" });
  assertEquals((await a.nextNamed("message")).json.result, {});
  assertEquals((await b.nextNamed("message")).json.error.code, -32601);
  await Promise.all([a.leave(), b.leave()]);
});

Deno.test("HTTP+SSE: a GET opens the stream, a POST to its endpoint is answered on it", async () => {
  using app = specApp();
  const reader = await openHttpSse(app);
  const endpoint = await endpointOf(reader);
  const response = await app.post(endpoint, { jsonrpc: "2.0", id: 1, method: "ping" });
  assertEquals([response.status, await response.text()], [202, ""]);
  const { event, json } = await reader.nextNamed("message");
  assertEquals([event, json], ["message", { jsonrpc: "2.0", result: {}, id: 1 }]);
  await reader.leave();
});

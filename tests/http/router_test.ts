import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { rpc, testApp } from "../helpers/app.ts";

/** Methods of every route, as `Allow` names them. */
const ROUTES: Readonly<Record<string, string>> = {
  "/mcp": "GET, HEAD, POST, DELETE",
  "/mcp/sse": "GET, HEAD, POST, DELETE",
  "/mcp/info": "GET, HEAD",
  "/mcp/stdio": "GET, HEAD",
  "/mcp/connections": "GET, HEAD, DELETE",
  "/healthz": "GET, HEAD",
  "/readyz": "GET, HEAD",
  "/sse-test.html": "GET, HEAD",
  "/connections.html": "GET, HEAD",
};

for (const [path, allowed] of Object.entries(ROUTES)) {
  Deno.test(`405: ${path} refuses other methods, with Allow`, async () => {
    using app = testApp();
    const others = ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
      .filter((method) => !allowed.includes(method));
    for (const method of others) {
      const response = await app.request(path, { method });
      assertEquals([response.status, response.headers.get("allow")], [405, allowed], method);
      const { error } = await response.json();
      assertEquals(error.code, -32600);
      assertStringIncludes(error.message, path);
      assertStringIncludes(error.message, method);
    }
  });
}

for (
  const method of [
    "constructor",
    "toString",
    "hasOwnProperty",
    "valueOf",
    "__proto__",
    "POSTS",
  ]
) {
  Deno.test(`405: a method named ${method} is no method, whatever JavaScript's objects have`, async () => {
    using app = testApp();
    for (const path of Object.keys(ROUTES)) {
      const response = await app.request(path, { method });
      assertEquals(response.status, 405, path);
      await response.body?.cancel();
    }
  });
}

for (
  const path of ["/nope", "/mcp//", "//mcp", "/MCP", "/sse", "/mcp%2Fsse", "/constructor"]
) {
  Deno.test(`404: ${path} is not served, and the body lists what is`, async () => {
    using app = testApp();
    for (const method of ["GET", "POST", "DELETE", "HEAD"]) {
      const response = await app.request(path, { method });
      assertEquals(response.status, 404);
      assertEquals(response.headers.get("content-type"), "application/json");
      const { jsonrpc, id, error } = await response.json();
      assertEquals([jsonrpc, id, error.code], ["2.0", null, -32600]);
      const listed = error.data.endpoints.map((endpoint: { path: string }) => endpoint.path);
      for (const known of Object.keys(ROUTES)) assert(listed.includes(known), known);
    }
  });
}

Deno.test("every endpoint that the 404 lists is served: with its method it is not 404 or 405", async () => {
  using app = testApp();
  const { error } = await (await app.request("/nope")).json();
  assert(error.data.endpoints.length >= Object.keys(ROUTES).length);
  for (const { method, path } of error.data.endpoints) {
    const response = await app.request(path, { method });
    assert(response.status !== 404 || method === "DELETE", `${method} ${path}`);
    assert(response.status !== 405, `${method} ${path}`);
    await response.body?.cancel();
  }
});

Deno.test("a query does not change which route it is", async () => {
  using app = testApp();
  for (const path of ["/healthz?x=1", "/healthz?", "/healthz?a=/mcp"]) {
    const response = await app.request(path);
    assertEquals(response.status, 200, path);
    await response.body?.cancel();
  }
});

Deno.test("HEAD gives status and headers of GET without its body", async () => {
  using app = testApp();
  for (const path of ["/healthz", "/readyz", "/mcp/stdio", "/mcp/connections", "/sse-test.html"]) {
    const [get, head] = [await app.operate(path), await app.operate(path, { method: "HEAD" })];
    assertEquals(head.status, get.status, path);
    assertEquals(Object.fromEntries(head.headers), Object.fromEntries(get.headers), path);
    assertEquals(await head.text(), "");
    await get.body?.cancel();
  }
});

Deno.test("HEAD of a stream's URL leaves no stream behind", async () => {
  using app = testApp();
  for (const path of ["/mcp", "/mcp/sse"]) {
    const response = await app.request(path, {
      method: "HEAD",
      headers: { accept: "text/event-stream" },
    });
    assertEquals([response.status, response.body], [200, null]);
  }
  assertEquals([app.ledger().opened, app.ledger().open], [0, 0]);
});

Deno.test("HEAD of a stream's URL has the headers of its GET, also with the least flaps allowed", async () => {
  using app = testApp({ settings: { MCP_MAX_FLAPS: 1 } });
  for (let times = 0; times < 3; times++) {
    const head = await app.request("/mcp", { method: "HEAD" });
    assertEquals([head.status, head.headers.get("content-type")], [200, "text/event-stream"]);
  }
  const get = await app.request("/mcp", { headers: { accept: "text/event-stream" } });
  assertEquals(get.status, 200);
  await get.body?.cancel();
  const refused = await app.request("/mcp", { method: "HEAD", headers: { accept: "text/html" } });
  assertEquals([refused.status, refused.body !== null], [406, true]);
  await refused.body?.cancel();
});

Deno.test("a slash at the end of a path changes nothing, with a query or without", async () => {
  using app = testApp();
  for (const path of ["/mcp/", "/mcp/sse/", "/mcp/?from=a-paste", "/mcp/sse/?x=1&y"]) {
    const response = await app.post(path, { jsonrpc: "2.0", id: 1, method: "ping" });
    assertEquals([response.status, (await response.json()).result], [200, {}], path);
  }
  for (const path of ["/healthz/", "/mcp/info/", "/sse-test.html/"]) {
    const response = await app.request(path);
    assertEquals(response.status, 200, path);
    await response.body?.cancel();
  }
});

Deno.test("a POST to the wrong place is told where MCP messages go", async () => {
  using app = testApp();
  for (const [path, status] of [["/sse", 404], ["/", 405], ["/healthz", 405]] as const) {
    const response = await app.post(path, { jsonrpc: "2.0", id: 1, method: "ping" });
    assertEquals(response.status, status);
    assertMatch((await response.json()).error.message, /\/mcp or \/mcp\/sse/);
  }
});

for (const accept of [undefined, "*/*", "*/*;q=0.8", "text/*", "text/event-stream, text/html"]) {
  Deno.test(`GET of a stream's URL with ${accept === undefined ? "no Accept" : `Accept: ${accept}`} opens a stream`, async () => {
    using app = testApp();
    for (const path of ["/mcp", "/mcp/sse"]) {
      const headers = accept === undefined ? {} : { accept };
      const response = await app.request(path, { headers });
      assertEquals([response.status, response.headers.get("content-type")], [
        200,
        "text/event-stream",
      ]);
      await response.body?.cancel();
    }
  });
}

for (
  const accept of [
    "text/html,application/xhtml+xml,*/*;q=0.8",
    "application/json",
    "image/*",
    "text/event-stream;q=0",
  ]
) {
  Deno.test(`GET of a stream's URL with Accept: ${accept} is told what would be right`, async () => {
    using app = testApp();
    const response = await app.request("/mcp", { headers: { accept } });
    assertEquals(response.status, 406);
    assertMatch((await response.json()).error.message, /text\/event-stream.*sse-test\.html/);
  });
}

Deno.test("healthz tells that the process lives, readyz whether it takes streams", async () => {
  using app = testApp();
  const health = await app.request("/healthz");
  assertEquals([health.status, await health.json()], [200, { status: "ok" }]);
  const ready = await app.request("/readyz");
  assertEquals([ready.status, await ready.json()], [200, { status: "ready" }]);
  assertEquals(ready.headers.get("cache-control"), "no-store");
  await app.drain(0);
  const draining = await app.request("/readyz");
  assertEquals([draining.status, await draining.json()], [503, { status: "draining" }]);
  const alive = await app.request("/healthz");
  assertEquals([alive.status, await alive.json()], [200, { status: "ok" }]);
});

Deno.test("the limits on streams reach the client as 503 and 429 with Retry-After and a JSON-RPC error", async () => {
  const headers = { accept: "text/event-stream" };
  for (
    const [settings, status, limit] of [
      [{ MCP_MAX_CONNECTIONS: 1 }, 503, "max_connections"],
      [{ MCP_MAX_CONNECTIONS_PER_CLIENT: 1 }, 429, "max_per_client"],
    ] as const
  ) {
    using app = testApp({ settings });
    const { events } = await app.open();
    const refused = await app.request("/mcp/sse", { method: "POST", headers });
    assertEquals(refused.status, status);
    const { jsonrpc, id, error } = await refused.json();
    assertEquals([jsonrpc, id, error.code], ["2.0", null, -32603]);
    assertEquals(error.data.limit, limit);
    assertEquals(refused.headers.get("retry-after"), String(error.data.retry_after));
    assert(error.data.retry_after >= 1);
    // A request that needs no stream is still answered.
    const quick = await app.post("/mcp", rpc("ping"), { accept: "application/json" });
    assertEquals((await quick.json()).result, {});
    await events.leave();
  }
});

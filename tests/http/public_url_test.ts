/** `MCP_PUBLIC_URL`, and servers behind a path. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { isPublicUrl, publicBase } from "../../lib/base/urls.ts";
import { rpc, testApp } from "../helpers/app.ts";
import { EventReader } from "../helpers/sse.ts";

const PUBLIC = { MCP_PUBLIC_URL: "https://mcp.example.com/ai/" };

Deno.test("a base URL is http or https, and has no query, fragment, password or /mcp", () => {
  for (const url of ["https://mcp.example.com", "http://10.0.0.1:8000/", "https://h/a/b/"]) {
    assert(isPublicUrl(url), url);
  }
  for (
    const url of [
      "mcp.example.com",
      "ftp://h",
      "https://h/?a",
      "https://h/#a",
      "https://u:p@h",
      "https://h/mcp",
      "https://h/ai/mcp/sse/",
    ]
  ) {
    assert(!isPublicUrl(url), url);
    assertThrows(() => testApp({ settings: { MCP_PUBLIC_URL: url } }));
  }
  assertEquals(publicBase("https://mcp.example.com/ai//"), "https://mcp.example.com/ai");
});

Deno.test("server information and the 404 answer name each endpoint under the public URL", async () => {
  using app = testApp({ settings: PUBLIC });
  const { endpoints } = await (await app.request("/mcp/info")).json();
  const { error } = await (await app.request("/nope")).json();
  assertEquals(error.data.endpoints, endpoints);
  for (const { path, url } of endpoints) assertEquals(url, `https://mcp.example.com/ai${path}`);
  using local = testApp();
  const info = await (await local.request("/mcp/info")).json();
  assert(info.endpoints.every((endpoint: object) => !("url" in endpoint)));
});

Deno.test("the host and the origin of the public URL are allowed without being listed", async () => {
  using app = testApp({ settings: PUBLIC });
  const request = (host: string, origin: string) =>
    new Request(`http://${host}/healthz`, { headers: { origin } });
  const ours = await app.fetch(request("mcp.example.com", "https://mcp.example.com"));
  assertEquals(ours.status, 200);
  for (
    const [host, origin] of [
      ["other.example.com", "https://mcp.example.com"],
      ["mcp.example.com", "https://other.example.com"],
    ] as const
  ) assertEquals((await app.fetch(request(host, origin))).status, 403);
});

Deno.test("a 2024-11-05 client works when the app is mounted under a path, as Hono does it", async () => {
  using app = testApp();
  const mounted = async (url: URL, init?: RequestInit): Promise<Response> => {
    assert(url.pathname.startsWith("/api/"), url.href);
    const inside = new URL(url);
    inside.pathname = url.pathname.slice("/api".length);
    return await app.fetch(new Request(inside, init));
  };
  for (const path of ["/api/mcp", "/api/mcp/sse", "/api/mcp/"]) {
    const streamUrl = new URL(path, "http://localhost");
    const events = new EventReader(
      await mounted(streamUrl, { headers: { accept: "text/event-stream" } }),
    );
    const endpoint = new URL((await events.nextNamed("endpoint")).data, streamUrl);
    const posted = await mounted(endpoint, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(rpc("ping")),
    });
    assertEquals(posted.status, 202);
    assertEquals((await events.nextNamed("message")).json.result, {});
    await events.leave();
  }
});

Deno.test("a client that resolves the announced endpoint against the origin reaches its stream", async () => {
  using app = testApp();
  const events = new EventReader(
    await app.request("/mcp", { headers: { accept: "text/event-stream" } }),
  );
  const { data } = await events.nextNamed("endpoint");
  assertEquals((await app.post(`/${data}`, rpc("ping"))).status, 202);
  assertEquals((await events.nextNamed("message")).json.result, {});
  await events.leave();
  assertEquals((await app.post(`/${data}`, rpc("ping"))).status, 404);
});

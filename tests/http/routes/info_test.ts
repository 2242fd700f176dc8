import { assert, assertEquals } from "@std/assert";
import manifest from "../../../deno.json" with { type: "json" };
import { PROTOCOL_VERSIONS } from "../../../lib/wire/protocol_versions.ts";
import { BUILT_IN_TOOLS } from "../../../lib/tools/mod.ts";
import { testApp } from "../../helpers/app.ts";
import { toolThat } from "../../helpers/tools.ts";

Deno.test("GET /mcp/info says what this server is: name, version, revisions, capabilities", async () => {
  using app = testApp();
  const response = await app.request("/mcp/info");
  assertEquals([response.status, response.headers.get("content-type")], [200, "application/json"]);
  const info = await response.json();
  assertEquals([info.name, info.title, info.version], ["lifeline", "Lifeline", manifest.version]);
  assertEquals(info.protocolVersions, [...PROTOCOL_VERSIONS]);
  assert("tools" in info.capabilities);
});

Deno.test("GET /mcp/stdio is an older name of /mcp/info", async () => {
  using app = testApp();
  const [info, stdio] = await Promise.all(
    ["/mcp/info", "/mcp/stdio"].map(async (path) => await (await app.request(path)).json()),
  );
  assertEquals(stdio, info);
});

Deno.test("GET /mcp/info lists the tools with their schemas, as tools/list does", async () => {
  using app = testApp();
  const { tools } = await (await app.request("/mcp/info")).json();
  assertEquals(tools, JSON.parse(JSON.stringify(BUILT_IN_TOOLS.map(({ listing }) => listing))));
  app.catalog.tools.add(toolThat(() => "", "later"));
  const now = await (await app.request("/mcp/info")).json();
  assertEquals(now.tools.at(-1).name, "later");
});

Deno.test("GET /mcp/info lists every endpoint with its method and how to use it", async () => {
  using app = testApp();
  const { endpoints } = await (await app.request("/mcp/info")).json();
  for (const { method, path, use } of endpoints) {
    assert(/^(GET|POST|DELETE)$/.test(method) && path.startsWith("/") && use.length > 10);
  }
  const named = new Set(
    endpoints.map(({ method, path }: Record<string, string>) => `${method} ${path}`),
  );
  for (
    const endpoint of [
      "POST /mcp",
      "POST /mcp/sse",
      "DELETE /mcp/sse",
      "GET /sse-test.html",
      "GET /connections.html",
      "GET /mcp/connections",
      "DELETE /mcp/connections",
      "GET /healthz",
      "GET /readyz",
    ]
  ) assert(named.has(endpoint), endpoint);
});

Deno.test("an app names itself and its instructions as its maker says", async () => {
  using app = testApp({
    info: { name: "mine", version: "9.9.9" },
    instructions: "Call echo first",
  });
  const info = await (await app.request("/mcp/info")).json();
  assertEquals([info.name, info.version, info.instructions], ["mine", "9.9.9", "Call echo first"]);
});

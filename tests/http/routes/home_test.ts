/** `/`: a page for people, JSON for programs. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { createApp } from "../../../lib/mod.ts";
import { testApp } from "../../helpers/app.ts";

const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

Deno.test("/ is a page for a browser, which leads to both pages and to the server information", async () => {
  using app = testApp();
  const response = await app.request("/", { headers: { accept: BROWSER } });
  assertEquals(response.headers.get("content-type"), "text/html; charset=utf-8");
  assertStringIncludes(response.headers.get("content-security-policy") ?? "", "default-src 'none'");
  assertEquals(response.headers.get("vary"), "Accept");
  const html = await response.text();
  for (const target of ["sse-test.html", "connections.html", "mcp/info"]) {
    assertStringIncludes(html, `href="${target}"`);
  }
});

for (const accept of ["*/*", "application/json", undefined]) {
  Deno.test(`/ is JSON for a program whose Accept is ${accept ?? "missing"}`, async () => {
    using app = testApp({ info: { name: "mine", version: "2.0.0" } });
    const headers = accept === undefined ? new Headers() : { accept };
    const response = await app.request("/", { headers });
    assertEquals(response.headers.get("vary"), "Accept");
    const { name, version, info, endpoints } = await response.json();
    assertEquals([name, version, info], ["mine", "2.0.0", "/mcp/info"]);
    assertEquals(endpoints.some(({ path }: { path: string }) => path === "/sse-test.html"), true);
  });
}

Deno.test("/ is open where everything else asks who is there", async () => {
  const app = createApp({
    authenticate: () => {
      throw new Error("nobody is let in");
    },
  });
  const response = await app.fetch(new Request("http://localhost/"));
  assertEquals(response.status, 200);
  await response.body?.cancel();
  app.stop();
});

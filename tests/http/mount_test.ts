/** An app under a prefix of another server's paths. */
import { assertEquals, assertThrows } from "@std/assert";
import { ConfigError, createApp, mountAt } from "../../lib/mod.ts";

/** Status of a GET; 0 for a path that is not the app's. */
async function statusAt(prefix: string, path: string): Promise<number> {
  const app = createApp();
  const response = await mountAt(app, prefix)(new Request(`http://localhost${path}`));
  await response?.body?.cancel();
  app.stop();
  return response?.status ?? 0;
}

for (
  const [prefix, path, status] of [
    ["/ai", "/ai/healthz", 200],
    ["/ai", "/ai", 200],
    ["/ai", "/ai/", 200],
    ["/ai", "/aide/healthz", 0],
    ["/ai", "/healthz", 0],
    ["/ai/", "/ai/healthz", 200],
    ["/ai/v1", "/ai/v1/healthz", 200],
    ["/ai/v1", "/ai/healthz", 0],
    ["/my tools", "/my%20tools/healthz", 200],
    ["/", "/healthz", 200],
    ["/", "/", 200],
  ] as const
) {
  Deno.test(`mounted at ${prefix}, ${path} is ${status === 0 ? "not the app's" : status}`, async () => {
    assertEquals(await statusAt(prefix, path), status);
  });
}

for (const prefix of ["", "ai", "//ai", "/ai?x=1", "http://localhost/ai"]) {
  Deno.test(`an app cannot be mounted at ${JSON.stringify(prefix)}`, () => {
    const app = createApp();
    assertThrows(() => mountAt(app, prefix), ConfigError, 'a prefix is a path such as "/ai"');
    app.stop();
  });
}

Deno.test("a page of a mounted app is sent to the folder that its links start from", async () => {
  const app = createApp();
  const answer = mountAt(app, "/ai/v1");
  const headers = { accept: "text/html" };
  const moved = await answer(new Request("http://localhost/ai/v1?a=b", { headers }));
  assertEquals([moved?.status, moved?.headers.get("location")], [308, "v1/?a=b"]);
  const page = await answer(new Request("http://localhost/ai/v1/", { headers }));
  assertEquals([page?.status, (await page?.text())?.includes("<html")], [200, true]);
  app.stop();
});

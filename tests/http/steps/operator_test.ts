/** Who may see the connections. */
import { assertEquals, assertMatch } from "@std/assert";
import { testApp } from "../../helpers/app.ts";

const TOKEN = "correct-horse-battery";
const PATH = "/mcp/connections";

for (const address of ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "localhost"]) {
  Deno.test(`without a token, ${address} is this machine and may look`, async () => {
    using app = testApp();
    const response = await app.request(PATH, {}, { address });
    assertEquals(response.status, 200);
    await response.body?.cancel();
  });
}

for (
  const address of [
    "192.0.2.1",
    "10.0.0.1",
    "::2",
    "128.0.0.1",
    "127.0.0.1.example",
    "x127.0.0.1",
    "::ffff:10.0.0.1",
    "unix",
    "",
  ]
) {
  Deno.test(`without a token, "${address}" may not look`, async () => {
    using app = testApp();
    const response = await app.request(PATH, {}, { address });
    assertEquals(response.status, 403);
    const { error } = await response.json();
    assertMatch(error.message, /MCP_ADMIN_TOKEN/);
  });
}

Deno.test("who may not look may not close a connection either, and is not told which there are", async () => {
  using app = testApp();
  const { id, events } = await app.open();
  for (const named of [id, "mcp_sse_nobody"]) {
    const path = `${PATH}?id=${named}`;
    const response = await app.request(path, { method: "DELETE" }, { address: "192.0.2.1" });
    assertEquals(response.status, 403);
    await response.body?.cancel();
  }
  assertEquals(app.ledger().open, 1);
  await events.leave();
});

for (const header of ["x-forwarded-for", "forwarded"]) {
  Deno.test(`without a token, who comes through a proxy on this machine (${header}) may not look`, async () => {
    using app = testApp();
    const headers = { [header]: "127.0.0.1" };
    const response = await app.request(PATH, { headers }, { address: "127.0.0.1" });
    assertEquals(response.status, 403);
    await response.body?.cancel();
  });
}

for (
  const [authorization, status] of [
    [`Bearer ${TOKEN}`, 200],
    [`bearer ${TOKEN}`, 200],
    [`Bearer   ${TOKEN}`, 200],
    [`Bearer ${TOKEN}x`, 401],
    [`Bearer ${TOKEN.slice(0, -1)}`, 401],
    [`Bearer ${TOKEN.toUpperCase()}`, 401],
    [`Bearer ${TOKEN} ${TOKEN}`, 401],
    [`Basic ${TOKEN}`, 401],
    [TOKEN, 401],
    ["Bearer", 401],
    ["Bearer ", 401],
    [undefined, 401],
  ] as const
) {
  Deno.test(`with a token set, Authorization ${JSON.stringify(authorization)} is answered ${status}`, async () => {
    using app = testApp({ settings: { MCP_ADMIN_TOKEN: TOKEN } });
    // Neither does this machine help, nor does another one harm.
    for (const address of ["127.0.0.1", "192.0.2.1"]) {
      const headers = authorization === undefined ? {} : { authorization };
      const response = await app.request(PATH, { headers }, { address });
      assertEquals(response.status, status);
      const text = await response.text();
      assertEquals(text.includes(TOKEN), false);
      if (status !== 401) continue;
      assertMatch(response.headers.get("www-authenticate") ?? "", /^Bearer realm=/);
      assertEquals(JSON.parse(text).error.code, -32600);
    }
  });
}

Deno.test("with a token set, closing a connection takes it as well", async () => {
  using app = testApp({ settings: { MCP_ADMIN_TOKEN: TOKEN } });
  const { id, events } = await app.open();
  const path = `${PATH}?id=${id}`;
  const refused = await app.request(path, { method: "DELETE" });
  assertEquals([refused.status, app.ledger().open], [401, 1]);
  await refused.body?.cancel();
  const headers = { authorization: `Bearer ${TOKEN}` };
  const { status } = await app.request(path, { method: "DELETE", headers });
  assertEquals([status, app.ledger().open], [204, 0]);
  await events.leave();
});

Deno.test("the token guards the connections alone: other routes ask for none", async () => {
  using app = testApp({ settings: { MCP_ADMIN_TOKEN: TOKEN } });
  for (const path of ["/healthz", "/readyz", "/mcp/stdio", "/sse-test.html", "/connections.html"]) {
    const response = await app.request(path, {}, { address: "192.0.2.1" });
    assertEquals(response.status, 200, path);
    await response.body?.cancel();
  }
});

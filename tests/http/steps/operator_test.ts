/** Access to the list of connections. */
import { assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import { ConfigError } from "../../../lib/base/errors.ts";
import { testApp } from "../../helpers/app.ts";
import { CapturedLog } from "../../helpers/log.ts";

const TOKEN = "correct-horse-battery";
const PATH = "/mcp/connections";

const PEERS = [undefined, "127.0.0.1", "::1", "::ffff:127.0.0.1", "localhost", "192.0.2.1", "unix"];
const peerAt = (address: string | undefined) => address === undefined ? undefined : { address };

for (const address of PEERS) {
  Deno.test(`without a token nobody looks, ends or scrapes, not even from ${address}`, async () => {
    using app = testApp();
    const { id, events } = await app.open();
    for (
      const [method, path] of [["GET", PATH], ["DELETE", `${PATH}?id=${id}`], ["GET", "/metrics"]]
    ) {
      const request = new Request(`http://localhost${path}`, { method: method! });
      const response = await app.fetch(request, peerAt(address));
      assertEquals(response.status, 401, `${method} ${path}`);
      assertMatch(response.headers.get("www-authenticate") ?? "", /^Bearer realm=/);
      assertMatch((await response.json()).error.message, /greeting.*MCP_ADMIN_TOKEN/);
    }
    assertEquals(app.ledger().open, 1);
    await events.leave();
  });

  Deno.test(`the token that was made lets its holder look, end and scrape, from ${address}`, async () => {
    using app = testApp();
    const { id, events } = await app.open();
    const headers = { authorization: `Bearer ${app.operatorToken}` };
    const statusOf = async (method: string, path: string) => {
      const request = new Request(`http://localhost${path}`, { method, headers });
      const response = await app.fetch(request, peerAt(address));
      await response.body?.cancel();
      return response.status;
    };
    assertEquals(await statusOf("GET", PATH), 200);
    assertEquals(await statusOf("GET", "/metrics"), 200);
    assertEquals(await statusOf("DELETE", `${PATH}?id=${id}`), 204);
    await events.leave();
  });
}

Deno.test("who may not look may not close a connection either, and is not told which there are", async () => {
  using app = testApp();
  const { id, events } = await app.open();
  const told = new Set<string>();
  for (const named of [id, "mcp_sse_nobody"]) {
    const response = await app.request(`${PATH}?id=${named}`, { method: "DELETE" });
    assertEquals(response.status, 401);
    told.add(await response.text());
  }
  assertEquals([told.size, app.ledger().open], [1, 1]);
  await events.leave();
});

Deno.test("each app makes a token of its own, which no other takes", async () => {
  using one = testApp();
  using other = testApp();
  assertMatch(one.operatorToken ?? "", /^[0-9a-f]{64}$/);
  assertNotEquals(one.operatorToken, other.operatorToken);
  const headers = { authorization: `Bearer ${one.operatorToken}` };
  const response = await other.request(PATH, { headers });
  assertEquals(response.status, 401);
  await response.body?.cancel();
});

for (const name of ["MCP_ADMIN_TOKEN", "MCP_READ_TOKEN"] as const) {
  Deno.test(`with ${name} set no token is made`, async () => {
    using app = testApp({ settings: { [name]: TOKEN } });
    assertEquals(app.operatorToken, undefined);
    const headers = { authorization: "Bearer undefined" };
    for (const init of [{}, { headers }]) {
      const response = await app.request(PATH, init);
      assertEquals(response.status, 401);
      assertMatch((await response.json()).error.message, /MCP_ADMIN_TOKEN or MCP_READ_TOKEN/);
    }
  });
}

Deno.test("tools see nothing of the token in the settings that they are shown", () => {
  using app = testApp();
  assertEquals(JSON.stringify(app.settings).includes(app.operatorToken!), false);
});

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

const OPERATOR_PATHS = [PATH, "/metrics", "/connections.html"];
const LOCAL = { address: "127.0.0.1" };

for (const origin of ["http://localhost:9597", "http://127.0.0.1", "https://localhost:1", "null"]) {
  Deno.test(`a page at ${origin} gets nothing of the operator's, whatever origins are allowed`, async () => {
    using app = testApp({ settings: { MCP_ALLOWED_ORIGINS: ["*"], MCP_ADMIN_TOKEN: TOKEN } });
    for (const path of OPERATOR_PATHS) {
      for (const method of ["GET", "DELETE", "OPTIONS"]) {
        const headers = { origin, authorization: `Bearer ${TOKEN}` };
        const response = await app.request(path, { method, headers }, LOCAL);
        await response.body?.cancel();
        assertEquals(response.status, 403, `${method} ${path}`);
        assertEquals(response.headers.get("access-control-allow-origin"), null);
      }
    }
  });
}

Deno.test("the server's own page may ask for the operator's things, with the token", async () => {
  using app = testApp();
  const headers = { origin: "http://localhost", "sec-fetch-site": "same-origin" };
  const response = await app.operate(PATH, { headers });
  assertEquals(response.status, 200);
  await response.body?.cancel();
});

Deno.test("the token for reading may look, and end nothing", async () => {
  const MCP_READ_TOKEN = "a-token-for-reading-0123";
  for (const settings of [{ MCP_READ_TOKEN }, { MCP_READ_TOKEN, MCP_ADMIN_TOKEN: TOKEN }]) {
    using app = testApp({ settings });
    const headers = { authorization: `Bearer ${MCP_READ_TOKEN}` };
    for (const path of [PATH, "/metrics"]) {
      const response = await app.request(path, { headers }, { address: "192.0.2.1" });
      await response.body?.cancel();
      assertEquals(response.status, 200, path);
    }
    const ended = await app.request(`${PATH}?id=x`, { method: "DELETE", headers }, LOCAL);
    assertEquals(ended.status, 403);
    assertMatch((await ended.json()).error.message, /may look, and end nothing/);
    const without = await app.request(PATH, {}, LOCAL);
    assertEquals(without.status, 401);
    await without.body?.cancel();
  }
});

Deno.test("who guesses tokens is told to wait, the right one passes meanwhile, and the log tells of it", async () => {
  using log = new CapturedLog("info");
  using app = testApp({ settings: { MCP_ADMIN_TOKEN: TOKEN } });
  const look = async (token: string, address: string) => {
    const headers = { authorization: `Bearer ${token}` };
    const response = await app.request(PATH, { headers }, { address });
    await response.body?.cancel();
    return response;
  };
  const statuses: number[] = [];
  for (let guess = 0; guess < 30; guess++) {
    statuses.push((await look(`guess-${guess}`, "192.0.2.1")).status);
  }
  assertEquals([statuses[0], statuses.at(-1)], [401, 429]);
  assertMatch((await look("guess", "192.0.2.1")).headers.get("retry-after") ?? "", /^\d+$/);
  assertEquals((await look(TOKEN, "192.0.2.1")).status, 200);
  assertEquals((await look("guess", "192.0.2.2")).status, 401);
  const [first] = log.of("Operator refused");
  assertEquals(first?.fields.kind, "unauthorized");
  assertEquals(first?.fields.client_ip, "192.0.2.1");
});

Deno.test("a path of the operator has no last slash, as rules of proxies name it without one", async () => {
  using app = testApp({ settings: { MCP_ADMIN_TOKEN: TOKEN } });
  const headers = { authorization: `Bearer ${TOKEN}` };
  for (const path of [PATH, "/metrics", "/connections.html"]) {
    for (const end of ["", "?x", "?x/"]) {
      const response = await app.request(path + end, { headers });
      await response.body?.cancel();
      assertEquals(response.status, 200, path + end);
    }
    for (const end of ["/", "/?x", "/?/"]) {
      const response = await app.request(path + end, { headers });
      await response.body?.cancel();
      assertEquals(response.status, 404, path + end);
    }
  }
});

for (const token of ["a", "short-token", "has blanks in it, many"]) {
  Deno.test(`MCP_ADMIN_TOKEN=${token} is refused, and MCP_READ_TOKEN as well`, () => {
    for (const name of ["MCP_ADMIN_TOKEN", "MCP_READ_TOKEN"]) {
      assertThrows(() => testApp({ settings: { [name]: token } }), ConfigError);
    }
  });
}

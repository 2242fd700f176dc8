/** Which callers may enter, and the answers to those who may not. */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { ConfigError, createApp } from "../../lib/mod.ts";
import { initializeRequest, testApp, toolCall } from "../helpers/app.ts";
import { CapturedLog } from "../helpers/log.ts";
import { scrape } from "../helpers/metrics.ts";
import { FakeIssuer, ISSUER, makeToken } from "./fake_issuer.ts";
import { AUTH_SETTINGS, bearer, FIXED_KEY, guardedApp, nowClaims, PUBLIC_URL } from "./scene.ts";

const DOCUMENT_PATH = "/.well-known/oauth-protected-resource";
const ECHO = toolCall("echo", { message: "hi" });
/** A request of each dialect that a stranger may try. */
const ATTEMPTS: readonly [string, string, RequestInit][] = [
  ["a call without a session", "/mcp", post(ECHO)],
  ["initialize", "/mcp", post(initializeRequest("2025-11-25"))],
  ["a plain stream", "/mcp/sse", post(ECHO, { accept: "text/event-stream" })],
  ["a 2024-11-05 stream", "/mcp/sse", { headers: { accept: "text/event-stream" } }],
  ["a message to a 2024-11-05 stream", "/mcp?connection_id=mcp_x", post(ECHO)],
  ["a message that a client resolved against the origin", "/?connection_id=mcp_x", post(ECHO)],
  ["a session's stream", "/mcp", {
    headers: { accept: "text/event-stream", "mcp-session-id": "forged" },
  }],
  ["the end of a session", "/mcp", { method: "DELETE", headers: { "mcp-session-id": "forged" } }],
  ["a call of 2026-07-28", "/mcp", post(ECHO, { "mcp-protocol-version": "2026-07-28" })],
  ["server information", "/mcp/info", {}],
  ["server information by its older name", "/mcp/stdio", {}],
];

function post(body: unknown, headers: Record<string, string> = {}): RequestInit {
  return {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  };
}

Deno.test("without a token nobody gets in, whatever the dialect, and is told where to get one", async () => {
  using app = guardedApp({ settings: { MCP_AUTH_SCOPES: ["notes:read"] } });
  for (const [what, path, init] of ATTEMPTS) {
    const response = await app.request(path, init);
    const document = path.startsWith("/mcp?") ? "/mcp" : path;
    const isEndpoint = document === "/mcp" || document === "/mcp/sse";
    assertEquals(response.status, 401, what);
    assertEquals(
      response.headers.get("www-authenticate"),
      `Bearer scope="notes:read", resource_metadata="${PUBLIC_URL}${DOCUMENT_PATH}${
        isEndpoint ? document : ""
      }"`,
      what,
    );
    const { error, id } = await response.json();
    assertEquals([error.code, id], [-32600, null]);
    assertMatch(error.message, /Authorization: Bearer/);
  }
  assertEquals(app.ledger().opened, 0);
});

Deno.test("a token that is refused is named as that, with the reason", async () => {
  using app = guardedApp();
  const expired = await makeToken({
    claims: nowClaims({ exp: Math.floor(Date.now() / 1000) - 60 }),
  });
  const response = await app.post("/mcp", ECHO, { authorization: `Bearer ${expired}` });
  assertEquals(response.status, 401);
  assertEquals(
    response.headers.get("www-authenticate"),
    'Bearer error="invalid_token", error_description="The token has expired", ' +
      `resource_metadata="${PUBLIC_URL}${DOCUMENT_PATH}/mcp"`,
  );
  assertEquals((await response.json()).error.message, "The token has expired");
});

Deno.test("a good token, and a key in either header, get in", async () => {
  using app = guardedApp({ settings: { MCP_AUTH_KEY_HEADER: "X-API-Key" } });
  // n8n's "Bearer Auth" and "Header Auth" send exactly these.
  const ways: Record<string, string>[] = [
    await bearer(),
    { authorization: `Bearer ${FIXED_KEY}` },
    { "x-api-key": FIXED_KEY },
  ];
  for (const headers of ways) {
    const response = await app.post("/mcp", ECHO, headers);
    assertEquals([response.status, (await response.json()).result.content[0].text], [200, "hi"]);
  }
});

Deno.test("each endpoint accepts tokens for its own URL, for the other and for the base", async () => {
  using app = guardedApp();
  for (const aud of [PUBLIC_URL, `${PUBLIC_URL}/`, `${PUBLIC_URL}/mcp`, `${PUBLIC_URL}/mcp/sse`]) {
    for (const path of ["/mcp", "/mcp/sse"]) {
      const response = await app.post(path, ECHO, await bearer({ aud }));
      assertEquals(response.status, 200, `${aud} at ${path}`);
      await response.body?.cancel();
    }
  }
  const sister = await app.post("/mcp", ECHO, await bearer({ aud: `${PUBLIC_URL}/other` }));
  assertEquals(sister.status, 401);
  await sister.body?.cancel();
});

Deno.test("a caller without a scope that all need is told it, by status, challenge and words", async () => {
  using app = guardedApp({ settings: { MCP_AUTH_SCOPES: ["notes:read", "notes:admin"] } });
  const response = await app.post("/mcp", ECHO, await bearer());
  assertEquals(response.status, 403);
  assertEquals(
    response.headers.get("www-authenticate"),
    'Bearer error="insufficient_scope", error_description="This needs the scope notes:admin, ' +
      'which the token does not have", scope="notes:read notes:admin", ' +
      `resource_metadata="${PUBLIC_URL}${DOCUMENT_PATH}/mcp"`,
  );
  assertMatch((await response.json()).error.message, /scope notes:admin/);
});

Deno.test("what is no single token is a bad request", async () => {
  using app = guardedApp();
  const response = await app.post("/mcp", ECHO, { authorization: "Bearer a, Bearer b" });
  assertEquals(response.status, 400);
  assertMatch(response.headers.get("www-authenticate") ?? "", /^Bearer error="invalid_request"/);
  await response.body?.cancel();
});

Deno.test("a provider that is down makes clients wait, and throw no token away", async () => {
  const issuer = new FakeIssuer();
  issuer.isDown = true;
  using app = guardedApp({}, issuer);
  const response = await app.post("/mcp", ECHO, await bearer());
  assertEquals(response.status, 503);
  assertEquals(response.headers.get("www-authenticate"), null);
  assertEquals(response.headers.get("retry-after"), "5");
  await response.body?.cancel();
});

Deno.test("a page at an allowed origin may read the challenge, and preflights need no token", async () => {
  using app = guardedApp();
  const origin = "http://localhost:6274";
  const refused = await app.request("/mcp", { ...post(ECHO, { origin }) });
  assertEquals(refused.status, 401);
  assertEquals(refused.headers.get("access-control-allow-origin"), origin);
  assertMatch(refused.headers.get("access-control-expose-headers") ?? "", /WWW-Authenticate/);
  await refused.body?.cancel();
  const preflight = await app.request("/mcp", {
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": "POST" },
  });
  assertEquals(preflight.status, 204);
  assertMatch(preflight.headers.get("access-control-allow-headers") ?? "", /Authorization/);
});

Deno.test("the documents name their resource, whatever the request says of its host", async () => {
  using app = guardedApp({ settings: { MCP_ALLOWED_HOSTS: ["*"] } });
  for (const path of ["", "/mcp", "/mcp/sse"]) {
    const response = await app.fetch(
      new Request(`http://evil.example${DOCUMENT_PATH}${path}`, {
        headers: { "x-forwarded-host": "evil.example", "x-forwarded-proto": "gopher" },
      }),
    );
    assertEquals(response.status, 200);
    assertEquals(response.headers.get("content-type"), "application/json");
    assertMatch(response.headers.get("cache-control") ?? "", /^public/);
    const document = await response.json();
    assertEquals(document.resource, `${PUBLIC_URL}${path}`);
    assertEquals(document.authorization_servers, [ISSUER]);
    assertEquals(document.resource_name, "Lifeline");
  }
});

Deno.test("pages of any origin may read the documents, and nothing else", async () => {
  using app = guardedApp();
  const headers = { origin: "https://claude.ai" };
  const path = `${DOCUMENT_PATH}/mcp`;
  const read = await app.request(path, { headers });
  assertEquals([read.status, read.headers.get("access-control-allow-origin")], [200, "*"]);
  await read.body?.cancel();
  const preflight = await app.request(path, { method: "OPTIONS", headers });
  assertEquals(preflight.status, 204);
  assertEquals(preflight.headers.get("access-control-allow-headers"), "*");
  const head = await app.request(path, { method: "HEAD", headers });
  assertEquals(head.status, 200);
  const posted = await app.request(path, { ...post({}), headers });
  assertEquals(posted.status, 405);
  await posted.body?.cancel();
  const endpoint = await app.request("/mcp", { ...post(ECHO, headers) });
  assertEquals(endpoint.status, 403);
  await endpoint.body?.cancel();
});

Deno.test("where nobody issues tokens there is no document, and a miss is JSON", async () => {
  using app = testApp({ auth: { keys: [{ name: "n8n", key: FIXED_KEY }] } });
  for (const path of [DOCUMENT_PATH, `${DOCUMENT_PATH}/mcp`, "/.well-known/openid-configuration"]) {
    const response = await app.request(path);
    assertEquals(response.status, 404);
    assertEquals(response.headers.get("content-type"), "application/json");
    await response.body?.cancel();
  }
  const response = await app.post("/mcp", ECHO);
  assertEquals(response.headers.get("www-authenticate"), 'Bearer realm="lifeline"');
  await response.body?.cancel();
});

Deno.test("the issuer's document is mirrored where that is asked for", async () => {
  const path = "/.well-known/oauth-authorization-server";
  using plain = guardedApp();
  assertEquals((await plain.request(path)).status, 404);
  const issuer = new FakeIssuer();
  using app = guardedApp({ settings: { MCP_AUTH_MIRROR_METADATA: true } }, issuer);
  assertEquals(await (await app.request(path)).json(), {
    issuer: ISSUER,
    jwks_uri: `${ISSUER}/keys`,
  });
  const down = new FakeIssuer();
  down.isDown = true;
  using waiting = guardedApp({ settings: { MCP_AUTH_MIRROR_METADATA: true } }, down);
  assertEquals((await waiting.request(path)).status, 503);
});

Deno.test("health and metrics tell nothing of tokens, and need none", async () => {
  using app = guardedApp({ settings: { MCP_METRICS_PUBLIC: true } });
  for (const path of ["/healthz", "/readyz", "/metrics", "/sse-test.html"]) {
    const response = await app.request(path);
    assertEquals(response.status, 200, path);
    await response.body?.cancel();
  }
});

Deno.test("refusals are counted, listed and logged by reason, with what was expected and what came", async () => {
  using log = new CapturedLog();
  using app = guardedApp();
  const headers = await bearer({ aud: "https://other.example" });
  await (await app.post("/mcp", ECHO, headers)).body?.cancel();
  await (await app.post("/mcp", ECHO)).body?.cancel();
  const figures = await scrape(app);
  const name = "lifeline_credentials_refused_total";
  assertEquals(figures.value(name, { reason: "audience" }), 1);
  assertEquals(figures.value(name, { reason: "missing" }), 1);
  const { recent_refused: [missing, audience] } = await (await app.operate("/mcp/connections"))
    .json();
  assertEquals(missing.reason, "missing");
  assertEquals([audience.reason, audience.given], ["audience", '"https://other.example"']);
  assertMatch(audience.expected, /https:\/\/mcp\.example\/mcp/);
  const [warning] = log.of("Credential refused");
  assertEquals(warning?.fields.reason, "audience");
  assertEquals(warning?.fields.given, '"https://other.example"');
  const [, token = ""] = headers.authorization.split(" ");
  assert(!JSON.stringify([log.lines, audience]).includes(token.slice(0, 20)), "no token is told");
});

const HALVES: readonly [string, Parameters<typeof createApp>[0], RegExp][] = [
  ["issuers without a public URL", { settings: { MCP_AUTH_ISSUERS: [ISSUER] } }, /MCP_PUBLIC_URL/],
  ["introspection without a client", {
    settings: { MCP_PUBLIC_URL: PUBLIC_URL, MCP_AUTH_INTROSPECTION_URL: `${ISSUER}/introspect` },
  }, /needs MCP_AUTH_INTROSPECTION_CLIENT_ID/],
  ["introspection without an audience", {
    settings: {
      MCP_AUTH_INTROSPECTION_URL: `${ISSUER}/introspect`,
      MCP_AUTH_INTROSPECTION_CLIENT_ID: "a",
      MCP_AUTH_INTROSPECTION_CLIENT_SECRET: "12345678",
    },
  }, /needs MCP_PUBLIC_URL or MCP_AUTH_AUDIENCES/],
  ["a client without introspection", {
    settings: { MCP_AUTH_INTROSPECTION_CLIENT_ID: "a" },
  }, /need MCP_AUTH_INTROSPECTION_URL/],
  ["audiences of nobody", { settings: { MCP_AUTH_AUDIENCES: ["a"] } }, /needs MCP_AUTH_ISSUERS/],
  ["scopes of nobody", { settings: { MCP_AUTH_SCOPES: ["a"] } }, /MCP_AUTH_SCOPES needs/],
  ["a header for no keys", {
    settings: { ...AUTH_SETTINGS, MCP_AUTH_KEY_HEADER: "X-API-Key" },
  }, /needs MCP_AUTH_KEYS_FILE/],
  [
    "a mirror of nobody",
    { settings: { MCP_AUTH_MIRROR_METADATA: true } },
    /needs MCP_AUTH_ISSUERS/,
  ],
  ["a file that nobody reads", { settings: { MCP_AUTH_KEYS_FILE: "keys.json" } }, /main\.ts/],
  ["a key that is none", { auth: { keys: [{ name: "a" }] } }, /sha256 or key/],
];
for (const [what, options, message] of HALVES) {
  Deno.test(`${what} stops the start, saying what is missing`, () => {
    assertMatch(assertThrows(() => createApp(options), ConfigError).message, message);
  });
}

Deno.test("an app says whether it is open to the network", () => {
  const isOpen = (options: Parameters<typeof createApp>[0]) => {
    using app = testApp(options);
    return app.isOpen;
  };
  assertEquals(isOpen({}), false);
  assertEquals(isOpen({ settings: { HOST: "::1" } }), false);
  assertEquals(isOpen({ settings: { HOST: "0.0.0.0" } }), true);
  const auth = { verify: () => undefined };
  assertEquals(isOpen({ settings: { HOST: "0.0.0.0" }, auth }), false);
});

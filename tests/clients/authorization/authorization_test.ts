/** The official clients sign in by themselves at a real authorization server, over real sockets. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type App, createApp, defineTool, type Settings } from "../../../lib/mod.ts";
import { LIFELINE, MACHINE, SCOPES, startAuthorizationServer } from "./authorization_server.ts";
import { CONNECTS, SignIn } from "./signed_in_clients.ts";

const WHOAMI = defineTool({
  name: "whoami",
  description: "Tells the caller",
  run: (_input, { caller }) => JSON.stringify([caller.principal, caller.scopes]),
});

/** A guarded server on a port of its own, whose public URL names that port. */
function serveGuarded(settings: Partial<Settings>) {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => app.fetch(request),
  );
  const origin = `http://127.0.0.1:${server.addr.port}`;
  const app: App = createApp({
    tools: [WHOAMI],
    settings: { MCP_PUBLIC_URL: origin, ...settings },
  });
  return {
    app,
    origin,
    [Symbol.asyncDispose]: async () => {
      app.stop();
      await server.shutdown();
    },
  };
}

for (const [name, connect] of Object.entries(CONNECTS)) {
  for (const path of ["/mcp", "/mcp/sse"]) {
    if (name.includes("SSE") && path === "/mcp") continue;
    Deno.test(`${name} at ${path}: finds the issuer, signs in, calls and refreshes in one session`, async () => {
      await using issuer = await startAuthorizationServer();
      await using server = serveGuarded({
        MCP_AUTH_ISSUERS: [issuer.issuer],
        MCP_AUTH_SCOPES: ["notes:read"],
        MCP_AUTH_OFFERED_SCOPES: SCOPES.split(" "),
      });
      const ada = new SignIn("ada");
      await using client = await connect(new URL(`${server.origin}${path}`), ada);
      const who = await client.call("whoami");
      const [principal, scopes] = JSON.parse(who);
      assertEquals(JSON.parse(principal), [issuer.issuer, "ada"]);
      assert(scopes.includes("notes:read"), "the challenge's scopes were asked for");
      assertEquals(ada.visited.length, 1, "the user was sent to the browser once");
      const resource = ada.visited[0]?.searchParams.get("resource") ?? "";
      assertStringIncludes(resource, server.origin);
      const { sessionId } = client;
      // As if it had expired: the client learns it by the 401, and has a refresh token.
      ada.saved = { ...ada.saved, access_token: "expired" };
      assertEquals(await client.call("whoami"), who);
      assertEquals(ada.saves, 2, "the tokens were refreshed");
      assertEquals(ada.visited.length, 1, "nobody was asked again");
      assertEquals(client.sessionId, sessionId, "the session goes on");
    });
  }
}

async function machineToken(issuer: string, resource: string, scope = SCOPES): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${MACHINE.client_id}:${MACHINE.client_secret}`)}` },
    body: new URLSearchParams({ grant_type: "client_credentials", scope, resource }),
  });
  const { access_token } = await response.json();
  return access_token;
}

async function callWhoami(origin: string, token: string): Promise<Response> {
  return await fetch(`${origin}/mcp`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      authorization: `Bearer ${token}`,
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "whoami", arguments: {} },
    }),
  });
}

Deno.test("a machine's token gets in, and is its client", async () => {
  await using issuer = await startAuthorizationServer();
  await using server = serveGuarded({ MCP_AUTH_ISSUERS: [issuer.issuer] });
  const token = await machineToken(issuer.issuer, `${server.origin}/mcp`);
  const response = await callWhoami(server.origin, token);
  assertEquals(response.status, 200);
  const { result } = await response.json();
  const [principal, scopes] = JSON.parse(result.content[0].text);
  assertEquals(JSON.parse(principal), [issuer.issuer, MACHINE.client_id]);
  assertEquals(scopes, SCOPES.split(" "));
});

Deno.test("a token for a sister deployment at the same issuer is refused", async () => {
  await using issuer = await startAuthorizationServer();
  await using server = serveGuarded({ MCP_AUTH_ISSUERS: [issuer.issuer] });
  await using sister = serveGuarded({ MCP_AUTH_ISSUERS: [issuer.issuer] });
  const token = await machineToken(issuer.issuer, `${sister.origin}/mcp`);
  const [mine, hers] = [
    await callWhoami(server.origin, token),
    await callWhoami(sister.origin, token),
  ];
  assertEquals([mine.status, hers.status], [401, 200]);
  assertMatch(mine.headers.get("www-authenticate") ?? "", /another audience/);
  await Promise.all([mine.body?.cancel(), hers.body?.cancel()]);
});

Deno.test("an opaque token is introspected, and refused once it is revoked", async () => {
  await using issuer = await startAuthorizationServer();
  issuer.tokens.format = "opaque";
  await using server = serveGuarded({
    MCP_AUTH_INTROSPECTION_URL: `${issuer.issuer}/token/introspection`,
    MCP_AUTH_INTROSPECTION_CLIENT_ID: LIFELINE.client_id,
    MCP_AUTH_INTROSPECTION_CLIENT_SECRET: LIFELINE.client_secret,
    MCP_AUTH_INTROSPECTION_CACHE_MS: 1,
  });
  const token = await machineToken(issuer.issuer, `${server.origin}/mcp`);
  const allowed = await callWhoami(server.origin, token);
  assertEquals(allowed.status, 200, await allowed.text());
  await fetch(`${issuer.issuer}/token/revocation`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${MACHINE.client_id}:${MACHINE.client_secret}`)}` },
    body: new URLSearchParams({ token }),
  }).then((response) => response.body?.cancel());
  const refused = await callWhoami(server.origin, token);
  assertEquals(refused.status, 401);
  await refused.body?.cancel();
});

Deno.test("a stream that was opened with a token of 2 s ends within a second of that", async () => {
  await using issuer = await startAuthorizationServer();
  issuer.tokens.ttl = 2;
  await using server = serveGuarded({
    MCP_AUTH_ISSUERS: [issuer.issuer],
    MCP_AUTH_LEEWAY_MS: 500,
  });
  const token = await machineToken(issuer.issuer, `${server.origin}/mcp/sse`);
  const openedAt = performance.now();
  const response = await fetch(`${server.origin}/mcp/sse`, {
    method: "POST",
    headers: { accept: "text/event-stream", authorization: `Bearer ${token}` },
  });
  const text = await response.text();
  const seconds = (performance.now() - openedAt) / 1000;
  assertMatch(text, /"reason":"auth_expired"/);
  assert(seconds < 3.5, `${seconds} s`);
});

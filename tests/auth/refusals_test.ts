/** Which credentials are refused, on every request of every dialect. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { SignJWT } from "jose";
import { defineTool } from "../../lib/mod.ts";
import { rpc, type TestApp, toolCall } from "../helpers/app.ts";
import { BOTH } from "../helpers/session.ts";
import { FakeIssuer, ISSUER, KEY, makeKey, makeToken } from "./fake_issuer.ts";
import { ASK, type Attempt, type Headers, modernCall, OpenClients } from "./open_clients.ts";
import { bearer, guardedApp, nowClaims, PUBLIC_URL } from "./scene.ts";

const NOW_S = Math.floor(Date.now() / 1000);
const STRANGE_KEY = await makeKey("nobody-knows-it");
const IMPOSTOR_KEY = await makeKey(KEY.kid);

function open(issuer = new FakeIssuer(), settings = {}): TestApp {
  return guardedApp({
    tools: [ASK],
    settings: { MCP_MAX_AUTH_FAILURES: 10_000, ...settings },
  }, issuer);
}

const tokenOf = async (claims: Record<string, unknown>) => (await bearer(claims)).authorization;
const signed = async (options: Parameters<typeof makeToken>[0]) =>
  `Bearer ${await makeToken({ claims: nowClaims(), ...options })}`;

/** A JWT with this header and an invalid signature. */
function unsigned(header: Record<string, unknown>): string {
  const part = (value: unknown) =>
    btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const claims = { iss: ISSUER, aud: PUBLIC_URL, sub: "ada", ...nowClaims() };
  return `Bearer ${part(header)}.${part(claims)}.`;
}

/** The request, its status, and its reason in the list of refusals. */
const BAD: readonly [string, () => Promise<Headers> | Headers, number, string][] = [
  ["no token", () => ({}), 401, "missing"],
  [
    "a token of another issuer",
    async () => ({ authorization: await tokenOf({ iss: "https://evil.example" }) }),
    401,
    "issuer",
  ],
  [
    "a token for another audience",
    async () => ({ authorization: await tokenOf({ aud: "https://other.example/mcp" }) }),
    401,
    "audience",
  ],
  [
    "a token for a sister deployment",
    async () => ({ authorization: await tokenOf({ aud: `${PUBLIC_URL}/mcp2` }) }),
    401,
    "audience",
  ],
  [
    "a token that has expired",
    async () => ({ authorization: await tokenOf({ exp: NOW_S - 3_600 }) }),
    401,
    "expired",
  ],
  [
    "a token that is not valid yet",
    async () => ({ authorization: await tokenOf({ nbf: NOW_S + 3_600 }) }),
    401,
    "not_yet_valid",
  ],
  ["a token with alg none", () => ({ authorization: unsigned({ alg: "none" }) }), 401, "algorithm"],
  [
    "a token signed by HS256 with the public key",
    async () => {
      const secret = new TextEncoder().encode(JSON.stringify(KEY.jwk));
      const token = await new SignJWT({ iss: ISSUER, aud: PUBLIC_URL, sub: "ada", ...nowClaims() })
        .setProtectedHeader({ alg: "HS256", typ: "at+jwt", kid: KEY.kid }).sign(secret);
      return { authorization: `Bearer ${token}` };
    },
    401,
    "algorithm",
  ],
  ["an ID token", async () => ({ authorization: await tokenOf({ nonce: "n" }) }), 401, "type"],
  [
    "a token of a key that the issuer does not publish",
    async () => ({ authorization: await signed({ key: STRANGE_KEY }) }),
    401,
    "key",
  ],
  [
    "a token of another key under the issuer's name of its key",
    async () => ({ authorization: await signed({ key: IMPOSTOR_KEY }) }),
    401,
    "signature",
  ],
  [
    "two tokens in one header, as two headers arrive",
    async () => {
      const authorization = await tokenOf({});
      return { authorization: `${authorization}, ${authorization}` };
    },
    400,
    "malformed",
  ],
  ["1 MB of token", () => ({ authorization: `Bearer ${"a".repeat(1_048_576)}` }), 401, "too_large"],
];

for (const [what, credential, status, reason] of BAD) {
  Deno.test(`${what} is refused as ${reason}, on every request of every dialect`, async () => {
    using app = open();
    const ada = await bearer();
    await using clients = await OpenClients.open(app, ada);
    const headers = await credential();
    for (const [attempt, send] of clients.attempts()) {
      const response = await send(headers);
      const text = await response.text();
      assertEquals(response.status, status, `${attempt}: ${text}`);
      assertEquals(response.headers.get("content-type"), "application/json", attempt);
      const challenge = response.headers.get("www-authenticate") ?? "";
      assertMatch(challenge, /^Bearer .*resource_metadata="https:\/\/mcp\.example/, attempt);
      assertEquals(/error=/.test(challenge), reason !== "missing", attempt);
      const [latest] = await refusalsOf(app);
      assertEquals(latest?.reason, reason, attempt);
    }
    assertEquals(await clients.settle(ada), Array(3).fill("accept meant"), "nothing was disturbed");
  });
}

/** The list of refused requests, newest first. */
async function refusalsOf(app: TestApp): Promise<{ readonly reason?: string }[]> {
  return (await (await app.operate("/mcp/connections")).json()).recent_refused;
}

Deno.test("a token in the query is none, on every path, and its text is told nowhere", async () => {
  using app = open();
  const [, token = ""] = (await bearer()).authorization.split(" ");
  const init = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(toolCall("ask")),
  };
  const stream = { headers: { accept: "text/event-stream" } };
  const asked: [string, RequestInit][] = [
    ["/mcp", init],
    ["/mcp/sse", { ...init, headers: { ...init.headers, ...stream.headers } }],
    ["/mcp", stream],
    ["/mcp/sse", stream],
    ["/mcp/info", {}],
  ];
  for (const name of ["access_token", "token", "authorization"]) {
    for (const [path, request] of asked) {
      const response = await app.request(`${path}?${name}=${token}`, request);
      assertEquals(response.status, 401, path);
      assert(!(await response.text()).includes(token), path);
    }
  }
  const view = await (await app.operate("/mcp/connections")).text();
  assert(!view.includes(token.slice(0, 20)));
});

let ordered = 0;
const ORDER = defineTool({
  name: "order",
  description: "Orders",
  scopes: ["orders:write"],
  run: () => `ordered ${++ordered}`,
});

Deno.test("a scope that was lost between two POSTs is missing from then on, in every dialect", async () => {
  using app = guardedApp({ tools: [ASK, ORDER] });
  const ada = await bearer({ scope: "orders:write" });
  const less = await bearer({ scope: "orders:read", jti: "later" });
  await using clients = await OpenClients.open(app, ada);
  const { plain, http_sse, streamable } = clients.asked;
  const call = toolCall("order", {}, "order");
  const batch = { ...clients.batchSession, accept: BOTH };
  const sends: [string, Attempt][] = [
    ["a session", streamable.send(call)],
    ["a batch", (c) => app.post("/mcp", [rpc("ping"), call], { ...c, ...batch })],
    ["a plain stream", plain.send(call)],
    ["a 2024-11-05 stream", http_sse.send(call)],
    ["2026-07-28", modernCall(app, "order", {})],
    ["no session", (c) => app.post("/mcp", call, c)],
  ];
  for (const [what, send] of sends) {
    const first = await send(ada);
    assert(first.ok, `${what}: ${await first.text()}`);
    const before = ordered;
    const refused = await send(less);
    assertEquals(refused.status, 403, what);
    const challenge = refused.headers.get("www-authenticate") ?? "";
    assertMatch(challenge, /error="insufficient_scope".*scope="orders:write"/, what);
    assertMatch((await refused.json()).error.message, /needs the scope orders:write/, what);
    assertEquals(ordered, before, `${what}: nothing ran`);
  }
});

Deno.test("a flood of unknown keys on every request causes one fetch, and good tokens get in", async () => {
  const issuer = new FakeIssuer();
  using app = open(issuer);
  const ada = await bearer();
  await using clients = await OpenClients.open(app, ada);
  for (const [attempt, send] of clients.attempts()) {
    for (let i = 0; i < 5; i++) {
      const flood = await signed({ key: STRANGE_KEY, header: { kid: `${attempt} ${i}` } });
      const response = await send({ authorization: flood });
      assertEquals(response.status, 401, attempt);
      await response.body?.cancel();
    }
  }
  assertEquals(issuer.keyFetches, 1, "the fetch for the good token is recent enough");
  assertEquals(await clients.settle(ada), Array(3).fill("accept meant"));
});

for (
  const [what, breakDown] of [
    ["down", (issuer: FakeIssuer) => void (issuer.isDown = true)],
    ["answering 500", (issuer: FakeIssuer) => {
      for (const url of issuer.answers.keys()) {
        issuer.answers.set(url, () => new Response("oops", { status: 500 }));
      }
    }],
  ] as const
) {
  Deno.test(`a provider that is ${what} makes every request wait, in every dialect`, async () => {
    using app = open();
    const served = new Switch(app);
    await using clients = await OpenClients.open(served.app, await bearer());
    const issuer = new FakeIssuer();
    breakDown(issuer);
    using broken = open(issuer);
    served.to(broken);
    for (const [attempt, send] of clients.attempts()) {
      const response = await send(await bearer());
      assertEquals(response.status, 503, `${attempt}: ${await response.text()}`);
      assertEquals(response.headers.get("www-authenticate"), null, attempt);
      assert(Number(response.headers.get("retry-after")) > 0, attempt);
    }
  });
}

Deno.test("requests that come while a provider is slow wait for it, and none is refused", async () => {
  const issuer = new FakeIssuer();
  const gate = Promise.withResolvers<void>();
  const answers = [...issuer.answers];
  for (const [url, answer] of answers) {
    issuer.answers.set(url, () => gate.promise.then(answer));
  }
  using app = open(issuer);
  const call = toolCall("ask");
  const stream = { accept: "text/event-stream" };
  const ada = await bearer();
  const waiting = [
    app.post("/mcp", rpc("ping"), ada),
    app.post("/mcp/sse", call, { ...ada, ...stream }),
    app.request("/mcp", { headers: { ...ada, ...stream } }),
    modernCall(app, "ask", {})(ada),
  ];
  gate.resolve();
  for (const response of await Promise.all(waiting)) {
    assertEquals(response.status, 200);
    await response.body?.cancel();
  }
  assertEquals(issuer.keyFetches, 1, "the keys are fetched once for all of them");
});

/** Stands for an app, as an address does behind which another server is put. */
class Switch {
  readonly app: TestApp;
  #current: TestApp;

  constructor(app: TestApp) {
    this.#current = app;
    this.app = {
      ...app,
      request: (...args) => this.#current.request(...args),
      post: (...args) => this.#current.post(...args),
    };
  }

  to(app: TestApp): void {
    this.#current = app;
  }
}

/** Signing in on the test page: the requests to each server, and the refusals. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { SignInError } from "../../static/client/sign_in/ask.js";
import { describeIssuer, findResource } from "../../static/client/sign_in/discovery.js";
import { beginSignIn, finishSignIn } from "../../static/client/sign_in/flow.js";
import { challengeOf } from "../../static/client/sign_in/pkce.js";
import { SignedIn } from "../../static/client/sign_in/signed_in.js";
import type { Grant } from "../../static/shared/grant.js";
import { testApp } from "../helpers/app.ts";
import { AUTH_SETTINGS, PUBLIC_URL } from "../auth/scene.ts";

const ISSUER = "https://issuer.example";
const ENDPOINT = `${PUBLIC_URL}/mcp`;
const WELL_KNOWN = "/.well-known/oauth-protected-resource";
const METADATA = {
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/authorize`,
  token_endpoint: `${ISSUER}/token`,
  registration_endpoint: `${ISSUER}/register`,
  code_challenge_methods_supported: ["S256"],
  authorization_response_iss_parameter_supported: true,
};
const RESOURCE = { resource: ENDPOINT, issuers: [ISSUER], scopes: ["notes:read"] };
const TOKENS = { access_token: "a-token", token_type: "Bearer", expires_in: 600 };

type Answers = Readonly<Record<string, unknown>>;
interface Asked {
  readonly url: string;
  readonly body: URLSearchParams | string | undefined;
}

/** The surroundings of a page, with servers that answer JSON by URL. */
class Browser implements Disposable {
  readonly asked: Asked[] = [];
  readonly #before = new Map<string, PropertyDescriptor | undefined>();

  constructor(answers: Answers, page = `${PUBLIC_URL}/sse-test.html`) {
    sessionStorage.clear();
    this.#set("location", new URL(page));
    this.#set("document", { baseURI: page });
    this.#set("fetch", (url: string, { body }: RequestInit = {}) => {
      this.asked.push({ url, body: body as Asked["body"] });
      const answer = Object.hasOwn(answers, url) ? answers[url] : 404;
      if (answer === "unreadable") return Promise.reject(new TypeError("Failed to fetch"));
      const response = typeof answer === "number"
        ? Response.json({ error: "no" }, { status: answer })
        : Response.json(answer);
      return Promise.resolve(response);
    });
  }

  #set(name: string, value: unknown): void {
    this.#before.set(name, Object.getOwnPropertyDescriptor(globalThis, name));
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }

  [Symbol.dispose](): void {
    for (const [name, descriptor] of this.#before) {
      if (descriptor === undefined) Reflect.deleteProperty(globalThis, name);
      else Object.defineProperty(globalThis, name, descriptor);
    }
    sessionStorage.clear();
  }
}

const METADATA_URL = `${ISSUER}/.well-known/oauth-authorization-server`;

Deno.test("the document of the endpoint is asked for first, then that of the root", async () => {
  const document = { resource: PUBLIC_URL, authorization_servers: [ISSUER] };
  using browser = new Browser({ [`${PUBLIC_URL}${WELL_KNOWN}`]: document });
  assertEquals(await findResource(ENDPOINT), {
    resource: PUBLIC_URL,
    issuers: [ISSUER],
    scopes: [],
  });
  assertEquals(browser.asked.map(({ url }) => url), [
    `${PUBLIC_URL}${WELL_KNOWN}/mcp`,
    `${PUBLIC_URL}${WELL_KNOWN}`,
  ]);
});

for (
  const [what, document, words] of [
    ["another resource", { resource: "https://other.example/mcp" }, /is for https:\/\/other/],
    ["a resource that only begins alike", { resource: `${PUBLIC_URL}/mc` }, /is for/],
    ["no issuer", { resource: ENDPOINT, authorization_servers: [] }, /names no issuer/],
  ] as const
) {
  Deno.test(`a document of ${what} is refused`, async () => {
    using _browser = new Browser({ [`${PUBLIC_URL}${WELL_KNOWN}/mcp`]: document });
    const { message } = await assertRejects(() => findResource(ENDPOINT), SignInError);
    assertMatch(message, words);
  });
}

Deno.test("an issuer with a path is found by OpenID Connect Discovery, too", async () => {
  const issuer = `${ISSUER}/realms/main`;
  using _browser = new Browser({
    [`${issuer}/.well-known/openid-configuration`]: { ...METADATA, issuer },
  });
  assertEquals((await describeIssuer(issuer)).issuer, issuer);
});

for (
  const [what, change, words] of [
    [
      "names another issuer",
      { issuer: "https://evil.example" },
      /is of the issuer "https:\/\/evil/,
    ],
    ["offers no PKCE", { code_challenge_methods_supported: ["plain"] }, /PKCE with S256/],
    ["does not say that it offers PKCE", { code_challenge_methods_supported: undefined }, /PKCE/],
    ["sends users to a script", { authorization_endpoint: "javascript:alert(1)" }, /over https/],
    ["takes codes over http", { token_endpoint: "http://issuer.example/token" }, /over https/],
    ["gives out tokens elsewhere", { token_endpoint: "https://b.example/t" }, /may not ask/],
  ] as const
) {
  Deno.test(`an issuer that ${what} is refused`, async () => {
    using _browser = new Browser({ [METADATA_URL]: { ...METADATA, ...change } });
    const { message } = await assertRejects(() => describeIssuer(ISSUER), SignInError);
    assertMatch(message, words);
  });
}

Deno.test("the browser is sent with PKCE, state, scopes and the resource, as a registered client", async () => {
  using browser = new Browser({
    [METADATA_URL]: { ...METADATA, scopes_supported: ["notes:read", "offline_access"] },
    [`${ISSUER}/register`]: { client_id: "new" },
    [`${ISSUER}/token`]: { ...TOKENS, refresh_token: "r" },
  });
  const url = await beginSignIn(RESOURCE, ISSUER, "");
  const query = Object.fromEntries(url.searchParams);
  const { state = "", code_challenge: challenge, ...rest } = query;
  assertEquals(rest, {
    response_type: "code",
    client_id: "new",
    redirect_uri: `${PUBLIC_URL}/sse-test.html`,
    code_challenge_method: "S256",
    resource: ENDPOINT,
    scope: "notes:read offline_access",
    prompt: "consent",
  });
  const grant = await finishSignIn(new URLSearchParams({ code: "c", state, iss: ISSUER }));
  assertEquals([grant.accessToken, grant.refreshToken, grant.resource], ["a-token", "r", ENDPOINT]);
  const body = new URLSearchParams(browser.asked.at(-1)?.body);
  assertEquals(await challengeOf(body.get("code_verifier") ?? ""), challenge);
  assertEquals([body.get("resource"), body.get("client_id")], [ENDPOINT, "new"]);
});

Deno.test("an issuer that takes URLs as client ids gets that of the page's own document", async () => {
  using app = testApp({ settings: AUTH_SETTINGS });
  const url = `${PUBLIC_URL}/sse-test.client.json`;
  const document = await (await app.request("/sse-test.client.json")).json();
  assertEquals(document.client_id, url);
  assertEquals(document.redirect_uris, [`${PUBLIC_URL}/sse-test.html`]);
  const metadata = { ...METADATA, client_id_metadata_document_supported: true };
  const answers = { [METADATA_URL]: metadata, [`${ISSUER}/register`]: { client_id: "new" } };
  using _browser = new Browser({ ...answers, [url]: document });
  const sent = await beginSignIn(RESOURCE, ISSUER, "");
  assertEquals(sent.searchParams.get("client_id"), url);
  using _other = new Browser({ ...answers, [url]: { ...document, client_id: "another" } });
  const registered = await beginSignIn(RESOURCE, ISSUER, "");
  assertEquals(registered.searchParams.get("client_id"), "new", "the page is at another address");
});

Deno.test("the id that a user enters goes before all others", async () => {
  using browser = new Browser({ [METADATA_URL]: METADATA });
  const url = await beginSignIn(RESOURCE, ISSUER, "mine");
  assertEquals(url.searchParams.get("client_id"), "mine");
  assertEquals(browser.asked.length, 1);
});

Deno.test("where nobody registers the page, it says what to create", async () => {
  const { registration_endpoint: _, ...metadata } = METADATA;
  using _browser = new Browser({ [METADATA_URL]: metadata });
  const { message } = await assertRejects(() => beginSignIn(RESOURCE, ISSUER, ""), SignInError);
  assertMatch(message, /public client there with the redirect URI .*sse-test\.html/);
});

for (
  const [what, answer, words] of [
    ["with another state", { code: "c", state: "x", iss: ISSUER }, /belongs to no sign-in/],
    ["of another issuer", { code: "c", iss: "https://evil.example" }, /is of https:\/\/evil/],
    ["that names no issuer, where this one does", { code: "c" }, /does not name, expected/],
    ["with an error", { error: "access_denied", iss: ISSUER }, /refused: access_denied/],
  ] as const
) {
  Deno.test(`an answer ${what} redeems no code, and none that follows does`, async () => {
    using browser = new Browser({ [METADATA_URL]: METADATA, [`${ISSUER}/token`]: TOKENS });
    const state = (await beginSignIn(RESOURCE, ISSUER, "mine")).searchParams.get("state") ?? "";
    const query = new URLSearchParams({ state, ...answer });
    const { message } = await assertRejects(() => finishSignIn(query), SignInError);
    assertMatch(message, words);
    const good = new URLSearchParams({ code: "c", state, iss: ISSUER });
    await assertRejects(() => finishSignIn(good), SignInError, "belongs to no sign-in");
    assert(!browser.asked.some(({ url }) => url.endsWith("/token")));
  });
}

const GRANT: Grant = {
  issuer: ISSUER,
  tokenEndpoint: `${ISSUER}/token`,
  revocationEndpoint: undefined,
  clientId: "mine",
  resource: ENDPOINT,
  accessToken: "old",
  refreshToken: "r",
  expiresAt: Date.now() + 1_000,
};

Deno.test("requests that need a new token at once share one renewal", async () => {
  using browser = new Browser({ [`${ISSUER}/token`]: TOKENS });
  const signedIn = new SignedIn(GRANT, () => {});
  const tokens = await Promise.all([signedIn.fresh(), signedIn.fresh(), signedIn.renew("old")]);
  assertEquals(tokens, ["a-token", "a-token", "a-token"]);
  assertEquals(browser.asked.length, 1);
  assertEquals(await signedIn.renew("old"), "a-token", "a late refusal of the older token");
  assertEquals(browser.asked.length, 1);
  assert(signedIn.isRenewable, "the refresh token serves on where none came");
});

Deno.test("an issuer that is down ends no sign-in, and one that refuses does", async () => {
  const ends: string[] = [];
  const signedIn = new SignedIn(GRANT, (why) => ends.push(why));
  for (const answer of ["unreadable", 503]) {
    using _browser = new Browser({ [`${ISSUER}/token`]: answer });
    await assertRejects(() => signedIn.fresh(), SignInError);
  }
  assertEquals(ends, []);
  using _browser = new Browser({ [`${ISSUER}/token`]: 400 });
  await assertRejects(() => signedIn.fresh(), SignInError, "Sign in again");
  assertEquals(ends.length, 1);
});

Deno.test("only the test page may ask the issuers, and only where there are some", async () => {
  using app = testApp({ settings: AUTH_SETTINGS });
  using open = testApp();
  const policyOf = async (from: typeof app, path: string) => {
    const response = await from.request(path);
    await response.body?.cancel();
    return /connect-src ([^;]+);/.exec(response.headers.get("content-security-policy") ?? "")?.[1];
  };
  const issuers = AUTH_SETTINGS.MCP_AUTH_ISSUERS.map((issuer) => new URL(issuer).origin);
  assertEquals(await policyOf(app, "/sse-test.html"), `'self' ${issuers.join(" ")}`);
  assertEquals(await policyOf(app, "/connections.html"), "'self'");
  assertEquals(await policyOf(app, "/static/sse-test.js"), "'self'");
  assertEquals(await policyOf(open, "/sse-test.html"), "'self'");
  const missing = await open.request("/sse-test.client.json");
  assertEquals(missing.status, 404);
  await missing.body?.cancel();
});

/** Which JWTs are taken as access tokens, and why others are not. */
import { assert, assertEquals } from "@std/assert";
import { SignJWT, UnsecuredJWT } from "jose";
import { AuthFailure, type AuthFailureReason } from "../../lib/auth/auth_failure.ts";
import type { KnownCaller } from "../../lib/auth/identity.ts";
import { type JwtRules, Jwts } from "../../lib/auth/jwt.ts";
import { Provider } from "../../lib/auth/provider.ts";
import {
  AUDIENCE,
  FakeIssuer,
  ISSUER,
  KEY,
  makeKey,
  makeToken,
  NOW,
  seconds,
  type TokenOptions,
} from "./fake_issuer.ts";

const RULES: JwtRules = {
  issuers: [ISSUER],
  audiences: [AUDIENCE],
  types: ["at+jwt"],
  leewayMs: 30_000,
  rolesClaim: undefined,
};

/** A server's view of one issuer, and the time. */
class Scene {
  now = NOW;
  readonly issuer: FakeIssuer;
  readonly jwts: Jwts;

  constructor(rules: Partial<JwtRules> = {}, issuer = new FakeIssuer()) {
    this.issuer = issuer;
    this.jwts = new Jwts({ ...RULES, ...rules }, new Provider(issuer.fetch), () => this.now);
  }

  async identity(options: TokenOptions = {}): Promise<KnownCaller> {
    const verdict = await this.jwts.verify({ token: await makeToken(options), isKey: false });
    if (verdict instanceof AuthFailure) throw verdict;
    return verdict.identity;
  }

  async failure(token: string | TokenOptions): Promise<AuthFailure> {
    const text = typeof token === "string" ? token : await makeToken(token);
    const verdict = await this.jwts.verify({ token: text, isKey: false });
    assert(verdict instanceof AuthFailure, "the token is refused");
    return verdict;
  }

  async reason(token: string | TokenOptions): Promise<AuthFailureReason> {
    return (await this.failure(token)).reason;
  }
}

Deno.test("a good token tells principal, client, scopes, claims and expiry", async () => {
  const { claims, ...identity } = await new Scene().identity();
  assertEquals(identity, {
    principal: JSON.stringify([ISSUER, "ada"]),
    issuer: ISSUER,
    subject: "ada",
    clientId: "a-client",
    scopes: ["notes:read", "notes:write"],
    expiresAt: seconds(630) * 1000,
    way: "jwt",
  });
  assertEquals(claims.aud, AUDIENCE);
});

Deno.test("a refreshed token of another client is the same principal", async () => {
  const scene = new Scene();
  const first = await scene.identity();
  const second = await scene.identity({ claims: { client_id: "newer", exp: seconds(900) } });
  assertEquals(second.principal, first.principal);
});

Deno.test("no two pairs of issuer and subject are one principal", async () => {
  const scene = new Scene();
  const tricky = await scene.identity({ claims: { sub: 'ada","x' } });
  assertEquals(JSON.parse(tricky.principal), [ISSUER, 'ada","x']);
});

const REFUSED: readonly [string, TokenOptions, AuthFailureReason][] = [
  ["of another issuer", { claims: { iss: "https://evil.example" } }, "issuer"],
  ["whose issuer has a slash more", { claims: { iss: `${ISSUER}/` } }, "issuer"],
  ["whose issuer is no text", { claims: { iss: [ISSUER] } }, "issuer"],
  ["for another audience", { claims: { aud: "https://other.example/mcp" } }, "audience"],
  ["for a sister deployment", { claims: { aud: "https://mcp.example/mcp2" } }, "audience"],
  ["for a part of the audience", { claims: { aud: "https://mcp.example" } }, "audience"],
  ["without an audience", { claims: { aud: undefined } }, "audience"],
  ["that has expired", { claims: { exp: seconds(-31) } }, "expired"],
  ["without an expiry", { claims: { exp: undefined } }, "no_expiry"],
  ["whose expiry is a text", { claims: { exp: "tomorrow" } }, "no_expiry"],
  ["that is not valid yet", { claims: { nbf: seconds(60) } }, "not_yet_valid"],
  ["issued in the future", { claims: { iat: seconds(60) } }, "not_yet_valid"],
  ["without a subject", { claims: { sub: undefined } }, "subject"],
  ["with an empty subject", { claims: { sub: "" } }, "subject"],
  ["bound to a key", { claims: { cnf: { jkt: "0ZcOCORZNYy" } } }, "bound"],
  ["of typ JWT", { header: { typ: "JWT" } }, "type"],
  ["without typ", { header: { typ: undefined } }, "type"],
  ["that is an ID-JAG", { header: { typ: "oauth-id-jag+jwt" } }, "type"],
  ["that is a logout token", { header: { typ: "logout+jwt" } }, "type"],
  ["that is an ID token by its nonce", { claims: { nonce: "n" } }, "type"],
  ["that is an ID token by its at_hash", { claims: { at_hash: "h" } }, "type"],
  ["that is Keycloak's ID token", { claims: { typ: "ID" } }, "type"],
  ["that is Keycloak's refresh token", { claims: { typ: "Refresh" } }, "type"],
  ["with an unknown critical header", { header: { crit: ["rule"], rule: 1 } }, "unsupported"],
];

for (const [what, options, reason] of REFUSED) {
  Deno.test(`a token ${what} is refused for its ${reason}`, async () => {
    assertEquals(await new Scene().reason(options), reason);
  });
}

Deno.test("clocks may differ by the leeway, on both sides", async () => {
  const scene = new Scene();
  await scene.identity({ claims: { exp: seconds(-29) } });
  await scene.identity({ claims: { nbf: seconds(29), iat: seconds(29) } });
});

Deno.test("a token without a signature is refused for its algorithm", async () => {
  const token = new UnsecuredJWT({ iss: ISSUER, aud: AUDIENCE, sub: "ada", exp: seconds(60) })
    .encode();
  assertEquals(await new Scene().reason(token), "algorithm");
});

Deno.test("a token signed by HS256 with the public key as the secret is refused", async () => {
  const secret = new TextEncoder().encode(JSON.stringify(KEY.jwk));
  const token = await new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: "ada", exp: seconds(60) })
    .setProtectedHeader({ alg: "HS256", typ: "at+jwt", kid: KEY.kid }).sign(secret);
  assertEquals(await new Scene().reason(token), "algorithm");
});

Deno.test("keys that a token brings along are not looked at", async () => {
  const own = await makeKey("own");
  const scene = new Scene();
  const header = {
    jwk: own.jwk,
    jku: "https://evil.example/keys",
    x5u: "https://evil.example/cert",
  };
  assertEquals(await scene.reason({ key: own, header }), "key");
  assert(scene.issuer.asked.every((url) => url.startsWith(ISSUER)));
});

Deno.test("a token whose payload was changed is refused for its signature", async () => {
  const [header = "", , signature = ""] = (await makeToken()).split(".");
  const [, payload = ""] = (await makeToken({ claims: { sub: "root" } })).split(".");
  assertEquals(await new Scene().reason(`${header}.${payload}.${signature}`), "signature");
});

Deno.test("a text that is no JWT is left to other ways", async () => {
  const failure = await new Scene().failure("not-a-jwt");
  assertEquals([failure.reason, failure.isForeign], ["unknown", true]);
});

Deno.test("a refusal says what was expected and what came, and holds no token", async () => {
  const failure = await new Scene().failure({ claims: { aud: ["https://other.example"] } });
  assertEquals(failure.expected, [AUDIENCE]);
  assertEquals(failure.given, ["https://other.example"]);
  assert(!failure.message.includes("eyJ"));
});

Deno.test("a last slash makes no difference in an audience", async () => {
  await new Scene().identity({ claims: { aud: [`${AUDIENCE}/`, "https://other.example"] } });
  await new Scene({ audiences: [`${AUDIENCE}/`] }).identity();
});

Deno.test("Entra's tokens work by settings: typ JWT, a GUID as audience, scp, roles, azp", async () => {
  const audience = "9f0c1f9e-4b1c-4a53-9d6e-0a5a1e7d3c11";
  const scene = new Scene({
    audiences: [audience, `api://${audience}`],
    types: ["at+jwt", "jwt"],
    rolesClaim: "roles",
  });
  const identity = await scene.identity({
    header: { typ: "JWT" },
    claims: {
      aud: audience,
      azp: "desktop",
      scope: undefined,
      client_id: undefined,
      scp: "Notes.Read Notes.Write",
      roles: ["Admin"],
    },
  });
  assertEquals(identity.scopes, ["Notes.Read", "Notes.Write", "Admin"]);
  assertEquals(identity.clientId, "desktop");
});

Deno.test("Keycloak's roles are scopes by the path of their claim", async () => {
  const scene = new Scene({ types: ["jwt"], rolesClaim: "realm_access.roles" });
  const identity = await scene.identity({
    header: { typ: "JWT" },
    claims: { typ: "Bearer", scope: "openid", realm_access: { roles: ["editor"] } },
  });
  assertEquals(identity.scopes, ["openid", "editor"]);
});

Deno.test("a claim whose own name has dots is found by that name", async () => {
  const claim = "https://example.com/roles";
  const scene = new Scene({ rolesClaim: claim });
  const identity = await scene.identity({ claims: { scope: undefined, [claim]: ["editor"] } });
  assertEquals(identity.scopes, ["editor"]);
});

Deno.test("an application/ prefix of typ makes no difference", async () => {
  await new Scene().identity({ header: { typ: "application/AT+JWT" } });
});

for (const algorithm of ["RS256", "PS384", "ES384", "EdDSA"]) {
  Deno.test(`a token signed with ${algorithm} is taken`, async () => {
    const key = await makeKey("other", algorithm);
    const scene = new Scene();
    scene.issuer.keys = [key.jwk];
    await scene.identity({ key });
  });
}

Deno.test("a token that names no key is checked with each that fits", async () => {
  const scene = new Scene();
  scene.issuer.keys = [(await makeKey("a")).jwk, (await makeKey("b")).jwk, KEY.jwk];
  await scene.identity({ header: { kid: undefined } });
  const foreign = await makeKey("foreign");
  assertEquals(await scene.reason({ key: foreign, header: { kid: undefined } }), "key");
});

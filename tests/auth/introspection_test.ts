/** Opaque tokens: the requests to the authorization server, and the meaning of its answers. */
import { assert, assertEquals } from "@std/assert";
import { AuthFailure } from "../../lib/auth/auth_failure.ts";
import { Introspection, type IntrospectionRules } from "../../lib/auth/introspection.ts";
import { Provider } from "../../lib/auth/provider.ts";
import type { Recognized } from "../../lib/auth/way.ts";
import { AUDIENCE, ISSUER, NOW, seconds } from "./fake_issuer.ts";

const URL_OF_IT = `${ISSUER}/introspect`;
const GOOD = {
  active: true,
  sub: "ada",
  client_id: "a-client",
  aud: AUDIENCE,
  scope: "a b",
  exp: seconds(60),
};

interface Asked {
  readonly url: string;
  readonly init: RequestInit;
}

function introspect(
  answer: unknown,
  rules: Partial<IntrospectionRules> = {},
  asked: Asked[] = [],
): Promise<AuthFailure | Recognized> {
  const provider = new Provider((url, init) => {
    asked.push({ url, init });
    return Promise.resolve(answer instanceof Response ? answer : Response.json(answer));
  });
  const way = new Introspection(
    {
      url: URL_OF_IT,
      clientId: "life line",
      clientSecret: "s:e&c",
      issuers: [],
      audiences: [AUDIENCE],
      acceptsNoAudience: false,
      leewayMs: 30_000,
      rolesClaim: undefined,
      keepMs: 5_000,
      ...rules,
    },
    provider,
    () => NOW,
  );
  return Promise.resolve(way.verify({ token: "opaque", isKey: false }));
}

async function outcome(answer: unknown, rules: Partial<IntrospectionRules> = {}): Promise<string> {
  const verdict = await introspect(answer, rules);
  return verdict instanceof AuthFailure ? verdict.reason : verdict.identity.principal;
}

const PRINCIPAL = JSON.stringify([URL_OF_IT, "ada"]);

Deno.test("the token goes in a form, with credentials that are encoded as RFC 6749 asks", async () => {
  const asked: Asked[] = [];
  const verdict = await introspect(GOOD, {}, asked);
  const { url, init } = asked[0]!;
  assertEquals(url, URL_OF_IT);
  assertEquals(init.method, "POST");
  assertEquals(init.redirect, "manual");
  assertEquals(String(init.body), "token=opaque&token_type_hint=access_token");
  assertEquals(
    new Headers(init.headers).get("authorization"),
    `Basic ${btoa("life+line:s%3Ae%26c")}`,
  );
  assert(!(verdict instanceof AuthFailure));
  const { recheck, ...identity } = verdict.identity;
  assertEquals(await recheck?.(), true);
  assertEquals({ ...verdict, identity }, {
    identity: {
      principal: PRINCIPAL,
      issuer: URL_OF_IT,
      subject: "ada",
      clientId: "a-client",
      scopes: ["a", "b"],
      claims: GOOD,
      expiresAt: seconds(90) * 1000,
      way: "introspection",
    },
    keepMs: 5_000,
  });
});

Deno.test("the issuer that an answer names is part of the principal", async () => {
  const principal = JSON.stringify([ISSUER, "ada"]);
  assertEquals(await outcome({ ...GOOD, iss: ISSUER }, { issuers: [ISSUER] }), principal);
});

Deno.test("a machine's token may have no subject: its client is who acts", async () => {
  const principal = JSON.stringify([URL_OF_IT, "a-client"]);
  assertEquals(await outcome({ ...GOOD, sub: undefined }), principal);
});

const ANSWERS: readonly [string, unknown, string, Partial<IntrospectionRules>?][] = [
  ["that it is not active", { active: false }, "inactive"],
  ["active as a text", { ...GOOD, active: "true" }, "inactive"],
  ["an end that has passed", { ...GOOD, exp: seconds(-31) }, "expired"],
  ["a start to come", { ...GOOD, nbf: seconds(31) }, "not_yet_valid"],
  ["another audience", { ...GOOD, aud: ["https://other.example"] }, "audience"],
  ["no audience", { ...GOOD, aud: undefined }, "audience"],
  ["no audience, where that may be", { ...GOOD, aud: undefined }, PRINCIPAL, {
    acceptsNoAudience: true,
  }],
  ["another audience, where none may be", { ...GOOD, aud: "x" }, "audience", {
    acceptsNoAudience: true,
  }],
  ["another issuer", { ...GOOD, iss: "https://evil.example" }, "issuer", { issuers: [ISSUER] }],
  ["a key that it is bound to", { ...GOOD, cnf: { jkt: "x" } }, "bound"],
  ["nobody", { ...GOOD, sub: undefined, client_id: undefined }, "subject"],
  ["no end", { ...GOOD, exp: undefined }, PRINCIPAL],
  ["null as the end", { ...GOOD, exp: null }, PRINCIPAL],
  ["an end as a text", { ...GOOD, exp: String(seconds(60)) }, PRINCIPAL],
  ["an end as a text that has passed", { ...GOOD, exp: String(seconds(-31)) }, "expired"],
  ["a beginning as a text", { ...GOOD, nbf: String(seconds(3_600)) }, "not_yet_valid"],
  ["an end that is a date", { ...GOOD, exp: "2026-11-30T00:00:00Z" }, "unsupported"],
  ["an end that is a list", { ...GOOD, exp: [seconds(60)] }, "unsupported"],
  ["an end that is true", { ...GOOD, exp: true }, "unsupported"],
  ["a beginning that is an object", { ...GOOD, nbf: {} }, "unsupported"],
  ["a list", [GOOD], "unavailable"],
  ["that we are not who we say", new Response(null, { status: 401 }), "unavailable"],
  ["a fault of its own", new Response("oops", { status: 500 }), "unavailable"],
  ["no JSON", new Response("<html>"), "unavailable"],
];
for (const [what, answer, expected, rules] of ANSWERS) {
  Deno.test(`a token of which the server says ${what}: ${expected}`, async () => {
    assertEquals(await outcome(answer, rules), expected);
  });
}

Deno.test("a token that the server does not know may be known to the user's own function", async () => {
  const isForeign = async (answer: unknown) => {
    const verdict = await introspect(answer);
    assert(verdict instanceof AuthFailure);
    return verdict.isForeign;
  };
  assertEquals(await isForeign({ active: false }), true);
  assertEquals(await isForeign({ ...GOOD, aud: "another" }), false);
});

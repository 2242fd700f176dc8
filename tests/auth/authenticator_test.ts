/** All ways to identify a caller together: their order, cached verdicts, the cost of floods. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { AuthFailure } from "../../lib/auth/auth_failure.ts";
import { Authenticator, type AuthRequest } from "../../lib/auth/authenticator.ts";
import type { KnownCaller } from "../../lib/auth/identity.ts";
import { Jwts } from "../../lib/auth/jwt.ts";
import { OwnWay, type VerifyToken } from "../../lib/auth/own_way.ts";
import { Provider } from "../../lib/auth/provider.ts";
import { StaticKeys } from "../../lib/auth/static_keys.ts";
import type { Way } from "../../lib/auth/way.ts";
import { isPromise } from "../../lib/base/promises.ts";
import { AUDIENCE, FakeIssuer, ISSUER, makeToken, NOW, seconds } from "./fake_issuer.ts";

const LEEWAY_MS = 30_000;
const FIXED_KEY = "a-key-of-the-operator";

/** A server with some ways, and the time. */
class Scene {
  now = NOW;
  readonly issuer = new FakeIssuer();
  readonly keys: StaticKeys;
  readonly authenticator: Authenticator;
  /** Tokens that the function of the library's user was asked about. */
  readonly verified: string[] = [];

  constructor(options: { ways?: readonly Way[]; verify?: VerifyToken; keepMs?: number } = {}) {
    const now = () => this.now;
    this.keys = new StaticKeys([{ name: "n8n", key: FIXED_KEY, scopes: ["notes:read"] }], now);
    const rules = {
      issuers: [ISSUER],
      audiences: [AUDIENCE],
      types: ["at+jwt"],
      leewayMs: LEEWAY_MS,
      rolesClaim: undefined,
    };
    const { verify } = options;
    const own = verify === undefined ? [] : [
      new OwnWay((token, context) => {
        this.verified.push(token);
        return verify(token, context);
      }, options.keepMs ?? 0),
    ];
    const ways = [this.keys, new Jwts(rules, new Provider(this.issuer.fetch), now), ...own];
    this.authenticator = new Authenticator({
      ways: options.ways ?? ways,
      keyHeader: "x-api-key",
      maxFailures: 5,
      now,
    });
  }

  /** The caller that sends these headers, or the reason of the refusal. */
  async outcome(headers: HeadersInit, address = "203.0.113.1"): Promise<string> {
    try {
      return (await this.authenticator.authenticate(requestOf(headers, address))).subject;
    } catch (error) {
      if (error instanceof AuthFailure) return error.reason;
      throw error;
    }
  }

  /** The same for a bearer token. */
  bearer(token: string, address?: string): Promise<string> {
    return this.outcome({ authorization: `Bearer ${token}` }, address);
  }
}

function requestOf(headers: HeadersInit, address = "203.0.113.1", query = ""): AuthRequest {
  return { headers: new Headers(headers), peer: { address }, query };
}

Deno.test("keys, JWTs and tokens of the user's own function are told apart", async () => {
  const verify: VerifyToken = (token) => token === "mine" ? { subject: "grace" } : undefined;
  const scene = new Scene({ verify });
  assertEquals(await scene.bearer(FIXED_KEY), "n8n");
  assertEquals(await scene.bearer(await makeToken()), "ada");
  assertEquals(await scene.bearer("mine"), "grace");
  assertEquals(await scene.bearer("another"), "unknown");
  assertEquals(scene.verified, ["mine", "another"]);
});

Deno.test("a JWT of an accepted issuer that is refused goes to no other way", async () => {
  const scene = new Scene({ verify: () => ({ subject: "anybody" }) });
  assertEquals(await scene.bearer(await makeToken({ claims: { exp: seconds(-60) } })), "expired");
  assertEquals(scene.verified.length, 0);
});

Deno.test("a JWT of another issuer is offered to the other ways, whose refusal says less", async () => {
  const foreign = await makeToken({ claims: { iss: "https://other.example" } });
  assertEquals(await new Scene({ verify: () => ({ subject: "grace" }) }).bearer(foreign), "grace");
  assertEquals(await new Scene({ verify: () => undefined }).bearer(foreign), "issuer");
});

Deno.test("the header for keys takes keys, and no access tokens", async () => {
  const scene = new Scene();
  assertEquals(await scene.outcome({ "X-API-Key": FIXED_KEY }), "n8n");
  assertEquals(await scene.outcome({ "X-API-Key": await makeToken() }), "unknown");
});

Deno.test("the scheme is taken in any case and with blanks", async () => {
  const scene = new Scene();
  assertEquals(await scene.outcome({ authorization: `bearer  ${FIXED_KEY}` }), "n8n");
});

const MISSING: readonly [string, HeadersInit][] = [
  ["no header", {}],
  ["an empty token", { authorization: "Bearer " }],
  ["basic authentication", { authorization: "Basic YTpi" }],
  ["a scheme that begins alike", { authorization: `Bearers ${FIXED_KEY}` }],
];
for (const [what, headers] of MISSING) {
  Deno.test(`a request with ${what} has no token`, async () => {
    assertEquals(await new Scene().outcome(headers), "missing");
  });
}

const MALFORMED: readonly [string, HeadersInit][] = [
  ["two Authorization headers", [
    ["authorization", `Bearer ${FIXED_KEY}`],
    ["authorization", `Bearer ${FIXED_KEY}`],
  ]],
  ["a key in two headers", { authorization: `Bearer ${FIXED_KEY}`, "x-api-key": FIXED_KEY }],
  ["two tokens", { authorization: `Bearer ${FIXED_KEY} ${FIXED_KEY}` }],
  ["quotes around the token", { authorization: `Bearer "${FIXED_KEY}"` }],
  ["parameters of another scheme", { authorization: "Bearer token=abc, realm=x" }],
  ["a character beyond ASCII", { authorization: "Bearer caf\u00e9" }],
];
for (const [what, headers] of MALFORMED) {
  Deno.test(`a request with ${what} is malformed`, async () => {
    const reason = await new Scene().outcome(headers);
    assertEquals(reason, "malformed");
  });
}

Deno.test("1 MB of token is refused unseen", async () => {
  const scene = new Scene({ verify: () => ({ subject: "anybody" }) });
  assertEquals(await scene.bearer("a".repeat(1_048_576)), "too_large");
  assertEquals(await scene.outcome({ "x-api-key": "a".repeat(16_385) }), "too_large");
  assertEquals(scene.verified.length, 0);
});

Deno.test("a token in the query is not looked at", () => {
  const { authenticator } = new Scene();
  const query = `?access_token=${FIXED_KEY}`;
  const failureOf = (headers: HeadersInit) =>
    assertThrows(
      () => authenticator.authenticate(requestOf(headers, undefined, query)),
      AuthFailure,
    );
  const alone = failureOf({});
  assertEquals(alone.reason, "missing");
  assert(alone.message.includes("never in the URL"));
  assertEquals(failureOf({ authorization: `Bearer ${FIXED_KEY}` }).reason, "malformed");
});

Deno.test("a verdict is there without a promise when the token comes again", async () => {
  const { authenticator } = new Scene();
  const request = requestOf({ authorization: `Bearer ${await makeToken()}` });
  const first = authenticator.authenticate(request);
  assert(isPromise<KnownCaller>(first));
  const identity = await first;
  assertEquals(authenticator.authenticate(request), identity);
});

Deno.test("a verdict ends with its token and the leeway", async () => {
  const scene = new Scene();
  const token = await makeToken({ claims: { exp: seconds(60) } });
  assertEquals(await scene.bearer(token), "ada");
  scene.now += 60_000 + LEEWAY_MS - 1;
  assertEquals(await scene.bearer(token), "ada");
  scene.now += 1;
  assertEquals(await scene.bearer(token), "expired");
});

Deno.test("a token that is checked many times at once is checked once", async () => {
  const gate = Promise.withResolvers<void>();
  const scene = new Scene({
    verify: async () => {
      await gate.promise;
      return { subject: "grace" };
    },
    keepMs: 1_000,
  });
  const outcomes = Array.from({ length: 10 }, () => scene.bearer("mine"));
  await new Promise((resolve) => queueMicrotask(() => resolve(undefined)));
  gate.resolve();
  assertEquals(new Set(await Promise.all(outcomes)), new Set(["grace"]));
  assertEquals(scene.verified.length, 1);
});

Deno.test("the user's own function is asked for each request, unless its answers may be kept", async () => {
  const asking = new Scene({ verify: () => ({ subject: "grace" }) });
  await asking.bearer("mine");
  await asking.bearer("mine");
  assertEquals(asking.verified.length, 2);
  const keeping = new Scene({ verify: () => ({ subject: "grace" }), keepMs: 1_000 });
  await keeping.bearer("mine");
  await keeping.bearer("mine");
  assertEquals(keeping.verified.length, 1);
  keeping.now += 1_000;
  await keeping.bearer("mine");
  assertEquals(keeping.verified.length, 2);
});

Deno.test("the user's own function sees headers and address, of each request by itself", async () => {
  const verify: VerifyToken = (_token, { headers, peer }) =>
    Promise.resolve({ subject: `${headers.get("x-tenant")} at ${peer.address}` });
  const scene = new Scene({ verify });
  const ask = (tenant: string, address: string) =>
    scene.outcome({ authorization: "Bearer mine", "x-tenant": tenant }, address);
  const outcomes = await Promise.all([ask("a", "203.0.113.1"), ask("b", "203.0.113.2")]);
  assertEquals(outcomes, ["a at 203.0.113.1", "b at 203.0.113.2"]);
});

Deno.test("a function that fails makes the caller wait, not sign in again", async () => {
  const throwing = () => {
    throw new Error("no database");
  };
  assertEquals(await new Scene({ verify: throwing }).bearer("mine"), "unavailable");
  const rejecting = () => Promise.reject(new Error("no database"));
  assertEquals(await new Scene({ verify: rejecting }).bearer("mine"), "unavailable");
  const nameless = () => ({ subject: "" });
  assertEquals(await new Scene({ verify: nameless }).bearer("mine"), "unavailable");
});

Deno.test("a refused token is refused again for a short while without another look", async () => {
  let isKnown = false;
  const scene = new Scene({
    verify: () => isKnown ? { subject: "grace" } : undefined,
    keepMs: 60_000,
  });
  assertEquals(await scene.bearer("mine"), "unknown");
  isKnown = true;
  assertEquals(await scene.bearer("mine"), "unknown");
  scene.now += 60_000;
  assertEquals(await scene.bearer("mine"), "grace");
});

Deno.test("an address that sends many bad tokens is not looked at, and is forgiven in time", async () => {
  const scene = new Scene({
    verify: (token) => token === "mine" ? { subject: "grace" } : undefined,
  });
  for (let number = 0; number < 5; number++) {
    assertEquals(await scene.bearer(`bad${number}`, "198.51.100.1"), "unknown");
  }
  assertEquals(await scene.bearer("bad5", "198.51.100.1"), "too_many");
  assertEquals(await scene.bearer("mine", "198.51.100.1"), "too_many");
  assertEquals(await scene.bearer("mine", "198.51.100.2"), "grace", "others are served");
  scene.now += 2_000;
  assertEquals(await scene.bearer("mine", "198.51.100.1"), "grace");
});

Deno.test("the addresses of one IPv6 network count as one that sends bad tokens", async () => {
  const scene = new Scene();
  const from = (number: number) => `2001:db8::${number}`;
  for (let number = 0; number < 5; number++) {
    assertEquals(await scene.bearer(`bad${number}`, from(number)), "unknown");
  }
  assertEquals(await scene.bearer("bad5", from(5)), "too_many");
  assertEquals(await scene.bearer("bad5", "2001:db8:0:1::5"), "unknown", "another network");
});

Deno.test("tokens of one address that are being checked leave room for those of others", async () => {
  const held: (() => void)[] = [];
  const slow: Way = {
    takesKeys: true,
    isShareable: true,
    verify: () =>
      new Promise((resolve) => {
        held.push(() => resolve(new AuthFailure("unknown", "No such token")));
      }),
  };
  const scene = new Scene({ ways: [slow] });
  const guesses = Array.from({ length: 2_000 }, (_, n) => scene.bearer(`guess${n}`));
  const honest = scene.bearer("mine", "203.0.113.2");
  assertEquals(held.length, 1_501);
  for (const settle of held) settle();
  assertEquals(await honest, "unknown", "it was checked");
  const outcomes = await Promise.all(guesses);
  assertEquals(outcomes.filter((one) => one === "unavailable").length, 500);
  held.length = 0;
  const later = scene.bearer("next", "203.0.113.2");
  held[0]?.();
  assertEquals(await later, "unknown");
});

Deno.test("callers behind an address with bad tokens go on with tokens that are known", async () => {
  const scene = new Scene();
  const token = await makeToken();
  assertEquals(await scene.bearer(token), "ada");
  for (let number = 0; number < 6; number++) await scene.bearer(`bad${number}`);
  assertEquals(await scene.bearer("bad6"), "too_many");
  assertEquals(await scene.bearer(token), "ada");
});

Deno.test("a provider that is down costs its callers nothing of their score", async () => {
  const scene = new Scene();
  scene.issuer.isDown = true;
  const token = await makeToken();
  for (let number = 0; number < 10; number++) {
    assertEquals(await scene.bearer(token), "unavailable");
  }
});

Deno.test("a key that was taken out of the file is refused at once", async () => {
  const scene = new Scene();
  assertEquals(await scene.bearer(FIXED_KEY), "n8n");
  scene.keys.onChange(() => scene.authenticator.forget());
  scene.keys.replace([]);
  assertEquals(await scene.bearer(FIXED_KEY), "unknown");
});

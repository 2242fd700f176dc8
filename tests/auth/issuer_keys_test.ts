/** How the keys of an issuer are found, kept and fetched again. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { AuthFailure } from "../../lib/auth/auth_failure.ts";
import { discover, documentUrls } from "../../lib/auth/discovery.ts";
import { Jwts } from "../../lib/auth/jwt.ts";
import { Provider } from "../../lib/auth/provider.ts";
import { CapturedLog, type LoggedLine } from "../helpers/log.ts";
import {
  AUDIENCE,
  FakeIssuer,
  ISSUER,
  KEY,
  makeKey,
  makeToken,
  type NamedKey,
  NOW,
  seconds,
} from "./fake_issuer.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;

class Scene {
  now = NOW;
  readonly issuer: FakeIssuer;
  readonly jwts: Jwts;

  constructor(issuer = new FakeIssuer(), name = ISSUER) {
    this.issuer = issuer;
    const rules = {
      issuers: [name],
      audiences: [AUDIENCE],
      types: ["at+jwt"],
      leewayMs: 0,
      rolesClaim: undefined,
    };
    this.jwts = new Jwts(rules, new Provider(issuer.fetch), () => this.now);
  }

  /** The verdict on a token that is signed with a key: `ok`, or the reason of the refusal. */
  async outcome(key: NamedKey = KEY, claims: Record<string, unknown> = {}): Promise<string> {
    const token = await makeToken({ key, claims: { exp: seconds(10 * DAY), ...claims } });
    const verdict = await this.jwts.verify({ token, isKey: false });
    return verdict instanceof AuthFailure ? verdict.reason : "ok";
  }
}

Deno.test("the document is looked for where RFC 8414 and OpenID Connect put it", () => {
  assertEquals(documentUrls("https://a.example"), [
    "https://a.example/.well-known/oauth-authorization-server",
    "https://a.example/.well-known/openid-configuration",
  ]);
  assertEquals(documentUrls("https://a.example/realms/x"), [
    "https://a.example/.well-known/oauth-authorization-server/realms/x",
    "https://a.example/realms/x/.well-known/openid-configuration",
    "https://a.example/.well-known/openid-configuration/realms/x",
  ]);
});

Deno.test("keys are fetched once for many tokens that come at once", async () => {
  const scene = new Scene();
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => scene.outcome()));
  assertEquals(new Set(outcomes), new Set(["ok"]));
  assertEquals(scene.issuer.asked.length, 2, "the document and the keys");
});

Deno.test("a document that names another issuer is not believed", async () => {
  const issuer = new FakeIssuer();
  issuer.answers.set(
    `${ISSUER}/.well-known/oauth-authorization-server`,
    () => Response.json({ issuer: "https://evil.example", jwks_uri: `${ISSUER}/keys` }),
  );
  const scene = new Scene(issuer);
  assertEquals(await scene.outcome(), "unavailable");
  assertEquals(issuer.keyFetches, 0);
});

Deno.test("the document of OpenID Connect is taken where there is no other", async () => {
  const issuer = new FakeIssuer();
  const document = issuer.answers.get(`${ISSUER}/.well-known/oauth-authorization-server`)!;
  issuer.answers.delete(`${ISSUER}/.well-known/oauth-authorization-server`);
  issuer.answers.set(`${ISSUER}/.well-known/openid-configuration`, document);
  assertEquals(await new Scene(issuer).outcome(), "ok");
});

Deno.test("keys over http are not fetched from another machine", async () => {
  const scene = new Scene(new FakeIssuer(ISSUER, "http://issuer.example/keys"));
  assertEquals(await scene.outcome(), "unavailable");
  assertEquals(scene.issuer.keyFetches, 0);
});

Deno.test("a key that was added is found with the first token that names it", async () => {
  const scene = new Scene();
  assertEquals(await scene.outcome(), "ok");
  const next = await makeKey("second");
  scene.issuer.keys = [KEY.jwk, next.jwk];
  scene.now += 31_000;
  assertEquals(await scene.outcome(next), "ok");
});

Deno.test("a new key under an old name is found, too", async () => {
  const scene = new Scene();
  assertEquals(await scene.outcome(), "ok");
  const next = await makeKey(KEY.kid);
  scene.issuer.keys = [next.jwk];
  scene.now += 31_000;
  assertEquals(await scene.outcome(next), "ok");
  assertEquals(await scene.outcome(KEY), "signature");
});

Deno.test("a flood of unknown keys causes one fetch in 30 s", async () => {
  const scene = new Scene();
  assertEquals(await scene.outcome(), "ok");
  for (let number = 0; number < 5; number++) {
    const foreign = { ...KEY, kid: `foreign ${number}` };
    assertEquals(await scene.outcome(foreign), "key");
  }
  assertEquals(scene.issuer.keyFetches, 1);
  scene.now += 31_000;
  await Promise.all(
    Array.from({ length: 5 }, (_, number) => scene.outcome({ ...KEY, kid: `${number}` })),
  );
  assertEquals(scene.issuer.keyFetches, 2);
  assertEquals(await scene.outcome(), "ok", "good tokens are taken meanwhile");
});

Deno.test("one key that cannot be used does not spoil the set, and the log tells how many can", async () => {
  using log = new CapturedLog();
  const scene = new Scene();
  scene.issuer.keys = [
    null,
    "text",
    { kty: "RSA", kid: "broken", n: "!", e: "AQAB" },
    { kty: "EC", kid: KEY.kid, crv: "P-256", x: "AA", y: "AA" },
    { kty: "oct", kid: "secret", k: "c2VjcmV0" },
    { kty: "future", kid: "new" },
    KEY.jwk,
  ];
  assertEquals(await scene.outcome(), "ok");
  const [{ fields }] = log.of("Keys of an issuer left out") as [LoggedLine];
  assertEquals(fields, { issuer: ISSUER, usable: 2, given: 7 });
});

Deno.test("of a set the first 100 keys are read", async () => {
  const outcomeAfter = async (others: number) => {
    const scene = new Scene();
    const other = await makeKey("other");
    scene.issuer.keys = [...Array.from({ length: others }, () => other.jwk), KEY.jwk];
    return await scene.outcome();
  };
  assertEquals([await outcomeAfter(99), await outcomeAfter(100)], ["ok", "key"]);
});

Deno.test("without any key and with the provider down the answer is unavailable", async () => {
  const scene = new Scene();
  scene.issuer.isDown = true;
  assertEquals(await scene.outcome(), "unavailable");
  const asked = scene.issuer.asked.length;
  assertEquals(await scene.outcome(), "unavailable");
  assertEquals(scene.issuer.asked.length, asked, "it is not asked again at once");
  scene.issuer.isDown = false;
  scene.now += 5_001;
  assertEquals(await scene.outcome(), "ok");
});

Deno.test("old keys serve for a day while the provider is down, and no longer", async () => {
  const scene = new Scene();
  assertEquals(await scene.outcome(), "ok");
  scene.issuer.isDown = true;
  scene.now += DAY - MINUTE;
  assertEquals(await scene.outcome(), "ok");
  scene.now += 2 * MINUTE;
  assertEquals(await scene.outcome(), "unavailable");
});

Deno.test("an unknown key while the provider is down is unavailable: it may be a new one", async () => {
  const scene = new Scene();
  assertEquals(await scene.outcome(), "ok");
  scene.issuer.isDown = true;
  scene.now += 31_000;
  assertEquals(await scene.outcome(await makeKey("second")), "unavailable");
  assertEquals(await scene.outcome(), "ok");
});

Deno.test("a key that was withdrawn ends within minutes", async () => {
  const scene = new Scene();
  assertEquals(await scene.outcome(), "ok");
  const next = await makeKey("second");
  scene.issuer.keys = [next.jwk];
  scene.now += 10 * MINUTE + 1;
  assertEquals(await scene.outcome(), "ok", "the first token after that has the keys fetched");
  await scene.jwts.issuers.get(ISSUER)?.document();
  assertEquals(await scene.outcome(), "key");
});

Deno.test("the document is asked for again after an hour, as keys may move", async () => {
  const scene = new Scene();
  assertEquals(await scene.outcome(), "ok");
  const moved = `${ISSUER}/moved/keys`;
  scene.issuer.answers.set(
    `${ISSUER}/.well-known/oauth-authorization-server`,
    () => Response.json({ issuer: ISSUER, jwks_uri: moved }),
  );
  scene.issuer.answers.set(moved, () => Response.json({ keys: [KEY.jwk] }));
  scene.now += 61 * MINUTE;
  assertEquals(await scene.jwts.issuers.get(ISSUER)?.document(), {
    issuer: ISSUER,
    jwks_uri: moved,
  });
});

/** A provider on a socket, as some faults are those of sockets. */
function onSocket(handler: (request: Request) => Response | Promise<Response>) {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

Deno.test("a provider that redirects is not followed", async () => {
  let isFollowed = false;
  await using server = onSocket(({ url }) => {
    if (!url.endsWith("/elsewhere")) return Response.redirect(`${new URL(url).origin}/elsewhere`);
    isFollowed = true;
    return Response.json({});
  });
  await assertRejects(() => new Provider().json(server.url), AuthFailure, "status 302");
  assert(!isFollowed);
});

Deno.test("an answer without end is cut", async () => {
  await using server = onSocket(() =>
    new Response(
      new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(32)),
      }),
    )
  );
  await assertRejects(() => new Provider().json(server.url), AuthFailure, "above 262144 bytes");
});

Deno.test("an answer may have just 262,144 bytes", async () => {
  const sized = (bytes: number) => {
    const text = JSON.stringify({ a: 1 });
    const body = text + " ".repeat(bytes - text.length);
    return new Provider(() => Promise.resolve(new Response(body))).json(`${ISSUER}/keys`);
  };
  assertEquals(await sized(262_144), { a: 1 });
  await assertRejects(() => sized(262_145), AuthFailure, "above 262144 bytes");
});

Deno.test("a provider that is slow is given up, its body too", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await using server = onSocket(async ({ url }) => {
    if (url.endsWith("/body")) {
      return new Response(
        new ReadableStream<Uint8Array>({ start: (it) => it.enqueue(new Uint8Array([123])) }),
      );
    }
    await promise;
    return Response.json({});
  });
  const provider = new Provider(fetch, 50);
  await assertRejects(() => provider.json(`${server.url}/`), AuthFailure, "no answer within 50 ms");
  await assertRejects(() => provider.json(`${server.url}/body`), AuthFailure, "no answer within");
  resolve();
});

Deno.test("what is no JSON object is refused", async () => {
  for (const body of ["[]", "null", "<html>", '"text"']) {
    await using server = onSocket(() => new Response(body));
    await assertRejects(() => new Provider().json(server.url), AuthFailure);
  }
});

Deno.test("http is taken from this machine alone, and no URL with a password", async () => {
  let isAsked = false;
  const provider = new Provider(() => {
    isAsked = true;
    return Promise.resolve(Response.json({}));
  });
  for (
    const url of [
      "http://issuer.example/",
      "ftp://localhost/",
      "https://a:b@issuer.example/",
      "http://127.evil.example/",
      "no url",
    ]
  ) {
    await assertRejects(() => provider.json(url), AuthFailure, "neither https nor on this machine");
  }
  assert(!isAsked);
  for (
    const url of [
      "http://localhost:1/",
      "http://127.0.0.7/",
      "http://[::1]:80/",
      "https://issuer.example/",
    ]
  ) {
    await provider.json(url);
  }
});

Deno.test("a discovery document without the place of its keys is named with this fault", async () => {
  const provider = { json: () => Promise.resolve({ issuer: ISSUER }) };
  const error = await assertRejects(
    () => discover(provider as unknown as Provider, ISSUER),
    AuthFailure,
  );
  assertEquals(error.reason, "unavailable");
  assert(error.message.includes("jwks_uri is missing"), error.message);
});

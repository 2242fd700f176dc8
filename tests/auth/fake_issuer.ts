/**
 * An issuer of tokens for tests: its documents without a socket, its keys and the tokens it signs.
 *
 * @module
 */
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import type { Fetch } from "../../lib/auth/provider.ts";

/** When tests of tokens take place (ms since the Unix epoch). */
export const NOW = Date.UTC(2026, 5, 1);
export const ISSUER = "https://issuer.example";
export const AUDIENCE = "https://mcp.example/mcp";

/** A pair of keys under a name. */
export interface NamedKey {
  readonly kid: string;
  readonly algorithm: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

/** Makes a key. */
export async function makeKey(kid: string, algorithm = "ES256"): Promise<NamedKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = { ...await exportJWK(publicKey), kid, alg: algorithm, use: "sig" };
  return { kid, algorithm, privateKey, jwk };
}

/** The key that most tests sign with; making one takes long. */
export const KEY = await makeKey("first");

/** The differences of a token from a good one; undefined removes a claim. */
export interface TokenOptions {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly key?: NamedKey;
}

/** A good token, unless told otherwise. */
export async function makeToken({ claims, header, key = KEY }: TokenOptions = {}): Promise<string> {
  const payload = {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: "ada",
    client_id: "a-client",
    scope: "notes:read notes:write",
    iat: seconds(0),
    exp: seconds(600),
    ...claims,
  };
  return await new SignJWT(JSON.parse(JSON.stringify(payload)))
    .setProtectedHeader({ alg: key.algorithm, typ: "at+jwt", kid: key.kid, ...header })
    .sign(key.privateKey, { crit: { rule: true } });
}

/** The time this many seconds after {@linkcode NOW}, in the form of a claim. */
export function seconds(after: number): number {
  return NOW / 1000 + after;
}

/** Replaces `fetch`, and answers like an issuer. */
export class FakeIssuer {
  /** Answers by URL; anything else is a 404. */
  readonly answers = new Map<string, () => Response | Promise<Response>>();
  /** URLs in the order in which they were asked. */
  readonly asked: string[] = [];
  keys: unknown[] = [KEY.jwk];
  isDown = false;

  constructor(issuer = ISSUER, jwksUri = `${issuer}/keys`) {
    this.answers.set(
      `${issuer}/.well-known/oauth-authorization-server`,
      () => Response.json({ issuer, jwks_uri: jwksUri }),
    );
    this.answers.set(jwksUri, () => Response.json({ keys: this.keys }));
  }

  /** How often the keys were fetched. */
  get keyFetches(): number {
    return this.asked.filter((url) => url.endsWith("/keys")).length;
  }

  readonly fetch: Fetch = async (url) => {
    this.asked.push(url);
    if (this.isDown) throw new TypeError("connection refused");
    return await this.answers.get(url)?.() ?? new Response(null, { status: 404 });
  };
}

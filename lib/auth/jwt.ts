/**
 * Access tokens that are JWTs (RFC 9068), with the habits of providers that do not follow it all.
 *
 * @module
 */
import {
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyGetKey,
  type ProtectedHeaderParameters,
} from "jose";
import { AuthFailure, unavailable } from "./auth_failure.ts";
import type { Credential } from "./credential.ts";
import { principalOf } from "./identity.ts";
import { IssuerKeys } from "./issuer_keys.ts";
import { isAudience, type TokenRules } from "./token_rules.ts";
import type { Provider } from "./provider.ts";
import { scopesOf } from "./scopes.ts";
import type { Recognized, Way } from "./way.ts";

/** Only asymmetric ones: a program that checks a symmetric signature could also make it. */
export const ALGORITHMS = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
];

/** How long a verdict may be used again, so that a key that was withdrawn ends some day (ms). */
const KEPT_MS = 600_000;
/** Most keys that one signature is tried with, where a token does not name its key. */
const MAX_TRIED_KEYS = 8;

/** Rules for JWTs. */
export interface JwtRules extends TokenRules {
  /** `iss` must be one of these, byte for byte. */
  readonly issuers: readonly string[];
  /** Allowed `typ` headers, in lower case; `none` allows tokens without one. */
  readonly types: readonly string[];
}

/** Checks access tokens that are JWTs (RFC 9068). */
export class Jwts implements Way {
  readonly takesKeys = false;
  readonly isShareable = true;
  readonly issuers: ReadonlyMap<string, IssuerKeys>;
  readonly #rules: JwtRules;
  readonly #now: () => number;

  /** @param now ms since the Unix epoch */
  constructor(rules: JwtRules, provider: Provider, now: () => number) {
    this.#rules = rules;
    this.#now = now;
    this.issuers = new Map(
      rules.issuers.map((issuer) => [issuer, new IssuerKeys(issuer, provider, now)]),
    );
  }

  async verify({ token }: Credential): Promise<Recognized | AuthFailure> {
    try {
      const { header, claimed } = decode(token);
      const issuer = this.#issuerOf(claimed);
      this.#checkHeader(header);
      const claims = await this.#verifySignature(token, issuer);
      return this.#recognize(claims, issuer.issuer);
    } catch (error) {
      if (error instanceof AuthFailure) return error;
      return unavailable("The token could not be checked", error);
    }
  }

  #issuerOf({ iss }: JWTPayload): IssuerKeys {
    const issuer = typeof iss === "string" ? this.issuers.get(iss) : undefined;
    if (issuer !== undefined) return issuer;
    throw new AuthFailure("issuer", "The token is from an issuer that is not accepted here", {
      expected: this.#rules.issuers,
      given: iss,
      isForeign: true,
    });
  }

  #checkHeader({ alg, typ }: ProtectedHeaderParameters): void {
    if (alg === undefined || !ALGORITHMS.includes(alg)) {
      throw new AuthFailure(
        "algorithm",
        `The token's algorithm must be one of ${ALGORITHMS.join(", ")}`,
        { expected: ALGORITHMS, given: alg },
      );
    }
    const type = typ === undefined ? "none" : typ.toLowerCase().replace(/^application\//, "");
    if (this.#rules.types.includes(type)) return;
    throw new AuthFailure("type", "The token is not an access token: its typ is another", {
      expected: this.#rules.types,
      given: typ ?? "none",
    });
  }

  async #verifySignature(token: string, issuer: IssuerKeys): Promise<JWTPayload> {
    const keys = await issuer.current();
    try {
      return await this.#verifyWith(token, keys);
    } catch (error) {
      if (!(error instanceof AuthFailure) || !isKeyFault(error)) throw error;
      // The issuer may have other keys by now, even a new one under an old name.
      const newer = await issuer.refetched(keys);
      if (newer === undefined) throw error;
      return await this.#verifyWith(token, newer);
    }
  }

  async #verifyWith(token: string, getKey: JWTVerifyGetKey): Promise<JWTPayload> {
    const options = {
      algorithms: ALGORITHMS,
      clockTolerance: this.#rules.leewayMs / 1000,
      currentDate: new Date(this.#now()),
    };
    try {
      return (await jwtVerify(token, getKey, options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw toFailure(error);
      let tried = 0;
      for await (const key of error) {
        if (tried++ === MAX_TRIED_KEYS) break;
        try {
          return (await jwtVerify(token, key, options)).payload;
        } catch (failed) {
          if (!(failed instanceof errors.JWSSignatureVerificationFailed)) throw toFailure(failed);
        }
      }
      throw toFailure(error);
    }
  }

  /** The signature is right; what remains is whether the token is for this server. */
  #recognize(claims: JWTPayload, issuer: string): Recognized {
    const { leewayMs, audiences, rolesClaim } = this.#rules;
    if (isIdToken(claims)) {
      throw new AuthFailure(
        "type",
        "The token is an ID token or a refresh token; send an access token",
      );
    }
    if (claims.exp === undefined) {
      throw new AuthFailure("no_expiry", "The token has no exp; tokens must expire");
    }
    if (claims.iat !== undefined && claims.iat * 1000 > this.#now() + leewayMs) {
      throw new AuthFailure("not_yet_valid", "The token was issued in the future (iat)");
    }
    if (!isAudience(claims.aud, audiences)) {
      throw new AuthFailure("audience", "The token is for another audience", {
        expected: audiences,
        given: claims.aud,
      });
    }
    if (claims.cnf !== undefined) {
      throw new AuthFailure("bound", "The token is bound to a key (cnf), which is not supported");
    }
    if (typeof claims.sub !== "string" || claims.sub === "") {
      throw new AuthFailure("subject", "The token names no subject (sub)");
    }
    const identity = {
      principal: principalOf(issuer, claims.sub),
      issuer,
      subject: claims.sub,
      clientId: clientOf(claims),
      scopes: scopesOf(claims, rolesClaim),
      claims,
      expiresAt: claims.exp * 1000 + leewayMs,
      way: "jwt",
    } as const;
    return { identity, keepMs: KEPT_MS };
  }
}

function decode(token: string) {
  try {
    return { header: decodeProtectedHeader(token), claimed: decodeJwt(token) };
  } catch {
    throw new AuthFailure("unknown", "The token is not known, and it is not a JWT", {
      isForeign: true,
    });
  }
}

/** ID tokens have claims of their own; Keycloak also names the kind of a token in `typ`. */
function isIdToken(claims: JWTPayload): boolean {
  return ["nonce", "at_hash", "c_hash", "s_hash"].some((name) => claims[name] !== undefined) ||
    ["ID", "Refresh", "Offline", "Logout"].some((type) => claims.typ === type);
}

/** The client, as RFC 9068, OpenID Connect (Keycloak, Entra v2) and Entra v1 name it. */
function clientOf({ client_id, azp, appid }: JWTPayload): string | undefined {
  return [client_id, azp, appid].find((name) => typeof name === "string") as string | undefined;
}

function isKeyFault({ reason }: AuthFailure): boolean {
  return reason === "key" || reason === "signature";
}

/** Converts jose's error to a failure. */
function toFailure(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) {
    return new AuthFailure("expired", "The token has expired", { given: error.payload.exp });
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim } = error;
    const reason = claim === "nbf"
      ? "not_yet_valid"
      : claim === "exp"
      ? "no_expiry"
      : "unsupported";
    return new AuthFailure(reason, `The token's ${claim} does not allow its use now`, {
      given: error.payload[claim],
    });
  }
  if (
    error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys
  ) {
    return new AuthFailure(
      "key",
      "The token is signed with a key that its issuer does not publish",
    );
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return new AuthFailure("signature", "The token's signature is wrong");
  }
  if (error instanceof errors.JOSEError || error instanceof TypeError) {
    // Unknown critical headers, keys that are too short, claims of the wrong type.
    return new AuthFailure("unsupported", "The token cannot be understood", { cause: error });
  }
  return error;
}

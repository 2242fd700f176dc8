/**
 * Opaque tokens: the authorization server is asked what each is (RFC 7662).
 *
 * @module
 */
import { AuthFailure, unavailable } from "./auth_failure.ts";
import type { Credential } from "./credential.ts";
import { principalOf } from "./identity.ts";
import type { Provider } from "./provider.ts";
import { scopesOf } from "./scopes.ts";
import { isAudience, type TokenRules } from "./token_rules.ts";
import type { Recognized, Way } from "./way.ts";

/** The introspection endpoint, and rules for its answers. */
export interface IntrospectionRules extends TokenRules {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Accepted issuers, where the answer names one; empty accepts any. */
  readonly issuers: readonly string[];
  /** Whether an answer without `aud` is taken: RFC 7662 leaves it out where it likes. */
  readonly acceptsNoAudience: boolean;
  /** Time for which an answer is cached (ms). A revoked token stays valid for as long. */
  readonly keepMs: number;
}

type Answer = Readonly<Record<string, unknown>>;

/** Asks the issuer about opaque tokens (RFC 7662). */
export class Introspection implements Way {
  readonly takesKeys = false;
  readonly isShareable = true;
  readonly #rules: IntrospectionRules;
  readonly #provider: Provider;
  readonly #now: () => number;
  readonly #authorization: string;

  /** @param now ms since the Unix epoch */
  constructor(rules: IntrospectionRules, provider: Provider, now: () => number) {
    this.#rules = rules;
    this.#provider = provider;
    this.#now = now;
    // RFC 6749, section 2.3.1: both are form-encoded before they are joined.
    const pair = `${formEncoded(rules.clientId)}:${formEncoded(rules.clientSecret)}`;
    this.#authorization = `Basic ${btoa(pair)}`;
  }

  async verify({ token }: Credential): Promise<Recognized | AuthFailure> {
    try {
      return this.#recognize(await this.#ask(token), token);
    } catch (error) {
      if (error instanceof AuthFailure) return error;
      return unavailable("The token could not be checked", error);
    }
  }

  async #ask(token: string): Promise<Answer> {
    try {
      return await this.#provider.json(this.#rules.url, {
        method: "POST",
        headers: { authorization: this.#authorization },
        body: new URLSearchParams({ token, token_type_hint: "access_token" }),
      });
    } catch (error) {
      throw unavailable(
        "The authorization server cannot be asked about the token now; try again later",
        error,
      );
    }
  }

  #recognize(answer: Answer, token: string): Recognized {
    const { keepMs, rolesClaim, url } = this.#rules;
    if (answer.active !== true) {
      throw new AuthFailure(
        "inactive",
        "The authorization server does not know the token (any more)",
        {
          isForeign: true,
          keepMs,
        },
      );
    }
    const endsAt = this.#checkTimes(answer);
    this.#checkParties(answer);
    const issuer = typeof answer.iss === "string" ? answer.iss : url;
    // Tokens of machines may have no subject: their client is who acts.
    const subject = [answer.sub, answer.client_id].find((name) =>
      typeof name === "string" && name !== ""
    );
    if (typeof subject !== "string") {
      throw new AuthFailure("subject", "The token names neither a subject nor a client");
    }
    const identity = {
      principal: principalOf(issuer, subject),
      issuer,
      subject,
      clientId: typeof answer.client_id === "string" ? answer.client_id : undefined,
      scopes: scopesOf(answer, rolesClaim),
      claims: answer,
      expiresAt: endsAt,
      recheck: () => this.#isStillGood(token),
      way: "introspection",
    } as const;
    return { identity, keepMs };
  }

  /** A server that does not answer has withdrawn nothing. */
  async #isStillGood(token: string): Promise<boolean> {
    const verdict = await this.verify({ token, isKey: false });
    return !(verdict instanceof AuthFailure) || verdict.reason === "unavailable";
  }

  /** @returns when the token ends (ms since the Unix epoch); undefined if the answer does not say */
  #checkTimes(answer: Answer): number | undefined {
    const { leewayMs } = this.#rules;
    const now = this.#now();
    const exp = secondsIn(answer, "exp");
    const nbf = secondsIn(answer, "nbf");
    const endsAt = exp === undefined ? undefined : exp * 1000 + leewayMs;
    if (endsAt !== undefined && endsAt <= now) {
      throw new AuthFailure("expired", "The token has expired", { given: exp });
    }
    if (nbf !== undefined && nbf * 1000 - leewayMs > now) {
      throw new AuthFailure("not_yet_valid", "The token is not valid yet (nbf)", { given: nbf });
    }
    return endsAt;
  }

  #checkParties({ iss, aud, cnf }: Answer): void {
    const { issuers, audiences, acceptsNoAudience } = this.#rules;
    if (iss !== undefined && issuers.length > 0 && !issuers.some((issuer) => issuer === iss)) {
      throw new AuthFailure("issuer", "The token is from an issuer that is not accepted here", {
        expected: issuers,
        given: iss,
      });
    }
    const isForUs = aud === undefined ? acceptsNoAudience : isAudience(aud, audiences);
    if (!isForUs) {
      throw new AuthFailure("audience", "The token is for another audience", {
        expected: audiences,
        given: aud ?? "none",
      });
    }
    if (cnf !== undefined) {
      throw new AuthFailure("bound", "The token is bound to a key (cnf), which is not supported");
    }
  }
}

/**
 * A time of an answer in seconds since the Unix epoch; undefined if it has none. Some servers send
 * digits as a text.
 *
 * @throws {AuthFailure} `unsupported` for anything else: no token may last longer than meant
 */
function secondsIn(answer: Answer, name: "exp" | "nbf"): number | undefined {
  const value = answer[name] ?? undefined;
  const isText = typeof value === "string" && /^\d{1,15}$/.test(value);
  const seconds = isText ? Number(value) : value;
  if (seconds === undefined || Number.isFinite(seconds)) return seconds as number | undefined;
  throw new AuthFailure(
    "unsupported",
    `The authorization server's answer about the token has no number in "${name}"`,
    { given: value },
  );
}

function formEncoded(text: string): string {
  return new URLSearchParams({ text }).toString().slice("text=".length);
}

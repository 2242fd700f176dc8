/**
 * A way of the library's user: a function that knows tokens.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import { type MemberChecks, OBJECT, TEXT, TEXTS, wordsFor } from "../base/members.ts";
import { isPromise, type MaybePromise } from "../base/promises.ts";
import { AuthFailure, unavailable } from "./auth_failure.ts";
import type { Credential } from "./credential.ts";
import { principalOf } from "./identity.ts";
import type { AuthContext, Recognized, Way } from "./way.ts";

/** The owner of a token, as a library user's function returns it. */
export interface VerifiedCaller {
  /** Unique among all callers of its issuer, and never given to another. */
  readonly subject: string;
  /** The issuer of the subject; default: `urn:lifeline:verify`. */
  readonly issuer?: string;
  readonly clientId?: string;
  readonly scopes?: readonly string[];
  /** The claims that handlers get in `ctx.caller.claims`. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** When the token expires; its streams end then. */
  readonly expiresAt?: Date;
}

/**
 * Identifies the owner of a token.
 *
 * @returns undefined for an unknown token; the client gets a 401
 * @throws anything if the token could not be checked; the client gets a 503
 */
export type VerifyToken = (
  token: string,
  context: AuthContext,
) => MaybePromise<VerifiedCaller | undefined>;

const OWN_ISSUER = "urn:lifeline:verify";
const log = logFor("auth");

/** Asks a function of the library user about tokens. */
export class OwnWay implements Way {
  readonly takesKeys = true;
  readonly isShareable: boolean;
  readonly #verify: VerifyToken;
  readonly #keepMs: number;

  /** @param keepMs how long an answer is used again (ms); 0 asks for each request */
  constructor(verify: VerifyToken, keepMs: number) {
    this.#verify = verify;
    this.#keepMs = keepMs;
    this.isShareable = keepMs > 0;
  }

  verify({ token }: Credential, context: AuthContext): MaybePromise<Recognized | AuthFailure> {
    try {
      const caller = this.#verify(token, context);
      if (!isPromise(caller)) return this.#judge(caller);
      return caller.then((settled) => this.#judge(settled)).catch(failed);
    } catch (error) {
      return failed(error);
    }
  }

  #judge(caller: VerifiedCaller | undefined): Recognized | AuthFailure {
    const keepMs = this.#keepMs;
    if (caller === undefined || caller === null) {
      return new AuthFailure("unknown", "The token is not known", { isForeign: true, keepMs });
    }
    requireCaller(caller);
    const { subject } = caller;
    // Databases return null for what is left out.
    const issuer = caller.issuer ?? OWN_ISSUER;
    const clientId = caller.clientId ?? undefined;
    const scopes = caller.scopes ?? [];
    const claims = caller.claims ?? {};
    const expiresAt = caller.expiresAt?.getTime();
    const identity = {
      ...{ principal: principalOf(issuer, subject), issuer, subject, clientId, scopes, claims },
      expiresAt,
      way: "verify",
    } as const;
    return { identity, keepMs };
  }
}

const CHECKS: MemberChecks<VerifiedCaller> = {
  subject: TEXT,
  issuer: TEXT,
  clientId: TEXT,
  scopes: TEXTS,
  claims: OBJECT,
  expiresAt: (value) =>
    value instanceof Date && !Number.isNaN(value.getTime())
      ? undefined
      : ` must be a Date, not ${wordsFor(value)}`,
};

/** @throws {TypeError} naming the member that is wrong */
function requireCaller(caller: VerifiedCaller): void {
  if (typeof caller.subject !== "string" || caller.subject === "") {
    throw new TypeError("verify() must return a subject: a text that is not empty");
  }
  for (const [name, check] of Object.entries(CHECKS)) {
    const value = caller[name as keyof VerifiedCaller] ?? undefined;
    const fault = value === undefined ? undefined : check(value);
    if (fault !== undefined) {
      throw new TypeError(`verify() returned a wrong caller: ${name}${fault}`);
    }
  }
}

function failed(error: unknown): AuthFailure {
  log.error("Own verification failed", { error: messageOf(error) });
  return unavailable("The token could not be checked; try again later", error);
}

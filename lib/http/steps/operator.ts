/**
 * Checks that a request comes from the operator.
 *
 * @module
 */
import type { Auth } from "../../auth/auth.ts";
import { FailureScores } from "../../auth/failure_scores.ts";
import { hasScopes } from "../../auth/scopes.ts";
import { type Clock, monotonic } from "../../base/clock.ts";
import { ProtocolError } from "../../base/errors.ts";
import type { Identity } from "../../base/identity.ts";
import { nodeCrypto, sha256 } from "../../base/node.ts";
import { isPromise, type MaybePromise } from "../../base/promises.ts";
import type { Settings } from "../../base/settings_type.ts";
import { AUTHORIZATION, singleValue } from "../../wire/headers.ts";
import { logFor } from "../../base/log.ts";
import { Throttle } from "../../base/throttled_warning.ts";
import type { RequestContext } from "../../transport/request_head.ts";

/** Looking and ending connections, as scopes of a caller's token. */
const OPERATOR_SCOPES = { read: "lifeline:read", admin: "lifeline:admin" } as const;

/** A right of an operator. */
export type OperatorRight = keyof typeof OPERATOR_SCOPES;

/** The operator's own tokens, by the right that each gives. */
export interface OperatorTokens extends Readonly<Record<OperatorRight, string | undefined>> {
  /** Whether the admin token was made because nothing else lets an operator in. */
  readonly isMade: boolean;
}

/**
 * The operator's tokens. Where the settings have none, and no caller can have the scopes of an
 * operator, an admin token is made.
 *
 * @param auth knows callers whose scopes make them operators
 */
export function operatorTokens(
  { MCP_ADMIN_TOKEN: admin, MCP_READ_TOKEN: read }: Pick<
    Settings,
    "MCP_ADMIN_TOKEN" | "MCP_READ_TOKEN"
  >,
  auth: Auth | undefined,
): OperatorTokens {
  const isMade = admin === undefined && read === undefined && auth === undefined;
  return { admin: isMade ? makeToken() : admin, read, isMade };
}

function makeToken(): string {
  return crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)).toHex();
}

/** Lets only operators pass. */
export class OperatorCheck {
  readonly #tokens: OperatorTokens;
  readonly #clock: Clock;
  readonly #failures = new FailureScores(MAX_FAILURES);
  readonly #refusals = new Throttle();
  readonly #auth: Auth | undefined;

  /**
   * @param tokens the tokens by the right that each grants
   * @param auth finds callers with the scopes of an operator
   */
  constructor(tokens: OperatorTokens, auth: Auth | undefined, clock: Clock = monotonic) {
    this.#tokens = tokens;
    this.#clock = clock;
    this.#auth = auth;
  }

  /**
   * Lets pass who sends a token that gives the right, or a caller's token with the scope for it. A
   * client on this machine needs one too, as every program and page on it can send requests.
   *
   * @returns the operator, for the audit log: the setting of the token, or the caller's principal
   * @throws {ProtocolError} also as a rejection: `origin_refused`, `unauthorized`, `forbidden`,
   * `too_many_requests`, or what is wrong with the caller's token
   */
  check(c: RequestContext, right: OperatorRight): MaybePromise<string> {
    try {
      const check = this.#check(c, right);
      return isPromise(check) ? check.catch((error) => this.#refused(error, c)) : check;
    } catch (error) {
      this.#refused(error, c);
    }
  }

  #check(c: RequestContext, right: OperatorRight): MaybePromise<string> {
    const { admin, read } = this.#tokens;
    const bearer = bearerOf(c.headers);
    if (bearer !== undefined && admin !== undefined && isSame(bearer, admin)) {
      return "MCP_ADMIN_TOKEN";
    }
    if (bearer !== undefined && read !== undefined && isSame(bearer, read)) {
      if (right === "read") return "MCP_READ_TOKEN";
      throw new ProtocolError("forbidden", "This token may look, and end nothing");
    }
    const { headers, query, path } = c;
    if (this.#auth !== undefined && (bearer !== undefined || this.#auth.hasKey(headers))) {
      const peer = { address: c.client.address };
      const identity = this.#auth.identify({ headers, query, path, peer });
      return isPromise(identity)
        ? identity.then((settled) => this.#requireScope(settled, right, path))
        : this.#requireScope(identity, right, path);
    }
    if (bearer !== undefined) this.#requirePatience(c.client.key);
    throw new ProtocolError(
      "unauthorized",
      `Send ${this.#neededToken(right)} in the header Authorization: Bearer`,
      { headers: { "www-authenticate": 'Bearer realm="lifeline"' } },
    );
  }

  /**
   * Tells a client that guesses to wait. The right token has passed before: programs and pages of
   * this machine share an address, and must not be able to lock the operator out.
   */
  #requirePatience(client: string): void {
    const waitMs = this.#failures.waitMs(client, this.#clock());
    if (waitMs === 0) return;
    const seconds = Math.ceil(waitMs / 1000);
    throw new ProtocolError(
      "too_many_requests",
      `Too many wrong tokens; come back in ${seconds} s`,
      { headers: { "retry-after": String(seconds) } },
    );
  }

  #refused(error: unknown, { headers, client, path }: RequestContext): never {
    const now = this.#clock();
    const kind = error instanceof ProtocolError ? error.kind : "internal_error";
    if (kind === "unauthorized" && bearerOf(headers) !== undefined) {
      this.#failures.record(client.key, now);
    }
    const refused = this.#refusals.count(kind, now);
    if (refused !== undefined) {
      log.warning("Operator refused", { kind, path, client_ip: client.address, refused });
    }
    throw error;
  }

  #requireScope(
    { principal, scopes = [] }: Identity,
    right: OperatorRight,
    path: string,
  ): string {
    const needed = OPERATOR_SCOPES[right];
    // The right to end connections includes the right to see them.
    if (hasScopes([needed], scopes) || hasScopes([OPERATOR_SCOPES.admin], scopes)) {
      return principal;
    }
    throw this.#auth!.insufficientScope([needed], scopes, path);
  }

  #neededToken(right: OperatorRight): string {
    if (this.#tokens.isMade) {
      return "the operator's token, which the server's greeting prints and app.operatorToken has " +
        "(or that of MCP_ADMIN_TOKEN),";
    }
    const names = right === "read" ? "MCP_ADMIN_TOKEN or MCP_READ_TOKEN" : "MCP_ADMIN_TOKEN";
    const scope = this.#auth === undefined
      ? ""
      : `, or a token with the scope ${OPERATOR_SCOPES[right]},`;
    return `the token of ${names}${scope}`;
  }
}

const log = logFor("http");
/** Wrong tokens of one client, of which one is forgiven every second. */
const MAX_FAILURES = 20;
/** Bytes of randomness of a token that is made. */
const TOKEN_BYTES = 32;

function bearerOf(headers: Headers): string | undefined {
  return /^Bearer +(\S+)$/i.exec(singleValue(headers, AUTHORIZATION) ?? "")?.[1];
}

function isSame(sent: string, token: string): boolean {
  return nodeCrypto().timingSafeEqual(sha256(sent), sha256(token));
}

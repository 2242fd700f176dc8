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
import { isLoopback } from "../../base/loopback.ts";
import { nodeCrypto } from "../../base/node.ts";
import { isPromise, type MaybePromise } from "../../base/promises.ts";
import { AUTHORIZATION, singleValue } from "../../wire/headers.ts";
import { logFor } from "../../base/log.ts";
import { Throttle } from "../../base/throttled_warning.ts";
import type { RequestContext } from "../../transport/request_head.ts";

/** Looking and ending connections, as scopes of a caller's token. */
export const OPERATOR_SCOPES = { read: "lifeline:read", admin: "lifeline:admin" } as const;

/** A right of an operator. */
export type OperatorRight = keyof typeof OPERATOR_SCOPES;

/** The operator's own tokens, by the right that each gives. */
export type OperatorTokens = Readonly<Record<OperatorRight, string | undefined>>;

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
   * Lets pass who sends the admin token, or a token with the scope for it; and where no admin token
   * is set who comes from this machine, without a credential and not through a proxy on it.
   *
   * @throws {ProtocolError} also as a rejection: `origin_refused`, `unauthorized`, `forbidden`,
   * `too_many_requests`, or what is wrong with the caller's token
   */
  check(c: RequestContext, right: OperatorRight): MaybePromise<void> {
    try {
      const check = this.#check(c, right);
      return isPromise(check) ? check.catch((error) => this.#refused(error, c)) : check;
    } catch (error) {
      this.#refused(error, c);
    }
  }

  #check(c: RequestContext, right: OperatorRight): MaybePromise<void> {
    const { admin, read } = this.#tokens;
    const bearer = bearerOf(c.headers);
    if (bearer !== undefined) this.#requirePatience(c.client.key);
    if (bearer !== undefined && admin !== undefined && isSame(bearer, admin)) return;
    if (bearer !== undefined && read !== undefined && isSame(bearer, read)) {
      if (right === "read") return;
      throw new ProtocolError("forbidden", "This token may look, and end nothing");
    }
    if (bearer !== undefined && this.#auth !== undefined) {
      const { headers, query, path } = c;
      const peer = { address: c.client.address };
      const identity = this.#auth.identify({ headers, query, path, peer });
      return isPromise(identity)
        ? identity.then((settled) => this.#requireScope(settled, right, path))
        : this.#requireScope(identity, right, path);
    }
    if (admin === undefined && read === undefined) return this.#requireLocal(c);
    throw new ProtocolError(
      "unauthorized",
      `Send the token of MCP_ADMIN_TOKEN in the header Authorization: Bearer${
        this.#orScope(right)
      }`,
      { headers: { "www-authenticate": 'Bearer realm="lifeline"' } },
    );
  }

  /** Slows down guessing: while a client must wait, even the right token is refused. */
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

  /** A machine's own requests name it, and come through nothing. */
  #requireLocal({ headers, client, authority }: RequestContext): void {
    const isProxied = PROXY_HEADERS.some((name) => headers.has(name));
    const isNamedLocal = isLoopback(authority.replace(/:\d+$/, ""));
    if (isLoopback(client.address) && isNamedLocal && !isProxied) return;
    throw new ProtocolError(
      "forbidden",
      "Local requests only, unless MCP_ADMIN_TOKEN is set and sent as a bearer token" +
        this.#orScope("read"),
    );
  }

  #requireScope({ scopes = [] }: Identity, right: OperatorRight, path: string): void {
    const needed = OPERATOR_SCOPES[right];
    // The right to end connections includes the right to see them.
    if (hasScopes([needed], scopes) || hasScopes([OPERATOR_SCOPES.admin], scopes)) return;
    throw this.#auth!.insufficientScope([needed], scopes, path);
  }

  #orScope(right: OperatorRight): string {
    return this.#auth === undefined ? "" : `, or a token with the scope ${OPERATOR_SCOPES[right]}`;
  }
}

const log = logFor("http");
/** Wrong tokens of one client, of which one is forgiven every second. */
const MAX_FAILURES = 20;
/** Headers that proxies add to a request. */
const PROXY_HEADERS = [
  "x-forwarded-for",
  "forwarded",
  "via",
  "x-real-ip",
  "x-forwarded-host",
  "x-forwarded-proto",
  "cf-connecting-ip",
  "true-client-ip",
];

function bearerOf(headers: Headers): string | undefined {
  return /^Bearer +(\S+)$/i.exec(singleValue(headers, AUTHORIZATION) ?? "")?.[1];
}

function isSame(sent: string, token: string): boolean {
  return nodeCrypto().timingSafeEqual(digest(sent), digest(token));
}

function digest(text: string): Uint8Array {
  return nodeCrypto().createHash("sha256").update(text).digest();
}

/**
 * Who may see and do what only the operator may.
 *
 * @module
 */
import type { Auth } from "../../auth/auth.ts";
import { hasScopes } from "../../auth/scopes.ts";
import { ProtocolError } from "../../base/errors.ts";
import type { Identity } from "../../base/identity.ts";
import { isLoopback } from "../../base/loopback.ts";
import { nodeCrypto } from "../../base/node.ts";
import { isPromise, type MaybePromise } from "../../base/promises.ts";
import { AUTHORIZATION, singleValue } from "../../wire/headers.ts";
import type { RequestContext } from "../../transport/request_head.ts";

/** Looking and ending connections, as scopes of a caller's token. */
export const OPERATOR_SCOPES = { read: "lifeline:read", admin: "lifeline:admin" } as const;

/** What an operator may do. */
export type OperatorRight = keyof typeof OPERATOR_SCOPES;

/** Lets only operators pass. */
export class OperatorCheck {
  readonly #token: string | undefined;
  readonly #auth: Auth | undefined;

  /**
   * @param token `MCP_ADMIN_TOKEN`
   * @param auth knows callers whose scopes make them operators
   */
  constructor(token: string | undefined, auth: Auth | undefined) {
    this.#token = token;
    this.#auth = auth;
  }

  /**
   * Lets pass who sends the admin token, or a token with the scope for it; and where no admin token
   * is set who comes from this machine, without a credential and not through a proxy on it.
   *
   * @throws {ProtocolError} also as a rejection: `unauthorized`, `forbidden`, or what is wrong with
   * the caller's token
   */
  check(c: RequestContext, right: OperatorRight): MaybePromise<void> {
    const bearer = bearerOf(c.headers);
    if (bearer !== undefined && this.#token !== undefined && isSame(bearer, this.#token)) return;
    if (bearer !== undefined && this.#auth !== undefined) {
      const { headers, query, path } = c;
      const peer = { address: c.client.address };
      const identity = this.#auth.identify({ headers, query, path, peer });
      return isPromise(identity)
        ? identity.then((settled) => this.#requireScope(settled, right, path))
        : this.#requireScope(identity, right, path);
    }
    if (this.#token === undefined) return this.#requireLocal(c);
    throw new ProtocolError(
      "unauthorized",
      `Send the token of MCP_ADMIN_TOKEN in the header Authorization: Bearer${
        this.#orScope(right)
      }`,
      { headers: { "www-authenticate": 'Bearer realm="lifeline"' } },
    );
  }

  #requireLocal({ headers, client }: RequestContext): void {
    const isProxied = headers.has("x-forwarded-for") || headers.has("forwarded");
    if (isLoopback(client.address) && !isProxied) return;
    throw new ProtocolError(
      "forbidden",
      "Only this machine itself may look here; set MCP_ADMIN_TOKEN and send it as a bearer token " +
        `to look from elsewhere${this.#orScope("read")}`,
    );
  }

  #requireScope({ scopes = [] }: Identity, right: OperatorRight, path: string): void {
    const needed = OPERATOR_SCOPES[right];
    // Who may end connections may look at them.
    if (hasScopes([needed], scopes) || hasScopes([OPERATOR_SCOPES.admin], scopes)) return;
    throw this.#auth!.insufficientScope([needed], scopes, path);
  }

  #orScope(right: OperatorRight): string {
    return this.#auth === undefined ? "" : `, or a token with the scope ${OPERATOR_SCOPES[right]}`;
  }
}

function bearerOf(headers: Headers): string | undefined {
  return /^Bearer +(\S+)$/i.exec(singleValue(headers, AUTHORIZATION) ?? "")?.[1];
}

function isSame(sent: string, token: string): boolean {
  return nodeCrypto().timingSafeEqual(digest(sent), digest(token));
}

function digest(text: string): Uint8Array {
  return nodeCrypto().createHash("sha256").update(text).digest();
}

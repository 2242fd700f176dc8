import type { Auth } from "../../auth/auth.ts";
import { hasScopes, scopeFailure } from "../../auth/scopes.ts";
import { ProtocolError } from "../../base/errors.ts";
import { neededScopes } from "../../mcp/needed_scopes.ts";
import type { Catalog } from "../../registry/catalog.ts";
import type { Visibility } from "../../registry/visibility.ts";
import type { AuditLog } from "../metrics/audit_log.ts";
import type { AccessCheck } from "../../transport/endpoint.ts";
import type { RequestContext } from "../../transport/request_head.ts";

/**
 * Refuses messages if the caller lacks the scopes of their tool, resource or prompt. It checks the
 * token of this request, because its session may have been opened with another token.
 */
export class ScopeCheck implements AccessCheck {
  readonly #catalog: Catalog;
  readonly #auth: Auth | undefined;
  readonly #audit: AuditLog | undefined;

  /**
   * @param auth the app's authorization; without it no caller has a scope
   * @param audit logs refused calls
   */
  constructor(catalog: Catalog, auth: Auth | undefined, audit: AuditLog | undefined) {
    this.#catalog = catalog;
    this.#auth = auth;
    this.#audit = audit;
  }

  get isNeeded(): boolean {
    return this.#catalog.isGuarded;
  }

  check(
    messages: readonly unknown[],
    c: RequestContext,
    visibility: Visibility | undefined,
  ): void {
    const { path, identity } = c;
    const needed = new Set(
      messages.flatMap((message) => neededScopes(message, this.#catalog, visibility)),
    );
    const scopes = identity?.scopes ?? [];
    if (hasScopes([...needed], scopes)) return;
    this.#audit?.logRefused(messages, { ...identity, address: c.client.address });
    if (this.#auth !== undefined) {
      throw this.#auth.insufficientScope([...needed], scopes, path);
    }
    const failure = scopeFailure([...needed], scopes);
    throw new ProtocolError("insufficient_scope", failure.message, { cause: failure });
  }
}

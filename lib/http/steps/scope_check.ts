import { type Auth, scopeFailure } from "../../auth/auth.ts";
import { hasScopes } from "../../auth/scopes.ts";
import { ProtocolError } from "../../base/errors.ts";
import { neededScopes } from "../../mcp/needed_scopes.ts";
import type { Catalog } from "../../registry/catalog.ts";
import type { AccessCheck } from "../../transport/endpoint.ts";
import type { RequestContext } from "../../transport/request_head.ts";

/**
 * Refuses messages whose caller lacks the scopes that their tool, resource or prompt needs, by the
 * token of this very request: the session that it names may have been opened with another.
 */
export class ScopeCheck implements AccessCheck {
  readonly #catalog: Catalog;
  readonly #auth: Auth | undefined;

  /** @param auth without it no caller has any scope */
  constructor(catalog: Catalog, auth: Auth | undefined) {
    this.#catalog = catalog;
    this.#auth = auth;
  }

  get isNeeded(): boolean {
    return this.#catalog.isGuarded;
  }

  check(messages: readonly unknown[], { path, identity }: RequestContext): void {
    const needed = new Set(messages.flatMap((message) => neededScopes(message, this.#catalog)));
    const scopes = identity?.scopes ?? [];
    if (hasScopes([...needed], scopes)) return;
    if (this.#auth !== undefined) {
      throw this.#auth.insufficientScope([...needed], scopes, path);
    }
    const failure = scopeFailure([...needed], scopes);
    throw new ProtocolError("insufficient_scope", failure.message, { cause: failure });
  }
}

/**
 * Authorization of one app: checks callers, describes refusals, and tells clients where to get a
 * token.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import { isPromise, type MaybePromise } from "../base/promises.ts";
import { AuthFailure } from "./auth_failure.ts";
import type { Authenticator, AuthRequest } from "./authenticator.ts";
import { type Challenge, challengeHeader } from "./challenge.ts";
import type { KnownCaller } from "./identity.ts";
import type { ResourceMetadata } from "./resource_metadata.ts";
import { resourceMetadataUrl } from "./resource_metadata.ts";
import { missingScopes, scopeFailure } from "./scopes.ts";

/** Parts of {@linkcode Auth}. */
export interface AuthParts {
  readonly authenticator: Authenticator;
  /** `MCP_PUBLIC_URL`, the base of the URLs in challenges. */
  readonly publicUrl: string | undefined;
  /** Paths of the endpoints that have a document of their own. */
  readonly endpoints: readonly string[];
  /** The documents by path; empty where no issuer is set. */
  readonly documents: ReadonlyMap<string, ResourceMetadata>;
  /** Scopes that every request needs. */
  readonly scopes: readonly string[];
  /** Scopes that clients are told to ask for. */
  readonly offeredScopes: readonly string[];
  /** The document of the first issuer, where it is mirrored. */
  readonly mirror: (() => Promise<Readonly<Record<string, unknown>>>) | undefined;
}

/** A request to authenticate. */
export interface ArrivingRequest extends AuthRequest {
  readonly path: string;
}

/** The authorization of an app. */
export class Auth {
  readonly documents: ReadonlyMap<string, ResourceMetadata>;
  readonly mirror: AuthParts["mirror"];
  readonly #parts: AuthParts;

  constructor(parts: AuthParts) {
    this.documents = parts.documents;
    this.mirror = parts.mirror;
    this.#parts = parts;
  }

  /** Whether a request brings a key in the header that is for keys alone. */
  hasKey(headers: Headers): boolean {
    const { keyHeader } = this.#parts.authenticator;
    return keyHeader !== undefined && headers.has(keyHeader);
  }

  /**
   * Identifies the sender of a request; synchronous if the sender is known.
   *
   * @throws {ProtocolError} also as a rejection: `unauthorized`, `insufficient_scope`,
   *   `invalid_request`, `too_many_requests` or `auth_unavailable`, whose cause is the {@linkcode
   *   AuthFailure}
   */
  authenticate(request: ArrivingRequest): MaybePromise<KnownCaller> {
    const { path } = request;
    const caller = this.identify(request);
    return isPromise<KnownCaller>(caller)
      ? caller.then((settled) => this.#admit(settled, path))
      : this.#admit(caller, path);
  }

  /**
   * Finds out who sends a request, whatever the scopes of its token.
   *
   * @throws {ProtocolError} as {@linkcode authenticate} does
   */
  identify(request: ArrivingRequest): MaybePromise<KnownCaller> {
    const { path } = request;
    try {
      const caller = this.#parts.authenticator.authenticate(request);
      return isPromise<KnownCaller>(caller)
        ? caller.catch((error) => Promise.reject(this.#refusal(error, path)))
        : caller;
    } catch (error) {
      throw this.#refusal(error, path);
    }
  }

  /**
   * The refusal of an authenticated caller that lacks a scope.
   *
   * @param needed scopes that the operation needs besides those of every request; the challenge
   *   names all of them (MCP 2025-11-25, Scope Challenge Handling)
   * @param path of the endpoint
   */
  insufficientScope(
    needed: readonly string[],
    granted: readonly string[],
    path: string,
  ): ProtocolError {
    const all = [...new Set([...this.#parts.scopes, ...needed])];
    return this.#toProtocolError(scopeFailure(all, granted), path);
  }

  #admit(identity: KnownCaller, path: string): KnownCaller {
    const { scopes } = this.#parts;
    if (scopes.length === 0 || missingScopes(scopes, identity.scopes).length === 0) return identity;
    throw this.insufficientScope([], identity.scopes, path);
  }

  #refusal(error: unknown, path: string): unknown {
    return error instanceof AuthFailure ? this.#toProtocolError(error, path) : error;
  }

  #toProtocolError(failure: AuthFailure, path: string): ProtocolError {
    const { message, retryMs } = failure;
    switch (failure.reason) {
      case "malformed":
        return this.#challenge("invalid_request", failure, path, { error: "invalid_request" });
      case "unavailable":
      case "too_many": {
        const kind = failure.reason === "too_many" ? "too_many_requests" : "auth_unavailable";
        const headers = { "retry-after": String(Math.ceil((retryMs ?? 1_000) / 1000)) };
        return new ProtocolError(kind, message, { headers, cause: failure });
      }
      case "scope":
        return this.#challenge("insufficient_scope", failure, path, {
          error: "insufficient_scope",
          scopes: failure.expected as readonly string[],
        });
      case "missing":
        // RFC 6750, section 3.1: no error where no token was sent.
        return this.#challenge("unauthorized", failure, path, {});
      default:
        return this.#challenge("unauthorized", failure, path, { error: "invalid_token" });
    }
  }

  #challenge(
    kind: "invalid_request" | "unauthorized" | "insufficient_scope",
    failure: AuthFailure,
    path: string,
    challenge: Challenge,
  ): ProtocolError {
    const { offeredScopes } = this.#parts;
    const { message } = failure;
    const header = challengeHeader({
      scopes: offeredScopes,
      ...challenge,
      ...(challenge.error !== undefined && { description: message }),
      metadataUrl: this.#metadataUrl(path),
    });
    return new ProtocolError(kind, message, {
      headers: { "www-authenticate": header },
      cause: failure,
    });
  }

  /** The document of the endpoint, or that of the base for other paths. */
  #metadataUrl(path: string): string | undefined {
    const { publicUrl, documents, endpoints } = this.#parts;
    if (publicUrl === undefined || documents.size === 0) return undefined;
    return resourceMetadataUrl(publicUrl, endpoints.includes(path) ? path : "");
  }
}

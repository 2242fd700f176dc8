/**
 * The step of a request that finds out who sends it. An app without an {@linkcode Authenticate}
 * function skips the step, without a promise and without a lookup.
 *
 * @module
 */
import type { Auth } from "../../auth/auth.ts";
import type { Identity } from "../../base/identity.ts";
import type { MaybePromise } from "../../base/promises.ts";
import type { RequestContext } from "../../transport/request_head.ts";
import type { Peer } from "../../transport/peer.ts";

/**
 * Finds out who sends a request, from its headers alone: the body has not been read yet.
 *
 * @returns who it is, or undefined where the request may go on without a name
 * @throws {ProtocolError} `unauthorized` with a `www-authenticate` header, or another kind, also as
 * a rejection; the client is told it
 */
export type Authenticate = (request: RequestContext) => MaybePromise<Identity | undefined>;

/** The step of an app's authorization; undefined where there is none. */
export function authenticateBy(auth: Auth | undefined): Authenticate | undefined {
  return auth === undefined ? undefined : (request) => auth.authenticate(request);
}

/**
 * The peer with what authentication found out; the same one where it found out nothing.
 *
 * @param peer keeps its address, its socket and the news of its end
 */
export function authenticatedPeer(peer: Peer, identity: Identity | undefined): Peer {
  return identity === undefined ? peer : new AuthenticatedPeer(peer, identity);
}

/** A peer whose credential was checked. It asks the socket nothing before somebody asks it. */
class AuthenticatedPeer implements Peer {
  readonly principal: string;
  readonly clientId: string | undefined;
  readonly scopes: readonly string[] | undefined;
  readonly expiresAt: number | undefined;
  readonly #peer: Peer;

  constructor(peer: Peer, { principal, clientId, scopes, expiresAt }: Identity) {
    this.#peer = peer;
    this.principal = principal;
    this.clientId = clientId;
    this.scopes = scopes;
    this.expiresAt = expiresAt;
  }

  get address(): string {
    return this.#peer.address;
  }

  get socket(): string | undefined {
    return this.#peer.socket;
  }

  get released(): (() => Promise<unknown>) | undefined {
    return this.#peer.released?.bind(this.#peer);
  }
}

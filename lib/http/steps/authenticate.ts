/**
 * The step of a request that finds out who sends it. An app without an {@linkcode Authenticate}
 * function skips the step, without a promise and without a lookup.
 *
 * @module
 */
import type { Auth } from "../../auth/auth.ts";
import type { Identity } from "../../base/identity.ts";
import { isPromise, type MaybePromise } from "../../base/promises.ts";
import { type Peer, requireIdentity } from "../../transport/peer.ts";
import type { RequestHead } from "../../transport/request_head.ts";

/** A request with an unknown sender. */
export interface ArrivingRequest extends RequestHead {
  readonly peer: Peer;
}

/**
 * Identifies the sender of a request by its headers; the body has not been read yet.
 *
 * @returns the caller, or undefined if the request may continue without one
 * @throws {ProtocolError} `unauthorized` with a `www-authenticate` header, or another kind, also as
 *   a rejection; the client gets it
 */
export type Authenticate = (request: ArrivingRequest) => MaybePromise<Identity | undefined>;

/** The step of an app's authorization; undefined if there is none. */
export function authenticateBy(auth: Auth | undefined): Authenticate | undefined {
  return auth === undefined ? undefined : (request) => auth.authenticate(request);
}

/** The step by a library user's function, whose identities are checked. */
export function authenticateByOwn(authenticate: Authenticate): Authenticate {
  const checked = (identity: Identity | undefined): Identity | undefined => {
    // Programs without types may return null for nobody.
    if (identity !== undefined && identity !== null) {
      requireIdentity(identity, "Identity of authenticate()");
    }
    return identity;
  };
  return (request) => {
    const identity = authenticate(request);
    return isPromise(identity) ? identity.then(checked) : checked(identity);
  };
}

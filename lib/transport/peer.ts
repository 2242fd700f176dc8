import type { Identity } from "../base/identity.ts";
import type { Client, Socket } from "../stream/client.ts";

/** The other end of a request, as whoever calls `fetch()` of an app knows it. */
export interface Peer extends Partial<Identity> {
  /** Its address. */
  readonly address: string;
  /** The socket, where there is one that can be asked. */
  readonly socket?: Socket | undefined;
  /** Host and port that the runtime assumes if the client names none. */
  readonly unnamedAuthority?: string | undefined;
}

/** The identity that the caller of `fetch()` gives for the sender; undefined if it gives none. */
export function identityOf(peer: Peer): Identity | undefined {
  const { principal } = peer;
  if (principal === undefined) return undefined;
  const { clientId, scopes, claims, expiresAt } = peer;
  return { principal, clientId, scopes, claims, expiresAt };
}

/** The sender of a request, and its socket. */
export interface RequestOrigin {
  /** Made when first read, as looking up the address and a header takes time. */
  readonly client: Client;
  /** The client's key, for limits of calls that need nothing else of the client. */
  readonly clientKey: string;
  /** The authenticated identity; undefined for an anonymous client. */
  readonly identity: Identity | undefined;
  readonly socket: Socket;
}

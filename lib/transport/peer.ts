import type { Identity } from "../base/identity.ts";
import type { Client, Socket } from "../stream/client.ts";

/** The other end of a request, as whoever calls `fetch()` of an app knows it. */
export interface Peer extends Partial<Identity> {
  /** Its address. */
  readonly address: string;
  /** The socket, where there is one that can be asked. */
  readonly socket?: Socket | undefined;
  /** Host and port that the runtime puts in where the client names none. */
  readonly unnamedAuthority?: string | undefined;
}

/** What the caller of `fetch()` says of who sends the request; undefined where it says nothing. */
export function identityOf(peer: Peer): Identity | undefined {
  const { principal } = peer;
  if (principal === undefined) return undefined;
  const { clientId, scopes, claims, expiresAt } = peer;
  return { principal, clientId, scopes, claims, expiresAt };
}

/** Who sent a request, and on which socket. */
export interface RequestOrigin {
  /** Made when first read, as looking up the address and a header takes time. */
  readonly client: Client;
  /** What authentication found out; undefined for an anonymous client. */
  readonly identity: Identity | undefined;
  readonly socket: Socket;
}

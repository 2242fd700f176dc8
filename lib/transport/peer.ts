import type { Identity } from "../base/identity.ts";
import type { Caller } from "../registry/context.ts";
import type { StreamClient, StreamTransport } from "../stream/client.ts";
import { USER_AGENT } from "../wire/headers.ts";

/** The other end of a request, as the edge sees it. */
export interface Peer extends StreamTransport, Partial<Omit<Identity, "principal">> {
  /** The client's address. */
  readonly address: string;
  /** The other end of the socket, which may be a proxy's. */
  readonly socket?: string | undefined;
  /** The authenticated principal, where there is authentication. */
  readonly principal?: string | undefined;
}

/** Longest user agent that is kept, in characters; clients choose it freely. */
const MAX_USER_AGENT = 256;

/** What limits count: the authenticated principal, else the address. */
export function clientKey({ address, principal }: Peer): string {
  return principal === undefined ? address : `principal ${principal}`;
}

/** The client of a stream. */
export function streamClient(request: Request, peer: Peer): StreamClient {
  return {
    address: peer.address,
    key: clientKey(peer),
    userAgent: (request.headers.get(USER_AGENT) ?? "").slice(0, MAX_USER_AGENT),
    transport: peer,
  };
}

/** The caller of what outlives its request, and must not keep that alive. */
export function callerOf({ address, principal }: Peer): Caller {
  return { address, ...(principal !== undefined && { principal }) };
}

import type { StreamClient } from "../stream/stream_types.ts";

/** The other end of a request, as the edge sees it. */
export interface Peer {
  /** The client's address. */
  readonly address: string;
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
    userAgent: (request.headers.get("user-agent") ?? "").slice(0, MAX_USER_AGENT),
  };
}

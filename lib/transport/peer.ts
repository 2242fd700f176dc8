import type { StreamClient } from "../stream/sse_connection.ts";

/** The other end of a request, as the edge sees it. */
export interface Peer {
  /** The client's address. */
  readonly address: string;
  /** The authenticated principal, where there is authentication. */
  readonly principal?: string;
}

/** Longest user agent that is kept, in characters; clients choose it freely. */
const MAX_USER_AGENT = 256;

/** The client of a stream. */
export function streamClient(
  request: Request,
  { address }: Peer,
): StreamClient {
  return {
    address,
    userAgent: (request.headers.get("user-agent") ?? "").slice(
      0,
      MAX_USER_AGENT,
    ),
  };
}

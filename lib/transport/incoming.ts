import type { Peer } from "./peer.ts";

/** A request on its way to what answers it. */
export interface RequestContext {
  readonly request: Request;
  /** Those of the request: to ask it for them costs a tenth of looking one of them up. */
  readonly headers: Headers;
  readonly peer: Peer;
  /** Path of its URL. */
  readonly path: string;
  /** What follows the path, from the `?` on; empty where there is none. */
  readonly query: string;
}

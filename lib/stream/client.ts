/** Who opened the stream, as far as the edge could tell. */
export interface StreamClient {
  /** Address of the peer, or the first untrusted one behind trusted proxies. */
  readonly address: string;
  /** What limits count: the authenticated principal, else the address. */
  readonly key: string;
  readonly userAgent: string;
  readonly transport: StreamTransport;
}

/** What the transport tells of a stream. It is asked only then, as each answer takes memory. */
export interface StreamTransport {
  /** The other end of the socket, as `address:port`; undefined once that is let go of. */
  readonly socket?: string | undefined;
  /** Settles when the transport holds nothing of the stream any more, also if that is so already. */
  readonly released?: (() => Promise<unknown>) | undefined;
}

import { addressKey } from "../base/address.ts";
import { copyText } from "../base/copy_text.ts";
import type { Identity } from "../base/identity.ts";
import type { Sink, SinkOwner } from "./out/sink.ts";
import { memoize } from "../base/memoize.ts";

/** Parts of a client that the edge provides. */
export interface ClientParts {
  /** Its address, or the first untrusted one behind trusted proxies. */
  readonly address: string;
  readonly userAgent: string;
  /** Undefined for an anonymous client. */
  readonly identity: Identity | undefined;
  /** Headers of its request that tools may read, by their names in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Longest user agent that is kept, in characters; clients choose it freely. */
const MAX_USER_AGENT = 256;

/**
 * The sender of a request. The edge makes it once. It is a plain value and keeps neither the
 * request nor its socket alive.
 */
export class Client {
  /** Address of the client, or the first untrusted one behind trusted proxies. */
  readonly address: string;
  readonly userAgent: string;
  /** The key that limits count it by; see {@linkcode clientKey}. */
  readonly key: string;
  /** The authenticated identity; undefined for an anonymous client. */
  readonly identity: Identity | undefined;
  /** Headers of its request that tools may read; undefined if they may read none. */
  readonly headers: Readonly<Record<string, string>> | undefined;

  constructor({ address, userAgent, identity, headers }: ClientParts) {
    this.address = address;
    this.userAgent = keptUserAgent(userAgent);
    this.identity = identity;
    this.headers = headers;
    this.key = clientKey(address, identity);
  }

  get isAnonymous(): boolean {
    return this.identity === undefined;
  }

  /** The authenticated principal; sessions and streams belong to it. */
  get principal(): string | undefined {
    return this.identity?.principal;
  }

  /** The client that the credential was issued to; undefined where it does not say. */
  get clientId(): string | undefined {
    return this.identity?.clientId;
  }

  /** All that the credential says. */
  get claims(): Identity["claims"] {
    return this.identity?.claims;
  }

  /** The scopes that the credential grants; undefined if it has none. */
  get scopes(): readonly string[] | undefined {
    return this.identity?.scopes;
  }

  /** When the credential expires (ms since the Unix epoch); undefined where it does not. */
  get expiresAt(): number | undefined {
    return this.identity?.expiresAt;
  }
}

/** The same program sends many requests, and to copy a text costs much. */
const keptUserAgent = memoize((userAgent) => copyText(userAgent, MAX_USER_AGENT));

/**
 * The key that limits count a client by: its principal, or else its address (in IPv6 its network).
 *
 * @param identity undefined for an anonymous client
 */
export function clientKey(address: string, identity: Identity | undefined): string {
  return identity === undefined ? addressKey(address) : principalKey(identity.principal);
}

/** The same text for each request of a principal, so that lookups need not hash another one. */
const principalKey = memoize((principal) => `principal ${principal}`);

/**
 * The socket of a request as its listener sees it. It is read only when needed, because each access
 * takes memory.
 */
export interface Socket {
  /** The other end, as `address:port`, which may be a proxy's; undefined where it is not known. */
  readonly name: string | undefined;
  /**
   * Bytes of the response that the listener has taken and the network has not; 0 for a listener
   * that takes only as much as it can write, as Deno's does.
   */
  readonly unsentBytes: number;
  /**
   * @returns settles once the listener holds nothing of the response any more, also if that is so
   * already; undefined where it cannot tell
   */
  released(): Promise<unknown> | undefined;
  /**
   * Takes the bytes of the stream that answers, in place of a response body; absent for a listener
   * that pulls a body. It tells the owner when the client has left.
   */
  openSink?(owner: SinkOwner): Sink;
}

/** The socket of a request without one. */
export const NO_SOCKET: Socket = {
  name: undefined,
  unsentBytes: 0,
  released: () => undefined,
};

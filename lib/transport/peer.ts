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

const mountPaths = new WeakMap<Request, string>();

/** Notes the prefix that was taken off a request's path, for what tells clients of other paths. */
export function noteMountPath(request: Request, prefix: string): void {
  mountPaths.set(request, prefix);
}

/** The prefix under which another server mounts the app, such as `/ai`; empty for none. */
export function mountPathOf(request: Request): string {
  return mountPaths.get(request) ?? "";
}

/** Stands for the server's own pages where another page's origin would stand. */
export const OWN_PAGE = "own";

/** The caller, and the web page, that a stream or session belongs to. */
export interface Owner {
  readonly principal: string | undefined;
  /** As {@linkcode RequestOrigin.page}, when it was opened. */
  readonly page: string | undefined;
}

/**
 * Whether a request comes from the web page that opened something; a stream or session that a
 * client without a page opened is closed to all pages but the server's own. A request that names no
 * page passes: no page can send one that names a stream or session, and another client could claim
 * any origin.
 */
export function isFromPage(page: string | undefined, asking: string | undefined): boolean {
  return asking === undefined || asking === (page ?? OWN_PAGE);
}

/** Whether a stream or session is for the sender of a request. */
export function isOwner(owner: Owner, { identity, page }: Sender): boolean {
  return owner.principal === identity?.principal && isFromPage(owner.page, page);
}

/** The sender of a request, for checks of what it may use. */
export type Sender = Pick<RequestOrigin, "identity" | "page">;

/** The sender of a request, and its socket. */
export interface RequestOrigin {
  /** Made when first read, as looking up the address and a header takes time. */
  readonly client: Client;
  /** The client's key, for limits of calls that need nothing else of the client. */
  readonly clientKey: string;
  /** The authenticated identity; undefined for an anonymous client. */
  readonly identity: Identity | undefined;
  /**
   * Origin of the web page that sends it, {@linkcode OWN_PAGE} for a page of the server; undefined if
   * no page is named, as by clients that are no browsers.
   */
  readonly page: string | undefined;
  readonly socket: Socket;
}

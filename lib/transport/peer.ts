import type { Identity } from "../base/identity.ts";
import {
  FUNCTION,
  type MemberCheck,
  numberFrom,
  OBJECT,
  TEXT,
  TEXTS,
  wordsFor,
} from "../base/members.ts";
import type { Client, Socket } from "../stream/client.ts";

/** The other end of a request, as the caller of an app's `fetch()` knows it. */
export interface Peer extends Partial<Identity> {
  /** Its address; `unknown` if it cannot be told. */
  readonly address: string;
  /** The socket, where there is one that can be asked. */
  readonly socket?: Socket | undefined;
  /** Host and port that the runtime assumes if the client names none. */
  readonly unnamedAuthority?: string | undefined;
}

/** A peer that a listener of this server makes. Its address may need a look-up. */
export abstract class ListenerPeer implements Peer {
  abstract readonly address: string;
}

/**
 * Checks the request that a library user passes. Runtimes and frameworks have classes of their own for
 * requests, so the members count.
 *
 * @throws {TypeError} saying what was passed, and what to pass
 */
export function requireRequest(request: unknown): void {
  const { url, method, headers } = (request ?? {}) as Partial<Request>;
  const isRequest = typeof url === "string" && URL.canParse(url) && typeof method === "string" &&
    typeof headers?.get === "function";
  if (isRequest) return;
  throw new TypeError(`fetch() takes a Request, not ${wordsFor(request)}${hintFor(request)}`);
}

function hintFor(given: unknown): string {
  if (typeof given === "string") return "; pass new Request(…) with a whole URL";
  if (given instanceof URL) return "; pass new Request(url)";
  if (typeof given !== "object" || given === null) return "";
  if ("rawHeaders" in given) {
    return "; docs/library.md says how to serve an app with node:http";
  }
  const member = ["request", "req", "raw"].find((name) => name in given);
  return member === undefined ? "" : `; pass the Request in its member ${member}`;
}

const IDENTITY_CHECKS: Readonly<Record<keyof Identity, MemberCheck>> = {
  principal: TEXT,
  clientId: TEXT,
  scopes: TEXTS,
  claims: OBJECT,
  expiresAt: numberFrom(0, Infinity),
  recheck: FUNCTION,
};

/**
 * Checks the peer that a library user passes. Limits count by its address, and its scopes decide what
 * it may use, so nothing may be guessed.
 *
 * @throws {TypeError} naming what is wrong, and what to pass
 */
export function requirePeer(peer: Peer): void {
  // Does not read the address, because that would look it up for each request.
  if (peer instanceof ListenerPeer) return;
  if (typeof peer !== "object" || peer === null || typeof peer.address !== "string") {
    throw new TypeError(`fetch() takes a peer such as { address: "10.0.0.1" }, ${noPeer(peer)}`);
  }
  if (peer.principal !== undefined) requireIdentity(peer, "Peer of fetch()");
}

/**
 * Checks an identity that a library user's program gives.
 *
 * @param owner such as `authenticate()`
 * @throws {TypeError} naming the member that is wrong
 */
export function requireIdentity(identity: Partial<Identity>, owner: string): void {
  for (const [name, check] of Object.entries(IDENTITY_CHECKS)) {
    const value = identity[name as keyof Identity];
    const isLeftOut = value === undefined && name !== "principal";
    const fault = isLeftOut ? undefined : check(value);
    if (fault !== undefined) throw new TypeError(`${owner}: ${name}${fault}`);
  }
}

/** Words for what was passed in place of a peer. */
function noPeer(given: unknown): string {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    return `not ${wordsFor(given)}`;
  }
  if ("remoteAddr" in given) {
    return "not the info of a connection; use toServeHandler() of @lifeline/mcp/serve, or pass " +
      "{ address: info.remoteAddr.hostname }";
  }
  if ("address" in given) {
    return `so address must be a text, not ${wordsFor(given.address)}; ` +
      'pass "unknown" if it is not known';
  }
  const hint = "hostname" in given ? "; pass the client's host name as the address" : "";
  return `not an object without an address${hint}`;
}

/** The identity that the caller of `fetch()` gives for the sender; undefined if it gives none. */
export function identityOf(peer: Peer): Identity | undefined {
  const { principal } = peer;
  if (principal === undefined) return undefined;
  const { clientId, scopes, claims, expiresAt } = peer;
  return { principal, clientId, scopes, claims, expiresAt };
}

const mountPaths = new WeakMap<Request, string>();

/** Notes the prefix that was removed from a request's path, so that answers can name whole paths. */
export function noteMountPath(request: Request, prefix: string): void {
  mountPaths.set(request, prefix);
}

/** The prefix under which another server mounts the app, such as `/ai`; empty for none. */
export function mountPathOf(request: Request): string {
  return mountPaths.get(request) ?? "";
}

/** Stands for the origin of the server's own pages. */
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
   * the request names no page, as that of a client that is not a browser.
   */
  readonly page: string | undefined;
  readonly socket: Socket;
}

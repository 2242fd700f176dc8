/**
 * Checks `Host` and `Origin` to prevent DNS rebinding (2025-11-25, basic/transports, Security
 * Warning).
 *
 * @module
 */
import { copyText } from "../../base/copy_text.ts";
import { ProtocolError } from "../../base/errors.ts";
import type { Settings } from "../../base/settings.ts";
import { OWN_PAGE, type Peer } from "../../transport/peer.ts";
import type { RequestHead } from "../../transport/request_head.ts";
import { FETCH_DEST, FETCH_MODE } from "../../wire/headers.ts";

/** The settings that the guard reads. */
export type GuardSettings = Pick<
  Settings,
  "MCP_ALLOWED_HOSTS" | "MCP_ALLOWED_ORIGINS" | "MCP_PUBLIC_URL"
>;

/** The parts of a request that the guard reads. */
export interface GuardedRequest
  extends Pick<RequestHead, "headers" | "known" | "authority" | "origin" | "method"> {
  readonly peer: Peer;
}

const MAX_REMEMBERED = 64;
/** Longest origin that is kept, in characters: a host name has 253 at most (RFC 1035). */
const MAX_ORIGIN = 512;
/** A host and perhaps a port (RFC 3986, section 3.2), and nothing that could be taken for a path. */
const AUTHORITY_REGEXP = /^([\w.~-]+|\[[\da-f:.]+\])(:\d{1,5})?$/i;
/** Most characters of a refused name that are sent back. */
const MAX_QUOTED = 200;

/** Checks `Host` and `Origin`. */
export class Guard {
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;
  readonly #wellFormed = new Set<string>();
  readonly #passed = new Set<string>();
  /** That of `MCP_PUBLIC_URL`. */
  readonly #ownOrigin: string | undefined;
  readonly #anyHost: boolean;
  readonly #anyOrigin: boolean;

  constructor(settings: GuardSettings) {
    const { MCP_ALLOWED_HOSTS, MCP_ALLOWED_ORIGINS, MCP_PUBLIC_URL } = settings;
    const ours = MCP_PUBLIC_URL === undefined ? [] : [new URL(MCP_PUBLIC_URL)];
    this.#ownOrigin = ours[0]?.origin;
    const hosts = [...MCP_ALLOWED_HOSTS, ...ours.map(({ host }) => host)];
    const origins = [...MCP_ALLOWED_ORIGINS, ...ours.map(({ origin }) => origin)];
    this.#hosts = new Set(hosts.map((host) => host.toLowerCase()));
    this.#origins = new Set(origins.map((origin) => origin.toLowerCase()));
    this.#anyHost = this.#hosts.has("*");
    this.#anyOrigin = this.#origins.has("*");
  }

  /**
   * Accepts or refuses a request.
   *
   * @param origin of the requesting page, if not every page may call
   * @throws {ProtocolError} `invalid_request`, `host_refused` or `origin_refused`, naming the
   *   refused value and the setting that allows it
   */
  check(request: GuardedRequest, origin: string | null): void {
    const { authority } = request;
    this.#checkHostHeader(request);
    if (!this.#allowsHost(authority)) {
      throw new ProtocolError(
        "host_refused",
        `Host ${quote(authority)} is not allowed; add it to MCP_ALLOWED_HOSTS if it is yours`,
        { data: { host: authority.slice(0, MAX_QUOTED) } },
      );
    }
    if (origin !== null && !this.#anyOrigin && !this.#allowsOrigin(origin)) {
      throw new ProtocolError(
        "origin_refused",
        `Origin ${quote(origin)} is not allowed; add it to MCP_ALLOWED_ORIGINS if it is yours`,
        { data: { origin: origin.slice(0, MAX_QUOTED) } },
      );
    }
  }

  /**
   * The web page that sends a request with an `Origin`, as streams and sessions remember it.
   *
   * Browsers send the server's own pages' origin with some requests only, and a proxy may change
   * `Host`, so an own page is told by any of three signs. No page can choose `Sec-Fetch-Site`.
   */
  pageOf(request: GuardedRequest): string {
    const { known, origin } = request;
    const isOwn = isSameOrigin(request) || origin === this.#ownOrigin ||
      known.fetchSite === "same-origin";
    return isOwn ? OWN_PAGE : copyText(origin ?? "", MAX_ORIGIN);
  }

  /**
   * Refuses pages of any origin but the server's own, whatever is allowed otherwise.
   *
   * @throws {ProtocolError} `origin_refused`
   */
  checkSameOrigin(request: GuardedRequest): void {
    if (isSameOrigin(request)) return;
    throw new ProtocolError(
      "origin_refused",
      `Origin ${
        quote(request.origin ?? "")
      } is not the server's own; other pages must not use the operator's paths`,
    );
  }

  /**
   * Refuses requests of a page of another site that do not name the page: a browser sends no `Origin`
   * with a simple GET, so no setting could refuse that page. A request of any method is refused, not
   * only one that a browser sends so.
   *
   * @param isPage whether a link of another site may lead here, in a tab but not in a frame
   * @throws {ProtocolError} `origin_refused`
   */
  checkSite({ headers, known, origin, method }: GuardedRequest, isPage: boolean): void {
    // An origin has been checked. Where a proxy or an extension removes it, the site tells.
    if (origin !== null) return;
    const site = known.fetchSite;
    if (site === null || site === "same-origin" || site === "none") return;
    if (isPage && method === "GET" && isLink(headers)) return;
    throw new ProtocolError(
      "origin_refused",
      `A page of another site (Sec-Fetch-Site: ${
        quote(site)
      }) must ask with CORS, from an origin ` +
        "that MCP_ALLOWED_ORIGINS names",
    );
  }

  /**
   * The header itself must be a host. Deno puts it before the path to make the URL, so
   * `Host: localhost/metrics?` would let the client choose another path than a proxy saw.
   *
   * @throws {ProtocolError} `invalid_request` (RFC 9112, section 3.2)
   */
  #checkHostHeader({ known: { host }, authority, peer }: GuardedRequest): void {
    if (host === null) {
      // HTTP/2 has none; its authority stands in the URL. Deno puts in its own where neither is.
      if (authority !== peer.unnamedAuthority && this.#isAuthority(authority)) return;
    } else if (this.#isAuthority(authority) && (host === authority || this.#isAuthority(host))) {
      // The authority of the URL is looked up, as it is one string object for all requests.
      return;
    }
    throw new ProtocolError(
      "invalid_request",
      host === null
        ? "The header Host is missing; name the server's host and port in it. Over HTTP/2, say " +
          "127.0.0.1 in place of localhost, which cannot be told from no name"
        : `Host ${quote(host)} is not a host and port such as mcp.example.com:8000`,
    );
  }

  /** Clients use few names, so each is checked once; the bound is against abuse. */
  #isAuthority(text: string): boolean {
    if (this.#wellFormed.has(text)) return true;
    if (!AUTHORITY_REGEXP.test(text)) return false;
    if (this.#wellFormed.size < MAX_REMEMBERED) this.#wellFormed.add(text);
    return true;
  }

  #allowsHost(authority: string): boolean {
    if (this.#anyHost || this.#passed.has(authority)) return true;
    if (!isListed(this.#hosts, authority)) return false;
    if (this.#passed.size < MAX_REMEMBERED) this.#passed.add(authority);
    return true;
  }

  #allowsOrigin(origin: string): boolean {
    const lower = origin.toLowerCase();
    if (this.#origins.has(lower)) return true;
    const match = /^https?:\/\/([^/]+)$/.exec(lower);
    return match?.[1] !== undefined && isListed(this.#origins, match[1]);
  }
}

/** A listed name holds for every port, a listed `name:port` for that port. */
function isListed(names: ReadonlySet<string>, authority: string): boolean {
  const lower = authority.toLowerCase();
  return names.has(lower) || names.has(lower.replace(/:\d+$/, ""));
}

/** Whether somebody follows a link in a browser (Fetch Metadata, sections 2.1 and 2.2). */
function isLink(headers: Headers): boolean {
  return headers.get(FETCH_MODE) === "navigate" && headers.get(FETCH_DEST) === "document";
}

/** Whether no page is named, or one of the host and port that the request is for. */
function isSameOrigin({ origin, authority }: GuardedRequest): boolean {
  return origin === null || URL.parse(origin)?.host === authority.toLowerCase();
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, MAX_QUOTED));
}

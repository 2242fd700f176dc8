import { ProtocolError } from "../base/errors.ts";
import { createIntern } from "../base/intern.ts";
import { memoize } from "../base/memoize.ts";
import {
  agreedCopy,
  CONNECTION_ID,
  CONTENT_LENGTH,
  CONTENT_TYPE,
  onlyCopy,
  PROTOCOL_VERSION,
  SESSION_ID,
} from "../wire/headers.ts";
import { KnownHeaders } from "../wire/known_headers.ts";
import { type Accepted, parseAccept } from "../wire/media_types.ts";
import { isSupported, PROTOCOL_VERSIONS } from "../wire/protocol_versions.ts";
import type { RequestOrigin } from "./peer.ts";

/**
 * The URL and the headers of a request, each read in the cheapest way. All code reads a request's
 * head through this class, so the reasons for a spelling or an order are in one place.
 */
export class RequestHead {
  readonly request: Request;
  /** `request.headers`, read once, as the getter is slow. */
  readonly headers: Headers;
  /** The headers that most requests are asked for. */
  readonly known: KnownHeaders;
  /** One string object for each method, so that V8 need not look up each request's own copy. */
  readonly method: string;
  /** Host and port of the URL. */
  readonly authority: string;
  /** Path of the URL without a slash at its end, as people paste URLs with and without one. */
  readonly path: string;
  /** The query with its `?`; empty if there is none. */
  readonly query: string;
  /** The web origin that a browser names; null for other clients. */
  readonly origin: string | null;
  #version: string | null | undefined;
  #accepted: Accepted | undefined;

  constructor(request: Request) {
    const { headers } = request;
    const { authority, path, query } = splitUrl(request.url);
    this.request = request;
    this.headers = headers;
    this.known = new KnownHeaders(headers);
    this.method = internMethod(request.method);
    this.authority = authority;
    this.path = path;
    this.query = query;
    this.origin = originOf(this.known);
  }

  /** The media types that the client accepts. */
  get accepted(): Accepted {
    return this.#accepted ??= parseAccept(this.known.accept);
  }

  get contentType(): string | null {
    return onlyCopy(this.known.contentType, CONTENT_TYPE);
  }

  /** The declared length of the body, as it was sent. */
  get contentLength(): string | null {
    return onlyCopy(this.known.contentLength, CONTENT_LENGTH);
  }

  /** The revision in the header `MCP-Protocol-Version`; null if there is none. */
  get version(): string | null {
    if (this.#version === undefined) {
      const version = onlyCopy(this.known.protocolVersion, PROTOCOL_VERSION);
      this.#version = version === null ? null : internVersion(version);
    }
    return this.#version;
  }

  /**
   * Refuses an unsupported revision (2025-06-18, basic/transports).
   *
   * @throws {ProtocolError} `invalid_request`
   */
  requireSupportedVersion(): void {
    const { version } = this;
    if (version === null || isSupported(version)) return;
    throw new ProtocolError(
      "invalid_request",
      `Unsupported MCP-Protocol-Version ${JSON.stringify(version.slice(0, 40))}; this server ` +
        `speaks ${PROTOCOL_VERSIONS.join(", ")}`,
    );
  }

  /** The session of the 2025 revisions that the client names; null if it names none. */
  get sessionId(): string | null {
    return onlyCopy(this.known.sessionId, SESSION_ID);
  }

  /** The plain stream that the client names; null if it names none. */
  get connectionId(): string | null {
    return onlyCopy(this.known.connectionId, CONNECTION_ID);
  }

  /** The value of a parameter of the query. */
  queryParameter(name: string): string | undefined {
    if (this.query === "") return undefined;
    return new URLSearchParams(this.query).get(name) ?? undefined;
  }
}

/** A request on its way to its handler. */
export interface RequestContext extends RequestHead, RequestOrigin {}

const internMethod = createIntern();
/** Several sets are asked for the revision, too. */
const internVersion = createIntern();

/** The parts of a URL that matter here. */
interface UrlParts {
  readonly authority: string;
  readonly path: string;
  readonly query: string;
}

/** Splits a URL without parsing all of it, which would cost more. */
function splitUrl(url: string): UrlParts {
  const mark = url.indexOf("?");
  if (mark < 0) return splitBase(url);
  // Queries differ from client to client, so only the part before them is worth keeping.
  return { ...splitBase(url.slice(0, mark)), query: url.slice(mark) };
}

const splitBase = memoize((url): UrlParts => {
  const start = url.indexOf("//") + 2;
  const slash = url.indexOf("/", start);
  return slash < 0
    ? { authority: url.slice(start), path: "/", query: "" }
    : { authority: url.slice(start, slash), path: withoutLastSlash(url.slice(slash)), query: "" };
});

function withoutLastSlash(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

/** Copies that differ are left for the guard, which refuses them. */
function originOf({ origin }: KnownHeaders): string | null {
  return origin?.includes(",") ? agreedCopy(origin) ?? origin : origin;
}

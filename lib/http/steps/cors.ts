/**
 * CORS for the origins that the guard allows (Fetch standard, HTTP-CORS protocol).
 *
 * @module
 */
import type { DialectHeaders } from "../../transport/dialect.ts";
import {
  ACCEPT,
  AUTHORIZATION,
  CONTENT_TYPE,
  RETRY_AFTER,
  TRACEPARENT,
  WWW_AUTHENTICATE,
} from "../../wire/headers.ts";

const METHODS = "GET, POST, DELETE, OPTIONS";
/** Request headers that browsers may send in every dialect. */
const REQUEST_HEADERS = [ACCEPT, AUTHORIZATION, CONTENT_TYPE, TRACEPARENT];
/** Response headers that pages may read in every dialect. */
const RESPONSE_HEADERS = [RETRY_AFTER, WWW_AUTHENTICATE];
/** How long a browser may keep the answer to a preflight, in seconds. */
const MAX_AGE_S = "600";

/** Answers the CORS questions of browsers. */
export class Cors {
  readonly #requestHeaders: string;
  readonly #responseHeaders: string;

  /** @param headers those of the dialects and the settings, which browsers may send and read too */
  constructor(headers: DialectHeaders) {
    this.#requestHeaders = [...REQUEST_HEADERS, ...headers.request].join(", ");
    this.#responseHeaders = [...RESPONSE_HEADERS, ...headers.response].join(", ");
  }

  /** Lets the web page at `origin` read a response. */
  allow(response: Response, origin: string): Response {
    response.headers.set("access-control-allow-origin", origin);
    response.headers.set("access-control-expose-headers", this.#responseHeaders);
    response.headers.append("vary", "Origin");
    return response;
  }

  /** The response to a preflight request. */
  preflight(request: Request): Response {
    const asked = request.headers.get("access-control-request-headers");
    return new Response(null, {
      status: 204,
      headers: {
        "access-control-allow-methods": METHODS,
        "access-control-allow-headers": [this.#requestHeaders, ...paramHeaders(asked)].join(", "),
        "access-control-max-age": MAX_AGE_S,
      },
    });
  }
}

/** Tool parameters travel in headers of their own (`Mcp-Param-*`), which cannot be listed. */
function paramHeaders(asked: string | null): string[] {
  return (asked ?? "").split(",").map((name) => name.trim())
    .filter((name) => /^mcp-param-[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(name));
}

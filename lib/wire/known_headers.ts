/**
 * The headers that most requests are asked for, read in one pass.
 *
 * Perf: `Headers.get()` of Deno checks and converts the name at each look-up. Deno keeps the headers
 * of a request in two lists, under symbols that it does not document (docs/deno.md). They are read
 * here; a `Headers` without such lists is asked for each name.
 *
 * @module
 */

/** Values of headers, joined as by `Headers.get()`; null for a header that is missing. */
export class KnownHeaders {
  /** RFC 9110, section 12.5.1. */
  accept: string | null = null;
  /** RFC 9110, section 8.6. */
  contentLength: string | null = null;
  /** RFC 9110, section 8.3. */
  contentType: string | null = null;
  /** RFC 9110, section 7.2. */
  host: string | null = null;
  /** The stream of the plain dialect that a request is for. */
  connectionId: string | null = null;
  /** The method in the body (2026-07-28, basic/transports). */
  mcpMethod: string | null = null;
  /** The tool, prompt or resource in the body (2026-07-28, basic/transports). */
  mcpName: string | null = null;
  /** The revision that a client speaks (2025-06-18, basic/transports). */
  protocolVersion: string | null = null;
  /** The session (2025-11-25, basic/transports, Session Management). */
  sessionId: string | null = null;
  /** Fetch standard, "Origin header". */
  origin: string | null = null;
  /** W3C Fetch Metadata: how the page that asks is related to the server; browsers alone send it. */
  fetchSite: string | null = null;
  /** draft-ietf-httpapi-idempotency-key-header, section 2. */
  idempotencyKey: string | null = null;
  /** Time between two pings of a plain stream (ms). */
  pingInterval: string | null = null;
  /** RFC 9110, section 10.1.5. */
  userAgent: string | null = null;

  constructor(headers: Headers) {
    const { names, fields } = listsOf(headers) ?? lookedUp(headers);
    for (let index = 0; index < names.length; index++) {
      const value = fields[index]![1];
      switch (names[index]) {
        case "accept":
          this.accept = joined(this.accept, value);
          break;
        case "content-length":
          this.contentLength = joined(this.contentLength, value);
          break;
        case "content-type":
          this.contentType = joined(this.contentType, value);
          break;
        case "host":
          this.host = joined(this.host, value);
          break;
        case "mcp-connection-id":
          this.connectionId = joined(this.connectionId, value);
          break;
        case "mcp-method":
          this.mcpMethod = joined(this.mcpMethod, value);
          break;
        case "mcp-name":
          this.mcpName = joined(this.mcpName, value);
          break;
        case "mcp-protocol-version":
          this.protocolVersion = joined(this.protocolVersion, value);
          break;
        case "mcp-session-id":
          this.sessionId = joined(this.sessionId, value);
          break;
        case "origin":
          this.origin = joined(this.origin, value);
          break;
        case "sec-fetch-site":
          this.fetchSite = joined(this.fetchSite, value);
          break;
        case "user-agent":
          this.userAgent = joined(this.userAgent, value);
          break;
        case "idempotency-key":
          this.idempotencyKey = joined(this.idempotencyKey, value);
          break;
        case "mcp-ping-interval-ms":
          this.pingInterval = joined(this.pingInterval, value);
          break;
      }
    }
  }
}

function joined(before: string | null, value: string): string {
  return before === null ? value : `${before}, ${value}`;
}

/** The known headers of a request, each looked up. */
function lookedUp(headers: Headers): HeaderLists {
  const names: string[] = [];
  const fields: [string, string][] = [];
  for (const name of KNOWN_NAMES) {
    const value = headers.get(name);
    if (value === null) continue;
    names.push(name);
    fields.push([name, value]);
  }
  return { names, fields };
}

const KNOWN_NAMES = [
  "accept",
  "content-length",
  "content-type",
  "host",
  "idempotency-key",
  "mcp-connection-id",
  "mcp-method",
  "mcp-name",
  "mcp-ping-interval-ms",
  "mcp-protocol-version",
  "mcp-session-id",
  "origin",
  "sec-fetch-site",
  "user-agent",
];

/** Headers in the order in which they were sent. */
interface HeaderLists {
  /** In lower case. */
  readonly names: readonly string[];
  /** Pairs of a name and a value. */
  readonly fields: readonly (readonly [string, string])[];
}

/** The lists that Deno keeps; undefined for the headers of other runtimes and of `node:http`. */
function listsOf(headers: Headers): HeaderLists | undefined {
  if (!hasLists(headers)) return undefined;
  // Deno fills the lists with the first look-up, which ends soonest for a header that comes first.
  headers.has("host");
  const [names, fields] = [headers[NAMES], headers[FIELDS]];
  return Array.isArray(names) && Array.isArray(fields) && names.length === fields.length
    ? { names, fields }
    : undefined;
}

function hasLists(headers: object): headers is Record<symbol, unknown> & Headers {
  return FIELDS in headers;
}

/** The symbol under which `Headers` keep something; one that nothing has where they do not. */
function symbolOf(description: string): symbol {
  const symbols = Object.getOwnPropertySymbols(new Headers());
  return symbols.find((symbol) => symbol.description === description) ?? Symbol("missing");
}

const NAMES = symbolOf("lowercase header names");
const FIELDS = symbolOf("header list");

/**
 * URIs by RFC 3986: parsing, and equivalence.
 *
 * @module
 */

const SCHEME_REGEXP = /^[A-Za-z][A-Za-z0-9+.-]*$/;
const URI_REGEXP =
  /^[A-Za-z][A-Za-z0-9+.-]*:(?:[\w.~:/?@!$&'()*+,;=[\]-]|%[0-9A-Fa-f]{2})*(?:#(?:[\w.~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?$/;
/** Scheme, authority, path, and the query with the fragment (RFC 3986, appendix B). */
const PARTS_REGEXP = /^([A-Za-z][A-Za-z0-9+.-]*):(?:\/\/([^/?#]*))?([^?#]*)(.*)$/s;
const DOT_SEGMENT_REGEXP = /(?:^|\/)\.{1,2}(?:\/|$)/;
const DEFAULT_PORTS: Readonly<Record<string, string>> = {
  ftp: "21",
  http: "80",
  https: "443",
  ws: "80",
  wss: "443",
};

/** Longest URI that is compared or matched by more than its exact text, in characters. */
export const MAX_URI_LENGTH = 8_192;

/** A URI with each part in normal form. */
export interface UriParts {
  /** In lower case. */
  readonly scheme: string;
  /** Undefined if there is none, as in `urn:isbn:1`. */
  readonly authority: string | undefined;
  readonly path: string;
  /** The query and the fragment, with `?` and `#`. */
  readonly rest: string;
}

/** Whether a text is an absolute URI. A URL parser alone is kinder: it takes spaces and umlauts. */
export function isUri(text: string): boolean {
  return URI_REGEXP.test(text) && URL.canParse(text);
}

/** Whether a template begins with a scheme, or leaves it to a variable. */
export function hasUriScheme(template: string): boolean {
  const [literal = ""] = template.split("{");
  const colon = literal.indexOf(":");
  return colon < 0 || SCHEME_REGEXP.test(literal.slice(0, colon));
}

/**
 * The normal form of a URI: equal for two URIs that RFC 3986, section 6.2.2 and 6.2.3, RFC 8141
 * (`urn:`) and RFC 8089 (`file:`) call equivalent without asking anybody.
 *
 * @returns the text itself, its escapes normalized, where it is not a URI
 */
export function normalizeUri(uri: string): string {
  const parts = splitUri(uri);
  if (parts === undefined) return normalizeEscapes(uri);
  const { scheme, authority, path, rest } = parts;
  if (authority === undefined) {
    return `${scheme}:${scheme === "urn" ? lowerNamespace(path) : withoutDots(path)}${rest}`;
  }
  return joinUri({ ...parts, authority: lowerHost(authority), path: withoutDots(path) });
}

/**
 * The parts of a URI in normal form. The host's letters and dot segments stay unchanged, because
 * normalizing them would change the value of a variable.
 */
export function splitUri(uri: string): UriParts | undefined {
  const [, scheme, authority, path = "", rest = ""] = PARTS_REGEXP.exec(uri) ?? [];
  if (scheme === undefined) return undefined;
  const lower = scheme.toLowerCase();
  return {
    scheme: lower,
    authority: authority === undefined
      ? undefined
      : withoutDefaults(lower, normalizeEscapes(authority)),
    path: authority !== undefined && path === "" ? "/" : normalizeEscapes(path),
    rest: normalizeEscapes(rest),
  };
}

/** The text of a URI's parts. */
export function joinUri({ scheme, authority, path, rest }: UriParts): string {
  return `${scheme}:${authority === undefined ? "" : `//${authority}`}${path}${rest}`;
}

/** Whether a path has segments that mean another folder. */
export function hasDotSegment(path: string): boolean {
  return DOT_SEGMENT_REGEXP.test(path);
}

/**
 * Text with percent-encoding in normal form (RFC 3986, section 6.2.2): unreserved characters are
 * decoded, hexadecimal digits are upper case, and characters that a URI may not contain are encoded
 * as UTF-8.
 */
export function normalizeEscapes(uri: string): string {
  if (/^[A-Za-z0-9._~:/?#[\]@!$&'()*+,;=-]*$/.test(uri)) return uri;
  return uri.toWellFormed().replace(
    /%[0-9a-f]{2}|(?:%(?![0-9a-f]{2}))+|[^A-Za-z0-9._~:/?#[\]@!$&'()*+,;=%-]+/gi,
    (part) => /^%[0-9a-f]/i.test(part) ? unescapeUnreserved(part) : encodeURIComponent(part),
  );
}

function unescapeUnreserved(escape: string): string {
  const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
  return /[A-Za-z0-9._~-]/.test(character) ? character : escape.toUpperCase();
}

function withoutDefaults(scheme: string, authority: string): string {
  if (scheme === "file" && authority.toLowerCase() === "localhost") return "";
  const [, host, port] = /^(.*):(\d*)$/.exec(authority) ?? [];
  return host !== undefined && (port === "" || port === DEFAULT_PORTS[scheme]) ? host : authority;
}

/** The user's part of an authority keeps its letters. */
function lowerHost(authority: string): string {
  const at = authority.lastIndexOf("@") + 1;
  const host = authority.slice(at).toLowerCase().replace(
    /%[0-9a-f]{2}/g,
    (escape) => escape.toUpperCase(),
  );
  return authority.slice(0, at) + host;
}

function lowerNamespace(path: string): string {
  const end = path.indexOf(":");
  return path.slice(0, end).toLowerCase() + path.slice(end);
}

/** Removes dot segments (RFC 3986, section 5.2.4). */
function withoutDots(path: string): string {
  if (!path.startsWith("/") || !hasDotSegment(path)) return path;
  const segments: string[] = [];
  const given = path.slice(1).split("/");
  for (const [index, segment] of given.entries()) {
    if (segment === "..") segments.pop();
    else if (segment !== ".") segments.push(segment);
    if (index === given.length - 1 && /^\.{1,2}$/.test(segment)) segments.push("");
  }
  return `/${segments.join("/")}`;
}

/**
 * URLs in settings, and names of hosts.
 *
 * @module
 */

/**
 * Whether a text can be the public base URL of a server (`MCP_PUBLIC_URL`). It is the only source of
 * absolute URLs: the headers of a request are written by anybody.
 *
 * @returns true for http and https, with or without a path, and nothing behind it
 */
export function isPublicUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === "" &&
    url.password === "" && !/[?#]/.test(text) && !/\/mcp(\/sse)?\/*$/.test(url.pathname);
}

/** The base as other URLs are made of it, without a slash at its end. */
export function publicBase(url: string): string {
  return new URL(url).href.replace(/\/+$/, "");
}

const LOOPBACK_REGEXP = /^(127(\.\d+){3}|::1|::ffff:127(\.\d+){3}|localhost)$/i;

/**
 * Whether a name or an address is this machine itself.
 *
 * @param host without a port; an IPv6 address with brackets or without
 */
export function isLoopback(host: string): boolean {
  return LOOPBACK_REGEXP.test(host.replace(/^\[(.*)\]$/, "$1"));
}

/** The user and the password of a URL within a text (RFC 3986, section 3.2.1). */
const USER_REGEXP = /(:\/\/)[^/?#\s"]*@/g;

/** A text without the users and passwords of the URLs in it, to be shown. */
export function withoutCredentials(text: string): string {
  return text.replace(USER_REGEXP, "$1…@");
}

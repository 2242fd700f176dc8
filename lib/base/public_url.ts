/**
 * The public base URL of a server (`MCP_PUBLIC_URL`). It is the only source of absolute URLs: the
 * headers of a request are written by anybody.
 *
 * @module
 */

/** Whether a text can be the base: http or https, with or without a path, and nothing behind it. */
export function isPublicUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === "" &&
    url.password === "" && !/[?#]/.test(text) && !/\/mcp(\/sse)?\/*$/.test(url.pathname);
}

/** The base as other URLs are made of it, without a slash at its end. */
export function publicBase(url: string): string {
  return new URL(url).href.replace(/\/+$/, "");
}

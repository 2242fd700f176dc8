/**
 * @typedef {{ method: string, url: string, headers: Record<string, string>, body?: string }}
 * HttpRequest
 */

/**
 * A request as a command line for a POSIX shell.
 *
 * @param {HttpRequest} request
 */
export function toCurl({ method, url, headers, body }) {
  const parts = ["curl -N"];
  // curl POSTs by itself once there is data.
  if (method !== "POST" || body === undefined) parts.push(`-X ${method}`);
  for (const [name, value] of Object.entries(headers)) {
    parts.push(`-H ${quote(`${name}: ${value}`)}`);
  }
  if (body !== undefined) parts.push(`--data-raw ${quote(body)}`);
  parts.push(quote(url));
  return parts.join(" \\\n  ");
}

/** @param {string} text */
function quote(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * The pages and their parts, held in memory: text imports travel inside a compiled binary and need
 * no permission to read files.
 *
 * @module
 */
import { eTag, ifNoneMatch } from "@std/http/etag";
import ssePage from "../../static/sse-test.html" with { type: "text" };
import sseScript from "../../static/sse-test.js" with { type: "text" };
import style from "../../static/style.css" with { type: "text" };

interface Asset {
  readonly type: string;
  readonly text: string;
}

const HTML = "text/html; charset=utf-8";
const SCRIPT = "text/javascript; charset=utf-8";
const STYLE = "text/css; charset=utf-8";

/** Every asset by its path. */
export const ASSETS: ReadonlyMap<string, Asset> = new Map([
  ["/sse-test.html", { type: HTML, text: ssePage }],
  ["/sse-test.js", { type: SCRIPT, text: sseScript }],
  ["/style.css", { type: STYLE, text: style }],
]);

const SECURITY_HEADERS = {
  "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; " +
    "connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cache-control": "no-cache",
};

/** Sends an asset, or 304 to a browser that has it. */
export async function sendAsset(
  request: Request,
  { type, text }: Asset,
): Promise<Response> {
  const etag = await eTag(text);
  const headers = new Headers({ ...SECURITY_HEADERS, "content-type": type });
  if (etag !== undefined) headers.set("etag", etag);
  return ifNoneMatch(request.headers.get("if-none-match"), etag)
    ? new Response(text, { headers })
    : new Response(null, { status: 304, headers });
}

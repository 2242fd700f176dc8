/**
 * The pages and their parts, held in memory: text imports travel inside a compiled binary and need
 * no permission to read files.
 *
 * @module
 */
import { eTag, ifNoneMatch } from "@std/http/etag";
import type { Route } from "../route.ts";
import { PAGE_FILES } from "./page_files.ts";

interface Asset {
  readonly type: string;
  readonly text: string;
}

/** The tag of a text, made at its first request: a text never changes. */
const tags = new Map<string, ReturnType<typeof eTag>>();

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/** Every asset by its path. */
export const ASSETS: ReadonlyMap<string, Asset> = new Map(
  Object.entries(PAGE_FILES).map(([path, text]) => [urlOf(path), { type: typeOf(path), text }]),
);

/** A file's URL is its path, except that pages are at the top level. */
function urlOf(path: string): string {
  return path.endsWith(".html") ? path.replace(/^static/, "") : `/${path}`;
}

function typeOf(path: string): string {
  const ending = path.slice(path.lastIndexOf(".") + 1);
  return TYPES[ending] ?? "text/plain; charset=utf-8";
}

const SECURITY_HEADERS = {
  "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; " +
    "connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cache-control": "no-cache",
};

/** The routes of the pages. */
export const PAGE_ROUTES: ReadonlyMap<string, Route> = new Map(
  [...ASSETS].map(([path, asset]) => [path, { GET: ({ request }) => sendAsset(request, asset) }]),
);

/** Sends an asset, or 304 to a browser that has it. */
async function sendAsset(
  request: Request,
  { type, text }: Asset,
): Promise<Response> {
  const tag = tags.get(text) ?? eTag(text);
  tags.set(text, tag);
  const etag = await tag;
  const headers = new Headers({ ...SECURITY_HEADERS, "content-type": type });
  if (etag !== undefined) headers.set("etag", etag);
  return ifNoneMatch(request.headers.get("if-none-match"), etag)
    ? new Response(text, { headers })
    : new Response(null, { status: 304, headers });
}

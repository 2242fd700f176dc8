/**
 * The pages and their parts, held in memory: text imports travel inside a compiled binary and need
 * no permission to read files.
 *
 * @module
 */
import { eTag, ifNoneMatch } from "@std/http/etag";
import { publicBase } from "../../base/urls.ts";
import type { Settings } from "../../base/settings.ts";
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

/** The page that signs its user in, and its description for issuers. */
const TEST_PAGE = "/sse-test.html";
const CLIENT_DOCUMENT = "/sse-test.client.json";

const SECURITY_HEADERS = {
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cache-control": "no-cache",
};

/** Settings that pages depend on. */
export type PageSettings = Pick<Settings, "MCP_AUTH_ISSUERS" | "MCP_PUBLIC_URL">;

/** The routes of the pages. The test page may talk to the issuers that its users sign in at. */
export function pageRoutes(settings: PageSettings): ReadonlyMap<string, Route> {
  const { MCP_AUTH_ISSUERS: issuers, MCP_PUBLIC_URL: publicUrl } = settings;
  const issuerOrigins = issuers.map((issuer) => new URL(issuer).origin);
  const routes = new Map<string, Route>();
  for (const [path, asset] of ASSETS) {
    const policy = policyFor(path === TEST_PAGE ? issuerOrigins : []);
    routes.set(path, { GET: ({ request }) => sendAsset(request, asset, policy) });
  }
  if (publicUrl !== undefined && issuers.length > 0) {
    const document = clientDocument(publicBase(publicUrl));
    routes.set(CLIENT_DOCUMENT, { GET: () => Response.json(document) });
  }
  return routes;
}

/** @param origins that scripts may ask beside their own */
function policyFor(origins: readonly string[]): string {
  const connect = ["'self'", ...new Set(origins)].join(" ");
  return `default-src 'none'; script-src 'self'; style-src 'self'; connect-src ${connect}; ` +
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

/**
 * The test page as a client, for issuers that take its URL as the client id
 * (draft-ietf-oauth-client-id-metadata-document; MCP 2025-11-25, Client ID Metadata Documents).
 */
function clientDocument(base: string): Readonly<Record<string, unknown>> {
  return {
    client_id: `${base}${CLIENT_DOCUMENT}`,
    client_name: "Lifeline test page",
    client_uri: `${base}/`,
    redirect_uris: [`${base}${TEST_PAGE}`],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  };
}

/** Sends an asset, or 304 to a browser that has it. */
async function sendAsset(
  request: Request,
  { type, text }: Asset,
  policy: string,
): Promise<Response> {
  const tag = tags.get(text) ?? eTag(text);
  tags.set(text, tag);
  const etag = await tag;
  const headers = new Headers({
    ...SECURITY_HEADERS,
    "content-security-policy": policy,
    "content-type": type,
  });
  if (etag !== undefined) headers.set("etag", etag);
  return ifNoneMatch(request.headers.get("if-none-match"), etag)
    ? new Response(text, { headers })
    : new Response(null, { status: 304, headers });
}

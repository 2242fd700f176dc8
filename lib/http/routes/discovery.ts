/**
 * Documents that tell clients where to get a token (RFC 9728). Pages of any origin may read them,
 * because they are the same for everybody and contain no secret.
 *
 * @module
 */
import type { Auth } from "../../auth/auth.ts";
import { AuthFailure } from "../../auth/auth_failure.ts";
import { ProtocolError } from "../../base/errors.ts";
import type { Route } from "../route.ts";

const PUBLIC_HEADERS = {
  "access-control-allow-origin": "*",
  "cache-control": "public, max-age=3600",
};
/** Clients ask with headers of their own, such as `MCP-Protocol-Version`. */
const PREFLIGHT_HEADERS = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "GET, OPTIONS",
  "access-control-allow-headers": "*",
  "access-control-max-age": "600",
};
/**
 * Path at which 2025-03-26 clients look for the authorization server's metadata, at the endpoint's
 * origin.
 */
const MIRROR_PATH = "/.well-known/oauth-authorization-server";

/** The documents by path; empty without issuers. */
export function discoveryRoutes(auth: Auth | undefined): ReadonlyMap<string, Route> {
  const routes = new Map<string, Route>();
  for (const [path, document] of auth?.documents ?? []) {
    routes.set(path, publicRoute(() => Promise.resolve(document)));
  }
  if (auth?.mirror !== undefined) routes.set(MIRROR_PATH, publicRoute(auth.mirror));
  return routes;
}

function publicRoute(read: () => Promise<unknown>): Route {
  return {
    GET: async () => Response.json(await available(read), { headers: PUBLIC_HEADERS }),
    OPTIONS: () => new Response(null, { status: 204, headers: PREFLIGHT_HEADERS }),
  };
}

async function available(read: () => Promise<unknown>): Promise<unknown> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof AuthFailure)) throw error;
    throw new ProtocolError("auth_unavailable", "The issuer's document cannot be read now", {
      cause: error,
    });
  }
}

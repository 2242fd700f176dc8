/**
 * A real authorization server on this machine: `oidc-provider`, with registration, PKCE, resource
 * indicators, refresh tokens and introspection.
 *
 * @module
 */
// Named in full, and locked in a file of their own: a server needs no authorization server.
// deno-lint-ignore-file no-import-prefix
import { createServer } from "node:http";
import Provider from "npm:oidc-provider@9.13.3";

export const SCOPES = "notes:read notes:write";

/** A client of machines, registered beforehand. */
export const MACHINE = {
  client_id: "machine",
  client_secret: "the-secret-of-the-machine",
  grant_types: ["client_credentials"],
  redirect_uris: [],
  response_types: [],
  token_endpoint_auth_method: "client_secret_basic",
} as const;

/** The client that Lifeline introspects with. */
export const LIFELINE = {
  client_id: "lifeline",
  client_secret: "the-secret-of-lifeline",
  grant_types: [],
  redirect_uris: [],
  response_types: [],
} as const;

/** The test page as a registered client; a native client may use any port. */
export const PAGE = {
  client_id: "the-page",
  application_type: "native",
  grant_types: ["authorization_code", "refresh_token"],
  redirect_uris: ["http://127.0.0.1/sse-test.html"],
  response_types: ["code"],
  token_endpoint_auth_method: "none",
} as const;

/** The rights of pages at the server. */
export interface PageRights {
  /** Whether pages of any origin may read its answers. */
  readonly mayRead?: boolean;
  /** Whether pages may register themselves; the provider by default allows no page to do that. */
  readonly mayRegister?: boolean;
}

/** How tokens are made. */
export interface TokenOptions {
  readonly format?: "jwt" | "opaque";
  /** Time that access tokens live (s). */
  readonly ttl?: number;
  /** Scopes that are granted at most. */
  readonly scopes?: string;
}

/** Starts the server; `tokens` may be changed while it runs. */
export async function startAuthorizationServer(pages: PageRights = {}) {
  const tokens: { format: "jwt" | "opaque"; ttl: number } = { format: "jwt", ttl: 600 };
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("no port");
  const issuer = `http://127.0.0.1:${address.port}`;
  const provider = new Provider(issuer, configuration(tokens, pages));
  const answer = provider.callback();
  /** Requests by path, for tests that count them. */
  const asked: string[] = [];
  server.on("request", (request, response) => {
    const path = String(request.url).replace(/\?.*/, "");
    asked.push(path);
    if (path === "/reg" && pages.mayRegister === true) {
      response.setHeader("access-control-allow-origin", "*");
      response.setHeader("access-control-allow-headers", "content-type");
    }
    const isPreflight = path === "/reg" && request.method === "OPTIONS";
    if (isPreflight && pages.mayRegister === true) response.writeHead(204).end();
    else answer(request, response);
  });
  return {
    issuer,
    tokens,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function configuration(
  tokens: { readonly format: "jwt" | "opaque"; readonly ttl: number },
  { mayRead = false }: PageRights,
) {
  return {
    clients: [MACHINE, LIFELINE, PAGE],
    clientBasedCORS: () => mayRead,
    scopes: ["openid", "offline_access", ...SCOPES.split(" ")],
    features: {
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true },
      registration: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context: unknown, resource: string) => ({
          scope: SCOPES,
          audience: resource,
          accessTokenTTL: tokens.ttl,
          accessTokenFormat: tokens.format,
        }),
      },
    },
    issueRefreshToken: () => true,
    rotateRefreshToken: true,
    cookies: { keys: ["a key for cookies of tests"] },
  };
}

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

/** How tokens are made. */
export interface TokenOptions {
  readonly format?: "jwt" | "opaque";
  /** Time that access tokens live (s). */
  readonly ttl?: number;
  /** Scopes that are granted at most. */
  readonly scopes?: string;
}

/** Starts the server; `tokens` may be changed while it runs. */
export async function startAuthorizationServer() {
  const tokens: { format: "jwt" | "opaque"; ttl: number } = { format: "jwt", ttl: 600 };
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("no port");
  const issuer = `http://127.0.0.1:${address.port}`;
  const provider = new Provider(issuer, configuration(tokens));
  const answer = provider.callback();
  /** Requests by path, for tests that count them. */
  const asked: string[] = [];
  server.on("request", (request, response) => {
    asked.push(String(request.url).replace(/\?.*/, ""));
    answer(request, response);
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

function configuration(tokens: { readonly format: "jwt" | "opaque"; readonly ttl: number }) {
  return {
    clients: [MACHINE, LIFELINE],
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

/**
 * An app that asks for tokens of a fake issuer, and requests to it.
 *
 * @module
 */
import type { AppOptions, Settings } from "../../lib/mod.ts";
import { type TestApp, testApp } from "../helpers/app.ts";
import { FakeIssuer, ISSUER, makeToken } from "./fake_issuer.ts";

export const PUBLIC_URL = "https://mcp.example";
/** A static key, of the caller `n8n` with the scope `notes:read`. */
export const FIXED_KEY = "a-key-of-the-operator";

export const AUTH_SETTINGS = {
  MCP_PUBLIC_URL: PUBLIC_URL,
  MCP_AUTH_ISSUERS: [ISSUER],
} satisfies Partial<Settings>;

/** The claims of a token that is good now. */
export function nowClaims(claims: Readonly<Record<string, unknown>> = {}) {
  const now = Math.floor(Date.now() / 1000);
  return { iat: now, exp: now + 600, ...claims };
}

/** A bearer token that is good now, as headers. */
export async function bearer(
  claims: Readonly<Record<string, unknown>> = {},
): Promise<{ authorization: string }> {
  return { authorization: `Bearer ${await makeToken({ claims: nowClaims(claims) })}` };
}

/** Makes an app that requires tokens; `issuer` is the identity provider. */
export function guardedApp(
  { settings, auth, ...options }: AppOptions = {},
  issuer: FakeIssuer = new FakeIssuer(),
): TestApp {
  return testApp({
    ...options,
    settings: { MCP_ADMIN_TOKEN: "a-token-of-the-operator", ...AUTH_SETTINGS, ...settings },
    auth: {
      keys: [{ name: "n8n", key: FIXED_KEY, scopes: ["notes:read"] }],
      fetch: issuer.fetch,
      ...auth,
    },
  });
}

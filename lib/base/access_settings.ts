/**
 * The settings of access, for all and with authorization. Those of authorization are off by
 * default; where one needs another that is not set, the start says so.
 *
 * @module
 */
import { isLoopback } from "./urls.ts";
import type { Settings } from "./settings_type.ts";
import { boolean, integer, nameList, oneOf, text } from "./setting_kinds.ts";
import { parseSubnet } from "./address.ts";

const MAX_MS = 2 ** 31 - 1;
/** `token` of RFC 9110, section 5.6.2. */
const HEADER_REGEXP = /^[\w!#$%&'*+.^`|~-]+$/;
/** `scope-token` of RFC 6749, section 3.3, without the comma that separates a list. */
const SCOPE_REGEXP = /^[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]+$/;
const TYPE_REGEXP = /^(at\+jwt|jwt|none)$/;
const SECRET_ERROR = "Expected at least 8 characters";

/** An absolute URL without query, fragment and password. */
function isPlainUrl(url: URL | null): url is URL {
  return url !== null && url.search === "" && url.hash === "" && url.username === "" &&
    url.password === "" && /^https?:$/.test(url.protocol);
}

/** Whether a URL may answer for tokens: it uses https, or is on this machine. */
function isProviderUrl(name: string): boolean {
  const url = URL.parse(name);
  return isPlainUrl(url) && (url.protocol === "https:" || isLoopback(url.hostname));
}

const scopeList = (fallback: readonly string[] = []) =>
  nameList(
    fallback,
    (name) => SCOPE_REGEXP.test(name),
    "a scope: characters without blanks, quotes and commas",
  );

/** Settings that ask for authorization, alone or together; all are off by default. */
const ASKING = [
  "MCP_AUTH_ISSUERS",
  "MCP_AUTH_AUDIENCES",
  "MCP_AUTH_SCOPES",
  "MCP_AUTH_OFFERED_SCOPES",
  "MCP_AUTH_ROLES_CLAIM",
  "MCP_AUTH_INTROSPECTION_URL",
  "MCP_AUTH_INTROSPECTION_CLIENT_ID",
  "MCP_AUTH_INTROSPECTION_CLIENT_SECRET",
  "MCP_AUTH_KEYS_FILE",
  "MCP_AUTH_KEY_HEADER",
  "MCP_AUTH_MIRROR_METADATA",
] as const;

/** Whether any setting asks for authorization, even if others are missing. */
export function asksForAuthorization(settings: Pick<Settings, (typeof ASKING)[number]>): boolean {
  return ASKING.some((name) => {
    const value = settings[name];
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
  });
}

const LOCAL_NAMES = ["localhost", "127.0.0.1", "[::1]"];
const HOST_REGEXP = /^(\*|([^\s/:@*[\]]+|\[[\da-f:.]+\])(:\d{1,5})?)$/i;
/** Extensions of browsers have schemes of their own. */
const SCHEME_REGEXP = /^[a-z][a-z\d+.-]*:\/\//i;
const isHost = (name: string) => HOST_REGEXP.test(name);
const isOrigin = (name: string) =>
  name === "*" || (!name.includes("*") && isHost(name.replace(SCHEME_REGEXP, "")));
const isSubnet = (name: string) => parseSubnet(name) !== undefined;

const OPERATOR_TOKEN = {
  min: 16,
  isAllowed: (token: string) => /^[\x21-\x7e]+$/.test(token),
  error: "Expected at least 16 ASCII characters, and no blanks",
};

/** The settings of access that hold with authorization and without, by name. */
export const ACCESS = {
  MCP_ALLOWED_HOSTS: nameList(
    LOCAL_NAMES,
    isHost,
    "a host name such as mcp.example.com, localhost:8000 or [::1], without https:// and path; * only alone",
  ).describe("Host names that clients may use, comma-separated; * allows any"),
  MCP_ALLOWED_ORIGINS: nameList(
    LOCAL_NAMES,
    isOrigin,
    "an origin such as https://app.example.com or app.example.com, without path and final slash",
  ).describe(
    "Origins, or host names of origins, of web pages that may call; * allows any",
  ),
  MCP_TRUSTED_PROXIES: nameList([], isSubnet, "an address or a subnet such as 10.0.0.0/8")
    .describe("Addresses and subnets of proxies that are trusted to name the client"),
  MCP_FORWARDED_HEADER: text("X-Forwarded-For", {
    isAllowed: (name) => HEADER_REGEXP.test(name),
    error: "Expected the name of a header such as X-Forwarded-For, Forwarded or X-Real-IP",
  }).describe("Header in which trusted proxies name the client; they must overwrite it"),
  MCP_ADMIN_TOKEN: text(undefined, OPERATOR_TOKEN)
    .describe(
      "Token for the connection view and the metrics; without it each start makes one and prints a link with it",
    ),
  MCP_READ_TOKEN: text(undefined, OPERATOR_TOKEN)
    .describe("Second token that may read but not end connections, for monitoring"),
  MCP_METRICS_PUBLIC: boolean(false)
    .describe("Whether /metrics needs no token"),
};

/** The settings of authorization, by name. */
export const AUTHORIZATION = {
  MCP_AUTH_ISSUERS: nameList(
    [],
    isProviderUrl,
    "an issuer: an https URL, equal to iss in its tokens (http only on this machine)",
  ).describe("Issuers of accepted access tokens, comma-separated"),
  MCP_AUTH_AUDIENCES: nameList([], (name) => name !== "", "an audience")
    .describe("Accepted audiences of tokens; default: the public URLs of the endpoints"),
  MCP_AUTH_SCOPES: scopeList().describe("Scopes that every request needs"),
  MCP_AUTH_OFFERED_SCOPES: scopeList()
    .describe("Scopes that clients are told to ask for; default: MCP_AUTH_SCOPES"),
  MCP_AUTH_TOKEN_TYPES: nameList(
    ["at+jwt"],
    (name) => TYPE_REGEXP.test(name),
    "a token type: at+jwt, jwt or none",
  ).describe("Accepted typ headers of JWTs; Entra and Keycloak send jwt"),
  MCP_AUTH_ROLES_CLAIM: text(undefined)
    .describe("Claim with values that count as scopes, such as roles or realm_access.roles"),
  MCP_AUTH_LEEWAY_MS: integer(1, 300_000, 30_000)
    .describe("Tolerated difference between the clocks of issuer and server"),
  MCP_AUTH_INTROSPECTION_URL: text(undefined, {
    isAllowed: isProviderUrl,
    error: "Expected an https URL (http only on this machine)",
  }).describe("URL of the issuer that introspects opaque tokens (RFC 7662)"),
  MCP_AUTH_INTROSPECTION_CLIENT_ID: text(undefined)
    .describe("Client id for introspection"),
  MCP_AUTH_INTROSPECTION_CLIENT_SECRET: text(undefined, { min: 8, error: SECRET_ERROR })
    .describe("Client secret for introspection"),
  MCP_AUTH_INTROSPECTION_CACHE_MS: integer(1, MAX_MS, 5_000)
    .describe("Time for which an introspection is cached"),
  MCP_AUTH_RECHECK_MS: integer(1_000, MAX_MS, 60_000)
    .describe("Time between two introspections of a token while its streams are open"),
  MCP_AUTH_INTROSPECTION_AUDIENCE: oneOf(["required", "optional"], "required")
    .describe("Whether an introspected token must name its audience"),
  MCP_AUTH_KEYS_FILE: text(undefined)
    .describe("JSON file of static keys; it is read again when it changes"),
  MCP_AUTH_KEY_HEADER: text(undefined, {
    isAllowed: (name) => HEADER_REGEXP.test(name) && name.toLowerCase() !== "authorization",
    error: "Expected the name of a header such as X-API-Key",
  }).describe("Header for static keys, besides Authorization"),
  MCP_AUTH_MIRROR_METADATA: boolean(false)
    .describe("Whether to serve the first issuer's metadata here too, for 2025-03-26 clients"),
  MCP_MAX_AUTH_FAILURES: integer(1, 1e9, 100)
    .describe("Refused tokens after which an address must wait (one is forgiven every second)"),
  MCP_AUDIT: boolean(false)
    .describe("Whether to log each call with its principal, tool, outcome and duration"),
};

/**
 * From settings to authorization, with everything that is missing told at once.
 *
 * @module
 */
import { ConfigError } from "../base/errors.ts";
import type { Settings } from "../base/settings.ts";
import { Auth } from "./auth.ts";
import { Authenticator } from "./authenticator.ts";
import { Introspection } from "./introspection.ts";
import { LazyJwts } from "./lazy_jwts.ts";
import { OwnWay, type VerifyToken } from "./own_way.ts";
import { type Fetch, Provider } from "./provider.ts";
import { resourceMetadata, resourceUrls } from "./resource_metadata.ts";
import { type StaticKey, StaticKeys } from "./static_keys.ts";
import type { TokenRules } from "./token_rules.ts";
import type { Way } from "./way.ts";

/** Authorization by what only code can give; beside it stand the settings `MCP_AUTH_…`. */
export interface AuthOptions {
  /** Tells who a token belongs to; asked last, after keys, JWTs and introspection. */
  readonly verify?: VerifyToken;
  /** How long an answer of `verify` is used again for the same token (ms; 0: never). */
  readonly cacheMs?: number;
  /** Keys as `MCP_AUTH_KEYS_FILE` has them; `StaticKeys` can be replaced while the server runs. */
  readonly keys?: readonly StaticKey[] | StaticKeys;
  /** Asks identity providers, in place of the global `fetch`. */
  readonly fetch?: Fetch;
}

/** The app's parts that authorization uses. */
export interface AuthSurroundings {
  /** Paths of the endpoints that clients speak the protocol with. */
  readonly endpoints: readonly string[];
  /** How the server names itself. */
  readonly name: string;
  /** Ms since the Unix epoch. */
  readonly now: () => number;
  /** Called with the principal of a caller when its last static key was removed. */
  readonly onRemoved: (principal: string) => void;
}

/** Makes the authorization of an app. */
export type CreateAuth = typeof createAuth;

/**
 * Makes the authorization that the settings describe.
 *
 * @returns undefined if none is set up
 * @throws {ConfigError} when a part is missing
 */
export function createAuth(
  settings: Settings,
  options: AuthOptions,
  { endpoints, name, now, onRemoved }: AuthSurroundings,
): Auth | undefined {
  checkComplete(settings, options);
  const { MCP_PUBLIC_URL: publicUrl, MCP_AUTH_ISSUERS: issuers } = settings;
  const provider = new Provider(options.fetch);
  const rules = { audiences: audiencesOf(settings, endpoints), ...rulesOf(settings) };
  const keys = keysOf(options, now);
  const types = settings.MCP_AUTH_TOKEN_TYPES;
  const jwts = issuers.length === 0
    ? undefined
    : new LazyJwts({ ...rules, issuers, types }, provider, now);
  const ways: Way[] = [
    keys,
    jwts,
    introspectionOf(settings, rules, provider, now),
    options.verify === undefined ? undefined : new OwnWay(options.verify, options.cacheMs ?? 0),
  ].filter((way) => way !== undefined);
  if (ways.length === 0) return undefined;
  const authenticator = new Authenticator({
    ways,
    keyHeader: settings.MCP_AUTH_KEY_HEADER,
    maxFailures: settings.MCP_MAX_AUTH_FAILURES,
    now,
  });
  keys?.onChange((removed) => {
    authenticator.forget();
    removed.forEach(onRemoved);
  });
  const offeredScopes = settings.MCP_AUTH_OFFERED_SCOPES.length > 0
    ? settings.MCP_AUTH_OFFERED_SCOPES
    : settings.MCP_AUTH_SCOPES;
  return new Auth({
    authenticator,
    publicUrl,
    endpoints,
    documents: publicUrl === undefined || issuers.length === 0 ? new Map() : resourceMetadata({
      publicUrl,
      endpoints,
      authorizationServers: issuers,
      scopes: offeredScopes,
      name,
    }),
    scopes: settings.MCP_AUTH_SCOPES,
    offeredScopes,
    mirror: settings.MCP_AUTH_MIRROR_METADATA ? () => jwts!.document() : undefined,
  });
}

function rulesOf(settings: Settings): Omit<TokenRules, "audiences"> {
  return { leewayMs: settings.MCP_AUTH_LEEWAY_MS, rolesClaim: settings.MCP_AUTH_ROLES_CLAIM };
}

function audiencesOf(settings: Settings, endpoints: readonly string[]): readonly string[] {
  const { MCP_AUTH_AUDIENCES: audiences, MCP_PUBLIC_URL: publicUrl } = settings;
  if (audiences.length > 0 || publicUrl === undefined) return audiences;
  return resourceUrls(publicUrl, endpoints);
}

function keysOf({ keys }: AuthOptions, now: () => number): StaticKeys | undefined {
  if (keys === undefined || keys instanceof StaticKeys) return keys;
  return new StaticKeys(keys, now);
}

function introspectionOf(
  settings: Settings,
  rules: TokenRules,
  provider: Provider,
  now: () => number,
): Introspection | undefined {
  const url = settings.MCP_AUTH_INTROSPECTION_URL;
  if (url === undefined) return undefined;
  return new Introspection(
    {
      ...rules,
      url,
      issuers: settings.MCP_AUTH_ISSUERS,
      clientId: settings.MCP_AUTH_INTROSPECTION_CLIENT_ID ?? "",
      clientSecret: settings.MCP_AUTH_INTROSPECTION_CLIENT_SECRET ?? "",
      acceptsNoAudience: settings.MCP_AUTH_INTROSPECTION_AUDIENCE === "optional",
      keepMs: settings.MCP_AUTH_INTROSPECTION_CACHE_MS,
    },
    provider,
    now,
  );
}

/** @throws {ConfigError} naming each setting that lacks another */
function checkComplete(settings: Settings, options: AuthOptions): void {
  const missing = [...introspectionFaults(settings), ...wayFaults(settings, options)]
    .flatMap(([isFault, message]) => isFault ? [message] : []);
  if (missing.length === 0) return;
  throw new ConfigError(["Authorization is incomplete:", ...missing].join("\n  "));
}

/** Whether something is missing, and what. */
type Fault = readonly [boolean, string];

function introspectionFaults(settings: Settings): Fault[] {
  const hasIntrospection = settings.MCP_AUTH_INTROSPECTION_URL !== undefined;
  const hasAudience = settings.MCP_PUBLIC_URL !== undefined ||
    settings.MCP_AUTH_AUDIENCES.length > 0;
  const client = [
    settings.MCP_AUTH_INTROSPECTION_CLIENT_ID,
    settings.MCP_AUTH_INTROSPECTION_CLIENT_SECRET,
  ].filter((part) => part !== undefined);
  return [
    [
      hasIntrospection && client.length < 2,
      "MCP_AUTH_INTROSPECTION_URL needs MCP_AUTH_INTROSPECTION_CLIENT_ID and " +
      "MCP_AUTH_INTROSPECTION_CLIENT_SECRET",
    ],
    [
      hasIntrospection && !hasAudience,
      "MCP_AUTH_INTROSPECTION_URL needs MCP_PUBLIC_URL or MCP_AUTH_AUDIENCES: a token must be " +
      "for this server",
    ],
    [
      client.length > 0 && !hasIntrospection,
      "MCP_AUTH_INTROSPECTION_CLIENT_ID and MCP_AUTH_INTROSPECTION_CLIENT_SECRET need " +
      "MCP_AUTH_INTROSPECTION_URL",
    ],
  ];
}

function wayFaults(settings: Settings, options: AuthOptions): Fault[] {
  const hasIssuers = settings.MCP_AUTH_ISSUERS.length > 0;
  const hasKeys = options.keys !== undefined || settings.MCP_AUTH_KEYS_FILE !== undefined;
  const hasTokens = hasIssuers || settings.MCP_AUTH_INTROSPECTION_URL !== undefined;
  const hasAny = hasTokens || hasKeys || options.verify !== undefined;
  const anyWay = "MCP_AUTH_ISSUERS, MCP_AUTH_INTROSPECTION_URL or MCP_AUTH_KEYS_FILE";
  return [
    [
      hasIssuers && settings.MCP_PUBLIC_URL === undefined,
      "MCP_AUTH_ISSUERS needs MCP_PUBLIC_URL: clients are told there where to get a token",
    ],
    [
      settings.MCP_AUTH_AUDIENCES.length > 0 && !hasTokens,
      "MCP_AUTH_AUDIENCES needs MCP_AUTH_ISSUERS or MCP_AUTH_INTROSPECTION_URL",
    ],
    [
      settings.MCP_AUTH_ROLES_CLAIM !== undefined && !hasTokens,
      "MCP_AUTH_ROLES_CLAIM needs MCP_AUTH_ISSUERS or MCP_AUTH_INTROSPECTION_URL",
    ],
    [settings.MCP_AUTH_SCOPES.length > 0 && !hasAny, `MCP_AUTH_SCOPES needs ${anyWay}`],
    [
      settings.MCP_AUTH_OFFERED_SCOPES.length > 0 && !hasAny,
      `MCP_AUTH_OFFERED_SCOPES needs ${anyWay}`,
    ],
    [
      settings.MCP_AUTH_KEY_HEADER !== undefined && !hasKeys && options.verify === undefined,
      "MCP_AUTH_KEY_HEADER needs MCP_AUTH_KEYS_FILE",
    ],
    [
      settings.MCP_AUTH_MIRROR_METADATA && !hasIssuers,
      "MCP_AUTH_MIRROR_METADATA needs MCP_AUTH_ISSUERS",
    ],
    [
      settings.MCP_AUTH_KEYS_FILE !== undefined && options.keys === undefined,
      "MCP_AUTH_KEYS_FILE is read by main.ts; give createApp({ auth: { keys } }) its keys",
    ],
  ];
}

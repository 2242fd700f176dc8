/**
 * The server as a function from request to response. It uses no sockets and no runtime, so tests
 * call it directly.
 *
 * @module
 */
import type { AuthSurroundings, CreateAuth } from "../auth/create_auth.ts";
import { lazy } from "../base/promises.ts";
import { isLoopback } from "../base/urls.ts";
import { publicSettings, settingsWith } from "../base/settings.ts";
import type { Settings } from "../base/settings_type.ts";
import { TimerWheel } from "../base/timer_wheel.ts";
import { errorMasking, isReachable } from "../mcp/error_masking.ts";
import type { RequestScope } from "../mcp/scope.ts";
import { Catalog } from "../registry/catalog.ts";
import type { Lifespan } from "../registry/lifespan.ts";
import { middlewareOf } from "../registry/grouped.ts";
import { type Middleware, namedBy, requireMiddleware } from "../registry/middleware.ts";
import { OpenStreams } from "../stream/open_streams.ts";
import { StreamRegistry } from "../stream/stream_registry.ts";
import {
  type Core,
  type Dialect,
  endpointUrls,
  headersOf,
  MAIN_PATH,
  sessionStreamNames,
  streamNames,
} from "../transport/dialect.ts";
import { DIALECTS } from "../transport/dialects.ts";
import { type Peer, requirePeer, requireRequest } from "../transport/peer.ts";
import type { Implementation } from "../wire/mcp_types.ts";
import { lifeOf } from "./app_life.ts";
import type { App, AppOptions } from "./app_types.ts";
import { afterStart, AppLifespan } from "./lifespan.ts";
import { bodyLimits, registryLimits } from "./limits.ts";
import { AuditLog } from "./metrics/audit_log.ts";
import { Instrumentation } from "./metrics/instrumentation.ts";
import { PendingResponses } from "./pending_responses.ts";
import { Refusals } from "./refusals.ts";
import type { RouteLoader } from "./route.ts";
import { handleRequest, type Router } from "./router.ts";
import { createRoutes } from "./routes/table.ts";
import { authenticateBy, authenticateByOwn } from "./steps/authenticate.ts";
import { ScopeCheck } from "./steps/scope_check.ts";
import { TrustedProxies } from "./steps/client_address.ts";
import { Cors } from "./steps/cors.ts";
import { Guard } from "./steps/guard.ts";
import { operatorTokens } from "./steps/operator.ts";
import { type Endpoints, Transports } from "../transport/endpoints/transports.ts";
import { VERSION } from "./version.ts";

export type { App, AppActivity, AppOptions } from "./app_types.ts";

/** The peer of a request without a known socket. It is not this machine. */
const UNKNOWN_PEER: Peer = { address: "unknown" };

/** An app and its internal parts. */
export interface ComposedApp {
  readonly app: App;
  readonly registry: StreamRegistry;
  readonly wheel: TimerWheel;
}

/**
 * Composes an app.
 *
 * @param createAuth makes its authorization; undefined for an app without, so that it need not be
 *   loaded
 * @throws {RegistrationError} when two tools share a name, or for what cannot be served
 * @throws {ConfigError} if the authorization settings are incomplete
 */
export function composeApp<Start = unknown>(
  options: AppOptions<Start>,
  createAuth: CreateAuth | undefined,
): ComposedApp {
  const settings = settingsWith(options.settings);
  const resident = residentOf(options.resident, settings);
  const { heap, use, store, dialects = DIALECTS, servers, pages = pagesBy(settings) } = options;
  const endpoints = endpointsOf(options, settings);
  const endAll = (principal: string) => endAllOf(principal, { streams, transports, fleet });
  const auth = createAuth?.(settings, options.auth ?? {}, authSurroundings(endpoints, endAll));
  const wheel = new TimerWheel(options.wheel);
  const audit = settings.MCP_AUDIT ? new AuditLog(() => wheel.now()) : undefined;
  const watch = watchOver(options, { dialects, wheel, endpoints, audit });
  const { emit, recent, metrics } = watch;
  const fleet = options.fleet?.(wheel, emit);
  const told = { heap, resident, emit, instance: fleet?.me };
  const streams = new StreamRegistry(registryLimits(settings), wheel, told);
  const core: Core = { wheel, emit, streams, fleet };
  const accessTo = (catalog: Catalog) => new ScopeCheck(catalog, auth, audit);
  const lifespan = new AppLifespan(options as Lifespan, fleet, namesCheck(use ?? [], endpoints));
  const authenticate = options.authenticate === undefined
    ? authenticateBy(auth)
    : authenticateByOwn(options.authenticate);
  const masksErrors = maskingBy(settings, authenticate !== undefined);
  const shared = { use, lifespan, dialects, masksErrors };
  const transports = new Transports(endpoints, { core, settings, shared, store, accessTo });
  watch.addGauges({ ...transports, streams, heap, resident, settings, servers, fleet });
  const isOpen = authenticate === undefined && !isLoopback(settings.HOST);
  const requests = { pending: new PendingResponses(), bodies: bodyLimits(settings, core) };
  const tokens = operatorTokens(settings, auth);
  const operator = { ...core, recent, metrics, heap, servers, settings, auth, tokens, isOpen };
  const router: Router = {
    ...createRoutes(dialects, transports, operator, pages),
    ...stepsOf(settings, dialects),
    authenticate,
    credentials: streams.credentials,
    lazyRoutes: pages,
    refusals: new Refusals(emit, () => wheel.now()),
    ...requests,
  };
  const app: App = {
    fetch: watch.traced(afterStart(lifespan, fetchThrough(router, settings))),
    catalog: endpoints[0].catalog,
    connections: new OpenStreams(streams),
    settings: publicSettings(settings),
    isOpen,
    operatorToken: tokens.isMade ? tokens.admin : undefined,
    observer: watch.runtimeObserver,
    ...lifeOf({ settings, core, transports, lifespan, ...requests, watch }),
  };
  return { app, registry: streams, wheel };
}

/** Ends all streams and sessions of a caller whose credential was withdrawn, at all instances. */
function endAllOf(
  principal: string,
  { streams, transports, fleet }: Pick<Core, "streams" | "fleet"> & {
    readonly transports: Transports;
  },
): void {
  streams.credentials.end(principal, "auth_expired");
  transports.sessions.endOf(principal);
  fleet?.broadcast("endPrincipal", { principal, reason: "auth_expired" });
}

/** The endpoints of an app: the one at `/mcp` with the features of its options, then the others. */
function endpointsOf<Start>(options: AppOptions<Start>, settings: Settings): Endpoints {
  requireMiddleware(options.use ?? [], "the app");
  const { info = infoOf(settings), sessionMethods, modernMethods, endpoints = [] } = options;
  const instructions = options.instructions ?? settings.MCP_SERVER_INSTRUCTIONS;
  const catalog = new Catalog(options);
  const methods = { sessionMethods, modernMethods };
  return [{ path: MAIN_PATH, info, instructions, catalog, ...methods }, ...endpoints];
}

/**
 * Checks the names of tools in middleware: at the start, because tools may be added until then.
 *
 * @returns undefined if no middleware names tools, so that requests need not wait for a start
 */
function namesCheck(
  use: readonly Middleware[],
  endpoints: Endpoints,
): (() => Promise<void>) | undefined {
  const catalogs = endpoints.map(({ catalog }) => catalog);
  const grouped = catalogs.flatMap((catalog) => catalog.all().flatMap(middlewareOf));
  if ([...use, ...grouped].every((one) => namedBy(one) === undefined)) return undefined;
  return async () =>
    (await import("../registry/unknown_tools.ts")).warnOfUnknownTools(use, catalogs);
}

/** Hides unexpected errors if other machines can call. */
function maskingBy(settings: Settings, asksWhoIsThere: boolean): (scope: RequestScope) => boolean {
  return errorMasking(settings.MCP_MASK_ERRORS, asksWhoIsThere || isReachable(settings));
}

/** Resident memory, with the limit that the settings give. */
function residentOf(
  resident: AppOptions["resident"],
  { MCP_MEMORY_BYTES: limit }: Settings,
): AppOptions["resident"] | undefined {
  return resident === undefined || limit === undefined
    ? resident
    : () => ({ used: resident().used, limit });
}

/** The steps of a request that the settings alone decide. */
function stepsOf(
  settings: Settings,
  dialects: readonly Dialect[],
): Pick<Router, "guard" | "cors" | "toolHeaders"> {
  const { MCP_AUTH_KEY_HEADER: keyHeader, MCP_TOOL_HEADERS: toolHeaders } = settings;
  const { request, response } = headersOf(dialects);
  const own = keyHeader === undefined ? toolHeaders : [keyHeader, ...toolHeaders];
  return {
    guard: new Guard(settings),
    cors: new Cors({ request: [...request, ...own], response }),
    toolHeaders: toolHeaders.map((name) => name.toLowerCase()),
  };
}

/** Answers requests by a router, for the client that trusted proxies name. */
function fetchThrough(router: Router, settings: Settings): App["fetch"] {
  const proxies = new TrustedProxies(settings.MCP_TRUSTED_PROXIES, settings.MCP_FORWARDED_HEADER);
  return (request, peer = UNKNOWN_PEER) => {
    requirePeer(peer);
    try {
      return handleRequest(router, request, proxies.resolveClient(peer, request));
    } catch (error) {
      // Perf: checked only after a failure, because a real request never needs it.
      requireRequest(request);
      throw error;
    }
  };
}

/** The observers of an app: its metrics, its audit log, and a library user's observer. */
function watchOver(
  { observer, fleet }: Pick<AppOptions, "observer" | "fleet">,
  { dialects, wheel, endpoints, audit }: {
    readonly dialects: readonly Dialect[];
    readonly wheel: TimerWheel;
    readonly endpoints: Endpoints;
    readonly audit: AuditLog | undefined;
  },
): Instrumentation {
  return new Instrumentation({
    streams: streamNames(dialects),
    sessionStreams: sessionStreamNames(dialects),
    clock: () => wheel.now(),
    hasTool: (name) => endpoints.some(({ catalog: { tools } }) => tools.get(name) !== undefined),
    isShared: fleet !== undefined,
    observer,
    audit,
  });
}

/**
 * The parts of an app that authorization uses.
 *
 * @param onRemoved called with a principal when its last credential was removed
 */
function authSurroundings(
  endpoints: Endpoints,
  onRemoved: (principal: string) => void,
): AuthSurroundings {
  const [{ info }] = endpoints;
  return {
    endpoints: endpoints.flatMap(({ path }) => endpointUrls(path)).map(({ path }) => path),
    name: info.title ?? info.name,
    now: Date.now,
    onRemoved,
  };
}

/** Loads the pages and the files that they need. */
function pagesBy(settings: Settings): RouteLoader {
  return lazy(async () => (await import("./routes/pages.ts")).pageRoutes(settings));
}

/** How the server names itself by its settings. */
function infoOf(settings: Settings): Implementation {
  const name = settings.MCP_SERVER_NAME;
  const title = settings.MCP_SERVER_TITLE ?? (name === "lifeline" ? "Lifeline" : undefined);
  const version = settings.MCP_SERVER_VERSION ?? VERSION;
  return { name, ...(title !== undefined && { title }), version };
}

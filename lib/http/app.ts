/**
 * The server as a function from request to response. It knows no sockets and no runtime, so a test
 * calls it as a server would.
 *
 * @module
 */
import { type AuthOptions, createAuth } from "../auth/create_auth.ts";
import type { Observer, RuntimeObserver } from "../base/observer.ts";
import { isLoopback } from "../base/loopback.ts";
import type { MaybePromise } from "../base/promises.ts";
import { type Settings, settingsWith } from "../base/settings.ts";
import { TimerWheel, type TimerWheelOptions } from "../base/timer_wheel.ts";
import { Catalog } from "../registry/catalog.ts";
import type { Features } from "../registry/group.ts";
import type { Lifespan } from "../registry/lifespan.ts";
import type { Middleware } from "../registry/middleware.ts";
import type { EventStore } from "../store/event_store.ts";
import type { HeapFigures } from "../stream/admit/heap_gauge.ts";
import { StreamRegistry } from "../stream/stream_registry.ts";
import { createTransport } from "../transport/create_transport.ts";
import {
  type Core,
  type Dialect,
  ENDPOINT_URLS,
  headersOf,
  sessionStreamNames,
  streamNames,
} from "../transport/dialect.ts";
import { DIALECTS } from "../transport/dialects.ts";
import type { Peer } from "../transport/peer.ts";
import type { Pipe } from "../transport/stdio/connection.ts";
import type { Implementation } from "../wire/mcp_types.ts";
import { afterStart, AppLifespan } from "./lifespan.ts";
import { bodyLimits, registryLimits } from "./limits.ts";
import { drain, type DrainOutcome } from "./drain.ts";
import { AuditLog } from "./metrics/audit_log.ts";
import { Instrumentation } from "./metrics/instrumentation.ts";
import { PendingResponses } from "./pending_responses.ts";
import { Refusals } from "./refusals.ts";
import type { RouteLoader } from "./route.ts";
import { handleRequest, type Router } from "./router.ts";
import { createRoutes } from "./routes/table.ts";
import { type Authenticate, authenticateBy } from "./steps/authenticate.ts";
import { ScopeCheck } from "./steps/scope_check.ts";
import { TrustedProxies } from "./steps/client_address.ts";
import { Guard } from "./steps/guard.ts";
import { VERSION } from "./version.ts";

/** What an app is made of; everything has a default. */
export interface AppOptions<Start = unknown> extends Features<NoInfer<Start>>, Lifespan<Start> {
  /** How the server names itself to clients. */
  readonly info?: Implementation;
  /** For the model: how to use this server. */
  readonly instructions?: string;
  /** Middleware around every request but `ping`; the first is the outermost. */
  readonly use?: readonly Middleware[] | undefined;
  readonly settings?: Partial<Settings>;
  /** Figures of the JavaScript heap, where the runtime tells them. */
  readonly heap?: () => HeapFigures;
  readonly wheel?: TimerWheelOptions;
  /** Keeps events for clients that come back to a stream; default: the memory of this process. */
  readonly store?: EventStore | undefined;
  /** The dialects of the endpoint, in the order in which they are asked; default: all. */
  readonly dialects?: readonly Dialect[] | undefined;
  /** Told what happens, as the metrics are; what it throws is logged and harms nobody. */
  readonly observer?: Partial<Observer>;
  /** Ways to know a caller that only code can give, beside those of the settings `MCP_AUTH_…`. */
  readonly auth?: AuthOptions | undefined;
  /** Finds out who sends a request, in place of `auth` and its settings. */
  readonly authenticate?: Authenticate | undefined;
  /** Loads the pages, by path, when somebody asks for one; default: those of Lifeline. */
  readonly pages?: RouteLoader | undefined;
}

/** What an app holds at one moment. */
export interface AppActivity {
  /** Open streams. */
  readonly streams: number;
  /** Sessions of the 2025 revisions. */
  readonly sessions: number;
  /** Requests without a response, and calls that run. */
  readonly requests: number;
  /** Bytes that nobody has read yet, those of ended streams included. */
  readonly unreadBytes: number;
  /** Deadlines that wait, besides those of sessions. */
  readonly timers: number;
}

/** A running app. */
export interface App {
  /** Answers one request. Never rejects. */
  fetch(request: Request, peer?: Peer): MaybePromise<Response>;
  readonly catalog: Catalog;
  readonly connections: StreamRegistry;
  /** Whether it listens beyond this machine (`HOST`) and lets everybody in. */
  readonly isOpen: boolean;
  /** Takes reports that only the runtime can make, such as how late its event loop is. */
  readonly observer: RuntimeObserver;
  /**
   * Runs `onStart`, unless it has run. Without this the first request does.
   *
   * @throws {ConfigError} saying why the app cannot start
   */
  start(): Promise<void>;
  /**
   * Refuses new work and ends all streams, the busy ones when their calls are done; then runs
   * `onStop`.
   *
   * @param budgetMs time for running calls (`MCP_DRAIN_MS`); what still runs then is answered with an error
   */
  drain(budgetMs?: number): Promise<DrainOutcome>;
  /** Speaks with one client over a pipe, as stdio is, until either end closes. */
  speak(pipe: Pipe): Promise<void>;
  /** What it holds now, for tests: all is 0 when its clients have gone. */
  activity(): AppActivity;
  /** Ends everything at once and stops all timers. */
  stop(): void;
}

/** Time for `onStop` that is granted in any case (ms). */
const MIN_STOP_MS = 1_000;
const UNKNOWN_PEER: Peer = { address: "127.0.0.1" };

/**
 * Makes an app.
 *
 * @throws {RegistrationError} when two tools share a name
 * @throws {ConfigError} when authorization is set up by half
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as z from "zod";
 * import { createApp, defineTool } from "../mod.ts";
 *
 * const app = createApp({
 *   tools: [defineTool({
 *     name: "greet",
 *     description: "Greets somebody",
 *     input: z.object({ name: z.string() }),
 *     run: ({ name }) => `Hello ${name}`,
 *   })],
 * });
 * const response = await app.fetch(
 *   new Request("http://localhost/mcp", {
 *     method: "POST",
 *     headers: { "content-type": "application/json" },
 *     body: JSON.stringify({
 *       jsonrpc: "2.0",
 *       id: 1,
 *       method: "tools/call",
 *       params: { name: "greet", arguments: { name: "Ada" } },
 *     }),
 *   }),
 * );
 * const { result } = await response.json();
 * assertEquals(result.content, [{ type: "text", text: "Hello Ada" }]);
 * app.stop();
 * ```
 */
export function createApp<Start = unknown>(options: AppOptions<Start> = {}): App {
  const settings = settingsWith(options.settings);
  const { heap, pages = loadPages, dialects = DIALECTS } = options;
  const info = options.info ?? infoOf(settings);
  const auth = createAuth(settings, options.auth ?? {}, {
    endpoints: ENDPOINT_URLS.map(({ path }) => path),
    name: info.title ?? info.name,
    now: Date.now,
    onRemoved: (principal) => {
      connections.credentials.end(principal, "auth_expired");
      transport.sessions.endOf(principal);
    },
  });
  const wheel = new TimerWheel(options.wheel);
  const catalog = new Catalog(options);
  const audit = settings.MCP_AUDIT ? new AuditLog(() => wheel.now()) : undefined;
  const watch = new Instrumentation({
    streams: streamNames(dialects),
    sessionStreams: sessionStreamNames(dialects),
    clock: () => wheel.now(),
    hasTool: (name) => catalog.tools.get(name) !== undefined,
    observer: options.observer,
    audit,
  });
  const { emit, recent, figures } = watch;
  const connections = new StreamRegistry(registryLimits(settings), wheel, { heap, emit });
  const core: Core = { wheel, emit, connections };
  const { use } = options;
  const instructions = options.instructions ?? settings.MCP_SERVER_INSTRUCTIONS;
  const lifespan = new AppLifespan(options as Lifespan);
  const transport = createTransport(core, settings, {
    ...{ info, instructions, use, lifespan, catalog, dialects, store: options.store },
    access: new ScopeCheck(catalog, auth, audit),
  });
  watch.addGauges({ ...transport, connections, heap, settings });
  const authenticate = options.authenticate ?? authenticateBy(auth);
  const isOpen = authenticate === undefined && !isLoopback(settings.HOST);
  const pending = new PendingResponses();
  const bodies = bodyLimits(settings, core);
  const router: Router = {
    ...createRoutes(
      dialects,
      transport,
      { connections, recent, figures, heap, settings, auth, isOpen },
      pages,
    ),
    guard: new Guard(settings, headersOf(dialects)),
    authenticate,
    credentials: connections.credentials,
    lazyRoutes: pages,
    toolHeaders: settings.MCP_TOOL_HEADERS.map((name) => name.toLowerCase()),
    bodies,
    refusals: new Refusals(emit, () => wheel.now()),
    pending,
  };
  const proxies = new TrustedProxies(
    settings.MCP_TRUSTED_PROXIES,
    settings.MCP_FORWARDED_HEADER,
  );
  return {
    fetch: watch.traced(
      afterStart(
        lifespan,
        (request, peer = UNKNOWN_PEER) =>
          handleRequest(router, request, proxies.resolveClient(peer, request)),
      ),
    ),
    catalog,
    connections,
    isOpen,
    observer: watch.runtimeObserver,
    start: () => lifespan.start(),
    drain: async (budgetMs = settings.MCP_DRAIN_MS) => {
      const until = wheel.now() + budgetMs;
      const outcome = await drain({ server: transport.server, connections, pending }, budgetMs);
      await lifespan.stop(Math.max(until - wheel.now(), MIN_STOP_MS));
      return outcome;
    },
    speak: async (pipe) => {
      await lifespan.start();
      await transport.serveStdio(pipe);
    },
    activity: () => {
      const sessions = transport.sessions.size;
      const { queuedBytes: unreadBytes } = connections.ledger();
      // A session waits to be idle; what watches bodies and ended streams stops with its next look.
      const known = sessions + connections.tailDrains.size +
        (bodies.deadlines.isScheduled ? 1 : 0);
      return {
        streams: connections.size,
        sessions,
        requests: pending.size + transport.server.running,
        unreadBytes,
        timers: Math.max(0, wheel.size - known),
      };
    },
    stop: () => {
      void lifespan.stop(MIN_STOP_MS);
      transport.stop();
      connections.stop();
      watch.stop();
    },
  };
}

/** The pages, loaded with the first request for one: they are some sixty files. */
async function loadPages(): ReturnType<RouteLoader> {
  const { PAGE_ROUTES } = await import("./routes/pages.ts");
  return PAGE_ROUTES;
}

/** How the server names itself by its settings. */
function infoOf(settings: Settings): Implementation {
  const name = settings.MCP_SERVER_NAME;
  const title = settings.MCP_SERVER_TITLE ?? (name === "lifeline" ? "Lifeline" : undefined);
  const version = settings.MCP_SERVER_VERSION ?? VERSION;
  return { name, ...(title !== undefined && { title }), version };
}

/**
 * The server as a function from request to response. It knows no sockets and no runtime, so a test
 * calls it as a server would.
 *
 * @module
 */
import type { Observer } from "../base/observer.ts";
import type { MaybePromise } from "../base/promises.ts";
import { Signer } from "../base/signer.ts";
import { type Settings, settingsWith } from "../base/settings.ts";
import { TimerWheel, type TimerWheelOptions } from "../base/timer_wheel.ts";
import { ChangeBus } from "../mcp/changes/change_bus.ts";
import { createServer } from "../mcp/create_server.ts";
import { Catalog, type Features } from "../registry/catalog.ts";
import { MemoryEventStore } from "../store/event_store.ts";
import type { HeapFigures } from "../stream/admit/admission.ts";
import { StreamRegistry } from "../stream/stream_registry.ts";
import { BodyDeadlines, type BodyLimits } from "../transport/body.ts";
import { type EndpointDeps, handleDelete, handleGet, handlePost } from "../transport/endpoint.ts";
import type { Peer } from "../transport/peer.ts";
import type { Pipe } from "../transport/stdio/connection.ts";
import { SessionTable } from "../transport/streamable/session_table.ts";
import type { Implementation } from "../wire/mcp_types.ts";
import { adminRoutes, noStoreJson } from "./routes/operator.ts";
import { TrustedProxies } from "./steps/client_address.ts";
import { Guard } from "./steps/guard.ts";
import { registryLimits } from "./limits.ts";
import { answer, type Route } from "./router.ts";
import { serverInfo } from "./routes/info.ts";
import { PendingResponses } from "./pending_responses.ts";
import { VERSION } from "./version.ts";
import { Instrumentation } from "./metrics/instrumentation.ts";

/** What an app is made of; everything has a default. */
export interface AppOptions extends Features {
  /** How the server names itself to clients. */
  readonly info?: Implementation;
  /** For the model: how to use this server. */
  readonly instructions?: string;
  readonly settings?: Partial<Settings>;
  /** Figures of the JavaScript heap, where the runtime tells them. */
  readonly heap?: () => HeapFigures;
  readonly wheel?: TimerWheelOptions;
  /** Told what happens, as the metrics are; what it throws is logged and harms nobody. */
  readonly observer?: Partial<Observer>;
}

/** What became of open streams and requests when an app was drained. */
export interface DrainOutcome {
  /** Streams that ended in time. */
  readonly drained: number;
  /** Streams that were cut. */
  readonly cut: number;
  /** Requests without a stream that got no answer. */
  readonly unanswered: number;
}

/** A running app. */
export interface App {
  /** Answers one request. Never rejects. */
  fetch(request: Request, peer?: Peer): MaybePromise<Response>;
  readonly catalog: Catalog;
  readonly connections: StreamRegistry;
  /** Takes what only the runtime can tell: the delay of its event loop, errors nobody caught. */
  readonly observer: Observer;
  /**
   * Refuses new work and ends all streams, the busy ones when their calls are done.
   *
   * @param budgetMs time for running calls (`MCP_DRAIN_MS`); what still runs then is cut
   */
  drain(budgetMs?: number): Promise<DrainOutcome>;
  /** Speaks with one client over a pipe, as stdio is, until either end closes. */
  speak(pipe: Pipe): Promise<void>;
  /** Ends everything at once and stops all timers. */
  stop(): void;
}

/** The URL that speaks the plain dialect, beside all others. */
const PLAIN_PATH = "/mcp/sse";
const UNKNOWN_PEER: Peer = { address: "127.0.0.1" };

/**
 * Makes an app.
 *
 * @throws {RegistrationError} when two tools share a name
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
export function createApp(options: AppOptions = {}): App {
  const settings = settingsWith(options.settings);
  const wheel = new TimerWheel(options.wheel);
  const catalog = new Catalog(options);
  const watch = new Instrumentation({
    clock: () => wheel.now(),
    hasTool: (name) => catalog.tools.get(name) !== undefined,
    observer: options.observer,
  });
  const { observer } = watch;
  const limits = registryLimits(settings);
  const connections = new StreamRegistry(limits, wheel, { heap: options.heap, observer });
  const endpoint = createEndpoint({ options, settings, wheel, catalog, connections, observer });
  const { server, sessions, store } = endpoint;
  watch.addGauges({
    connections,
    sessions,
    server,
    replay: () => store.figures(),
    heap: options.heap,
    limits: { ...limits, maxSessions: settings.MCP_MAX_SESSIONS },
  });
  const guard = new Guard({
    allowedHosts: settings.MCP_ALLOWED_HOSTS,
    allowedOrigins: settings.MCP_ALLOWED_ORIGINS,
  });
  const unanswered = new PendingResponses();
  const proxies = new TrustedProxies(settings.MCP_TRUSTED_PROXIES);
  const routes = new Map<string, Route>([
    ["/mcp", endpointRoute({ ...endpoint, isPlainUrl: false })],
    [PLAIN_PATH, endpointRoute({ ...endpoint, isPlainUrl: true })],
    ["/mcp/stdio", { GET: () => Response.json(serverInfo(server.profile)) }],
    ...adminRoutes({
      connections,
      recent: watch.recent,
      figures: watch.figures,
      heap: options.heap,
      token: settings.MCP_ADMIN_TOKEN,
      isMetricsPublic: settings.MCP_METRICS_PUBLIC,
    }),
    ["/healthz", { GET: () => noStoreJson({ status: "ok" }) }],
    ["/readyz", { GET: () => readiness(connections) }],
  ]);
  const router = {
    routes,
    lazyRoutes: pageRoutes,
    guard,
    bodies: bodyLimits(settings, wheel),
    observer,
    unanswered,
  };
  return {
    fetch: watch.traced((request, peer = UNKNOWN_PEER) =>
      answer(router, request, proxies.resolveClient(peer, request))
    ),
    catalog,
    connections,
    observer,
    drain: async (budgetMs = settings.MCP_DRAIN_MS) => {
      const [streams, left] = await Promise.all([
        connections.drain(budgetMs),
        unanswered.drained(budgetMs),
      ]);
      return { ...streams, unanswered: left };
    },
    speak: async (pipe) => {
      const { serveStdio } = await import("../transport/stdio/connection.ts");
      await serveStdio({
        ...endpoint,
        maxLineBytes: settings.MCP_MAX_BODY_BYTES,
        maxQueued: settings.MCP_MAX_QUEUED_BYTES,
      }, pipe);
    },
    stop: () => {
      sessions.stop();
      connections.stop();
      watch.stop();
    },
  };
}

/** What the endpoint is made of. */
interface EndpointParts {
  readonly options: AppOptions;
  readonly settings: Settings;
  readonly wheel: TimerWheel;
  readonly catalog: Catalog;
  readonly connections: StreamRegistry;
  readonly observer: Observer;
}

/** What the endpoint works with at each of its URLs; its store tells what it holds. */
interface Endpoint extends Omit<EndpointDeps, "isPlainUrl"> {
  readonly store: MemoryEventStore;
}

function createEndpoint({ options, settings, ...parts }: EndpointParts): Endpoint {
  const { wheel, catalog, observer } = parts;
  const info = options.info ?? { name: "lifeline", title: "Lifeline", version: VERSION };
  const requestTimeoutMs = settings.MCP_REQUEST_TIMEOUT_MS;
  const seal = new Signer(settings.MCP_SESSION_KEY);
  const changes = new ChangeBus(catalog);
  const store = new MemoryEventStore({
    maxEvents: settings.MCP_REPLAY_EVENTS,
    maxStreamBytes: settings.MCP_REPLAY_BYTES,
    maxTotalBytes: settings.MCP_REPLAY_TOTAL_BYTES,
    maxAgeMs: settings.MCP_REPLAY_MS,
  }, () => wheel.now());
  return {
    ...parts,
    info,
    changes,
    store,
    requestTimeoutMs,
    server: createServer({
      info,
      ...(options.instructions !== undefined && { instructions: options.instructions }),
      catalog,
      seal,
      pageSize: settings.MCP_PAGE_SIZE,
      wheel,
      requestTimeoutMs,
      maxInFlight: settings.MCP_MAX_REQUESTS_PER_CONNECTION,
      observer,
    }),
    sessions: new SessionTable({
      seal,
      store,
      changes,
      wheel,
      requestTimeoutMs,
      idleMs: settings.MCP_SESSION_IDLE_MS,
      maxAgeMs: settings.MCP_SESSION_MAX_MS,
      maxSessions: settings.MCP_MAX_SESSIONS,
      observer,
    }),
  };
}

function endpointRoute(deps: EndpointDeps): Route {
  return {
    GET: (from) => handleGet(deps, from),
    POST: (from, body) => handlePost(deps, from, body),
    DELETE: (from) => handleDelete(deps, from),
  };
}

function bodyLimits(settings: Settings, wheel: TimerWheel): BodyLimits {
  return {
    maxBodyBytes: settings.MCP_MAX_BODY_BYTES,
    deadlines: new BodyDeadlines(settings.MCP_BODY_TIMEOUT_MS, wheel),
  };
}

/** The pages, which are 60 files with what they need. */
async function pageRoutes(): Promise<ReadonlyMap<string, Route>> {
  const { PAGE_ROUTES } = await import("./routes/pages.ts");
  return PAGE_ROUTES;
}

function readiness(connections: StreamRegistry): Response {
  return connections.draining
    ? noStoreJson({ status: "draining" }, 503)
    : noStoreJson({ status: "ready" });
}

/**
 * The options of an app, and the app itself.
 *
 * @module
 */
import type { AuthOptions } from "../auth/create_auth.ts";
import { wordsFor } from "../base/members.ts";
import type { Emit, Observer, RuntimeObserver } from "../base/observer.ts";
import type { MaybePromise } from "../base/promises.ts";
import type { ServersBehind } from "../base/server_report.ts";
import type { PublicSettings, Settings } from "../base/settings_type.ts";
import type { TimerWheel, TimerWheelOptions } from "../base/timer_wheel.ts";
import type { Fleet } from "../fleet/fleet.ts";
import type { Catalog } from "../registry/catalog.ts";
import type { Features } from "../registry/group.ts";
import type { Lifespan } from "../registry/lifespan.ts";
import type { ModernMethods, SessionMethods } from "../mcp/methods/table.ts";
import type { Instructions } from "../mcp/server_context.ts";
import type { Middleware } from "../registry/middleware.ts";
import type { EventStore } from "../store/event_store.ts";
import type { MemoryFigures } from "../stream/admit/memory_gauge.ts";
import type { OpenStreams } from "../stream/open_streams.ts";
import type { Dialect } from "../transport/dialect.ts";
import type { EndpointOptions } from "../transport/endpoints/transports.ts";
import type { Peer } from "../transport/peer.ts";
import type { Pipe } from "../transport/stdio/connection.ts";
import type { Implementation } from "../wire/mcp_types.ts";
import type { DrainOutcome } from "./drain.ts";
import type { RouteLoader } from "./route.ts";
import type { Authenticate } from "./steps/authenticate.ts";

/** Options of an app; each has a default. */
export interface AppOptions<Start = unknown> extends Features<NoInfer<Start>>, Lifespan<Start> {
  /** How the server names itself to clients. */
  readonly info?: Implementation;
  /** For the model: how to use this server. */
  readonly instructions?: Instructions;
  /** Middleware around every request but `ping`; the first is the outermost. */
  readonly use?: readonly Middleware[] | undefined;
  /** Makes the methods of a session from the shared ones; used by the gateway. */
  readonly sessionMethods?: SessionMethods | undefined;
  /** Makes the methods of 2026-07-28 from the shared ones; used by the gateway. */
  readonly modernMethods?: ModernMethods | undefined;
  /** The servers behind this one, where it is a gateway. */
  readonly servers?: ServersBehind | undefined;
  /** Endpoints beside `/mcp`, each with its own features. */
  readonly endpoints?: readonly EndpointOptions[] | undefined;
  readonly settings?: Partial<Settings>;
  /** Figures of the JavaScript heap, where the runtime tells them. */
  readonly heap?: () => MemoryFigures;
  /** Figures of the process's resident memory, where the runtime tells them. */
  readonly resident?: () => MemoryFigures;
  readonly wheel?: TimerWheelOptions;
  /** Keeps events for clients that come back to a stream; default: the memory of this process. */
  readonly store?: EventStore | undefined;
  /**
   * Makes this app one instance among others that share a store, so that any of them serves any
   * request; `openFleet()` makes it from the settings. Default: the app is alone.
   */
  readonly fleet?: ((wheel: TimerWheel, emit: Emit) => Fleet) | undefined;
  /** The dialects of the endpoint, in the order in which they are asked; default: all. */
  readonly dialects?: readonly Dialect[] | undefined;
  /** Receives the same events as the metrics; its errors are only logged. */
  readonly observer?: Partial<Observer>;
  /** Ways to know a caller that only code can give, beside those of the settings `MCP_AUTH_…`. */
  readonly auth?: AuthOptions | undefined;
  /** Finds out who sends a request, in place of `auth` and its settings. */
  readonly authenticate?: Authenticate | undefined;
  /** Loads the pages by path, at the first request for one; default: Lifeline's pages. */
  readonly pages?: RouteLoader | undefined;
}

/** Current numbers of an app's streams, requests and timers. */
export interface AppActivity {
  /** Open streams. */
  readonly streams: number;
  /** Sessions of the 2025 revisions. */
  readonly sessions: number;
  /** Requests without a response, and calls that run. */
  readonly requests: number;
  /** Handlers that go on after their calls were stopped; they ignore `ctx.signal`. */
  readonly handlers: number;
  /** Bytes that are not read yet, including those of ended streams. */
  readonly unreadBytes: number;
  /** Deadlines that wait, besides those of sessions. */
  readonly timers: number;
}

/** A running app. */
export interface App {
  /**
   * Answers one request. Every error of the request itself is answered, too.
   *
   * @param peer the client, as `{ address: "10.0.0.1" }`, for limits that count by address; without
   *   it all clients count as one
   * @throws {TypeError} for a request or a peer of another form
   */
  fetch(request: Request, peer?: Peer): MaybePromise<Response>;
  readonly catalog: Catalog;
  readonly connections: OpenStreams;
  /** The settings in force, without the secrets. */
  readonly settings: PublicSettings;
  /** Whether it listens beyond this machine (`HOST`) without authorization. */
  readonly isOpen: boolean;
  /** Whether other instances serve the same clients (`MCP_STORE`). */
  readonly isOneOfSeveral: boolean;
  /**
   * The token for the connection view and the metrics. An app makes one if no setting names one and
   * no authorization is set up. It gives all rights of the operator, so show it only to the
   * operator, and keep it out of logs.
   */
  readonly operatorToken: string | undefined;
  /** Takes reports that only the runtime can make, such as how late its event loop is. */
  readonly observer: RuntimeObserver;
  /**
   * Runs `onStart` and joins the other instances (`fleet`), unless that is done. Without this the first
   * request does it.
   *
   * @throws {ConfigError} saying why the app cannot start
   */
  start(): Promise<void>;
  /**
   * Refuses new work and ends all streams, the busy ones when their calls are done; then runs
   * `onStop`.
   *
   * @param budgetMs time for running calls (`MCP_DRAIN_MS`); what still runs then is answered with an error
   * @throws {TypeError} for anything but a number
   */
  drain(budgetMs?: number): Promise<DrainOutcome>;
  /** Speaks with one client over a pipe, as stdio is, until either end closes. */
  speak(pipe: Pipe): Promise<void>;
  /** Its current activity, for tests: all values are 0 when its clients have left. */
  activity(): AppActivity;
  /** Ends everything at once and stops all timers. */
  stop(): void;
}

/**
 * Programs without types may pass what an app is made of, or a promise of one.
 *
 * @param owner the function that takes the app
 * @throws {TypeError} saying what to pass
 */
export function requireApp(app: unknown, owner: string): void {
  const { fetch, start } = (app ?? {}) as Partial<App>;
  if (typeof fetch === "function" && typeof start === "function") return;
  throw new TypeError(`${owner} takes an app, not ${wordsFor(app)}; pass what createApp() returns`);
}

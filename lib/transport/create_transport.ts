/**
 * Makes everything that speaks the protocol, for HTTP and for stdio.
 *
 * @module
 */
import { lazy } from "../base/promises.ts";
import type { Signer } from "../base/signer.ts";
import type { TimerWheel } from "../base/timer_wheel.ts";
import { ChangeBus } from "../mcp/changes/change_bus.ts";
import type { Instructions } from "../mcp/server_context.ts";
import type { ModernMethods, SessionMethods } from "../mcp/methods/table.ts";
import { McpServer, type McpServerOptions } from "../mcp/server.ts";
import { tracing } from "../mcp/tracing.ts";
import type { Middleware } from "../registry/middleware.ts";
import type { Catalog } from "../registry/catalog.ts";
import type { EventStore } from "../store/event_store.ts";
import { GuardedEventStore } from "../store/guarded_event_store.ts";
import { MemoryEventStore } from "../store/memory_event_store.ts";
import type { Implementation } from "../wire/mcp_types.ts";
import { Answers } from "./answers.ts";
import type { Core, Dialect, TransportSettings } from "./dialect.ts";
import { type AccessCheck, Endpoint } from "./endpoint.ts";
import type { Pipe } from "./stdio/connection.ts";
import type { OtherInstancesParts } from "./streamable/other_instances.ts";
import { SessionTable } from "./streamable/session_table.ts";

/** The server behind the transport. */
export interface TransportOptions {
  /** How the server names itself to clients. */
  readonly info: Implementation;
  /** For the model: how to use this server. */
  readonly instructions?: Instructions | undefined;
  /** Makes the methods of sessions of those that all share. */
  readonly sessionMethods?: SessionMethods | undefined;
  /** Makes the methods of 2026-07-28 of those that all share. */
  readonly modernMethods?: ModernMethods | undefined;
  /** Middleware around its requests. */
  readonly use?: readonly Middleware[] | undefined;
  /** Holds the result of the app's `onStart`. */
  readonly lifespan?: { readonly value: unknown } | undefined;
  /** The features that it serves. */
  readonly catalog: Catalog;
  /** Refuses messages that the caller may not send; without it everything is allowed. */
  readonly access?: AccessCheck | undefined;
  /** Keeps events for clients that come back, as {@linkcode createStore} makes it. */
  readonly store: EventStore;
  /** Whether to hide unexpected errors from the client of a request; default: no. */
  readonly masksErrors?: McpServerOptions["masksErrors"];
  /**
   * Seals the data that clients carry for this endpoint; data sealed by another endpoint is
   * refused.
   */
  readonly signer: Signer;
  /** Path of its endpoint. */
  readonly path: string;
  /** The dialects of its endpoint, in the order in which they are asked. */
  readonly dialects: readonly Dialect[];
}

/** All dialects of one app. */
export interface Transport {
  readonly server: McpServer;
  readonly sessions: SessionTable;
  readonly store: EventStore;
  /** Answers the requests of every dialect over HTTP. */
  readonly endpoint: Endpoint;
  /** Speaks with one client over a pipe until either end closes. */
  serveStdio(pipe: Pipe): Promise<void>;
  /** Ends the sessions at once and stops their timers. */
  stop(): void;
}

/** Memory that an event takes beside its bytes: its objects, and its own allocation (bytes). */
const EVENT_OVERHEAD = 1_024;
/** Loaded only where several instances share a store. */
const loadOthers = lazy(() => import("./streamable/other_instances.ts"));
const loadStdio = lazy(() => import("./stdio/connection.ts"));

/** Makes the transport of an app. */
export function createTransport(
  core: Core,
  settings: TransportSettings,
  options: TransportOptions,
): Transport {
  const { info, instructions, use = [], lifespan, catalog, access, dialects, masksErrors } =
    options;
  const { wheel, emit, fleet } = core;
  const { signer, store, path } = options;
  const changes = new ChangeBus(catalog);
  const server = new McpServer({
    ...{ info, use, catalog, settings, signer, wheel, emit },
    ...(instructions !== undefined && { instructions }),
    ...(lifespan !== undefined && { lifespan }),
    sessionMethods: options.sessionMethods,
    modernMethods: options.modernMethods,
    ...(masksErrors !== undefined && { masksErrors }),
    around: tracing(catalog, info.version),
    holdBody: () => core.streams.admission.bodies.hold(),
  });
  const { admission } = core.streams;
  const table = { admission, signer, store, fleet, changes, wheel, settings, emit };
  const sessions = new SessionTable(table);
  if (fleet !== undefined) joinFleet(settings, { fleet, sessions, changes, path });
  const answers = new Answers(core.streams, settings.MCP_MAX_RESULT_BYTES);
  const own = { info, catalog, changes, store, settings, server, answers, sessions, path };
  const parts = { ...core, ...own };
  const handlers = dialects.map((dialect) => dialect.create(parts));
  return {
    server,
    sessions,
    store,
    endpoint: new Endpoint(handlers, admission, access),
    serveStdio: async (pipe) => {
      const { serveStdio } = await loadStdio();
      await serveStdio({ ...parts, admission }, pipe);
    },
    stop: () => sessions.stop(),
  };
}

/** Has this instance serve the others that share its sessions, from its start on. */
function joinFleet(settings: TransportSettings, parts: OtherInstancesParts): void {
  const { sessions } = parts.fleet;
  sessions.idleMs = settings.MCP_SESSION_IDLE_MS;
  sessions.isStrict = settings.MCP_STORE_STRICT;
  parts.fleet.beforeStart(async () => (await loadOthers()).serveOtherInstances(parts));
}

/** Guards the given store, or makes one in memory. */
export function createStore(
  settings: TransportSettings,
  store: EventStore | undefined,
  wheel: TimerWheel,
): EventStore {
  if (store !== undefined) return new GuardedEventStore(store, () => wheel.now());
  return new MemoryEventStore({
    maxEvents: settings.MCP_REPLAY_EVENTS,
    maxStreamBytes: settings.MCP_REPLAY_BYTES,
    maxTotalBytes: settings.MCP_REPLAY_TOTAL_BYTES,
    eventOverhead: EVENT_OVERHEAD,
    maxAgeMs: settings.MCP_REPLAY_MS,
  }, () => wheel.now());
}

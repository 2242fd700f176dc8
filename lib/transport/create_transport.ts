/**
 * Makes everything that speaks the protocol, for HTTP and for stdio.
 *
 * @module
 */
import type { MaybePromise } from "../base/promises.ts";
import type { Observer } from "../base/observer.ts";
import type { Settings } from "../base/settings.ts";
import { Signer } from "../base/signer.ts";
import type { TimerWheel } from "../base/timer_wheel.ts";
import { ChangeBus } from "../mcp/changes/change_bus.ts";
import { createServer } from "../mcp/create_server.ts";
import type { McpServer } from "../mcp/server.ts";
import type { Catalog } from "../registry/catalog.ts";
import { MemoryEventStore } from "../store/event_store.ts";
import type { StreamRegistry } from "../stream/stream_registry.ts";
import type { Implementation } from "../wire/mcp_types.ts";
import { type EndpointDeps, handleDelete, handleGet, handlePost } from "./endpoint.ts";
import { createHttpSseSessions } from "./http_sse/dialect.ts";
import type { RequestContext } from "./incoming.ts";
import { createPlainSessions } from "./plain/dialect.ts";
import type { Pipe } from "./stdio/connection.ts";
import { SessionTable } from "./streamable/session_table.ts";

/** What every part of an app shares: the clock, the observer, the streams and their ledger. */
export interface Core {
  readonly wheel: TimerWheel;
  readonly observer: Observer;
  readonly connections: StreamRegistry;
}

/** The server behind the transport. */
export interface TransportOptions {
  /** How the server names itself to clients. */
  readonly info: Implementation;
  /** For the model: how to use this server. */
  readonly instructions?: string | undefined;
  /** What it serves. */
  readonly catalog: Catalog;
}

/** The settings that the transport reads. */
export type TransportSettings = Pick<
  Settings,
  | "MCP_MAX_BODY_BYTES"
  | "MCP_MAX_QUEUED_BYTES"
  | "MCP_MAX_REQUESTS_PER_CONNECTION"
  | "MCP_MAX_SESSIONS"
  | "MCP_PAGE_SIZE"
  | "MCP_REPLAY_BYTES"
  | "MCP_REPLAY_EVENTS"
  | "MCP_REPLAY_MS"
  | "MCP_REPLAY_TOTAL_BYTES"
  | "MCP_REQUEST_TIMEOUT_MS"
  | "MCP_SESSION_IDLE_MS"
  | "MCP_SESSION_KEY"
  | "MCP_SESSION_MAX_MS"
>;

/** The handlers of one URL, by HTTP method. */
export interface Endpoint {
  readonly GET: (request: RequestContext) => Response;
  readonly POST: (request: RequestContext, body?: unknown) => MaybePromise<Response>;
  readonly DELETE: (request: RequestContext) => Response;
}

/** All dialects of one app. */
export interface Transport {
  readonly server: McpServer;
  readonly sessions: SessionTable;
  readonly store: MemoryEventStore;
  /**
   * The handlers of a URL.
   *
   * @param isPlainUrl whether the URL speaks the plain dialect too
   */
  endpoint(isPlainUrl: boolean): Endpoint;
  /** Speaks with one client over a pipe until either end closes. */
  serveStdio(pipe: Pipe): Promise<void>;
  /** Ends the sessions at once and stops their timers. */
  stop(): void;
}

/** Makes the transport of an app. */
export function createTransport(
  core: Core,
  settings: TransportSettings,
  { info, instructions, catalog }: TransportOptions,
): Transport {
  const { wheel, observer } = core;
  const requestTimeoutMs = settings.MCP_REQUEST_TIMEOUT_MS;
  const signer = new Signer(settings.MCP_SESSION_KEY);
  const changes = new ChangeBus(catalog);
  const store = createStore(settings, wheel);
  const server = createServer({
    info,
    ...(instructions !== undefined && { instructions }),
    catalog,
    seal: signer,
    pageSize: settings.MCP_PAGE_SIZE,
    wheel,
    requestTimeoutMs,
    maxInFlight: settings.MCP_MAX_REQUESTS_PER_CONNECTION,
    observer,
  });
  const sessions = new SessionTable({
    seal: signer,
    store,
    changes,
    wheel,
    requestTimeoutMs,
    idleMs: settings.MCP_SESSION_IDLE_MS,
    maxAgeMs: settings.MCP_SESSION_MAX_MS,
    maxSessions: settings.MCP_MAX_SESSIONS,
    observer,
  });
  const session = { ...core, server, changes, requestTimeoutMs };
  const plain = createPlainSessions(session);
  const httpSse = createHttpSseSessions(session);
  const parts = { ...session, info, catalog, store, sessions, plain, httpSse };
  return {
    server,
    sessions,
    store,
    endpoint: (isPlainUrl) => endpointHandlers({ ...parts, isPlainUrl }),
    serveStdio: async (pipe) => {
      const { serveStdio } = await import("./stdio/connection.ts");
      await serveStdio({
        ...parts,
        maxLineBytes: settings.MCP_MAX_BODY_BYTES,
        maxQueued: settings.MCP_MAX_QUEUED_BYTES,
      }, pipe);
    },
    stop: () => sessions.stop(),
  };
}

function createStore(settings: TransportSettings, wheel: TimerWheel): MemoryEventStore {
  return new MemoryEventStore({
    maxEvents: settings.MCP_REPLAY_EVENTS,
    maxStreamBytes: settings.MCP_REPLAY_BYTES,
    maxTotalBytes: settings.MCP_REPLAY_TOTAL_BYTES,
    maxAgeMs: settings.MCP_REPLAY_MS,
  }, () => wheel.now());
}

function endpointHandlers(deps: EndpointDeps): Endpoint {
  return {
    GET: (request) => handleGet(deps, request),
    POST: (request, body) => handlePost(deps, request, body),
    DELETE: (request) => handleDelete(deps, request),
  };
}

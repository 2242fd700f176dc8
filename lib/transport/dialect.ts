/**
 * A dialect: its declarations, and the handlers of its requests. The endpoint, metrics, CORS and
 * server information read a list of dialects.
 *
 * @module
 */
import type { Emit } from "../base/observer.ts";
import type { MaybePromise } from "../base/promises.ts";
import type { Settings } from "../base/settings.ts";
import type { TimerWheel } from "../base/timer_wheel.ts";
import type { Fleet } from "../fleet/fleet.ts";
import type { ChangeBus } from "../mcp/changes/change_bus.ts";
import type { McpServer } from "../mcp/server.ts";
import type { Catalog } from "../registry/catalog.ts";
import type { Visibility } from "../registry/visibility.ts";
import type { EventStore } from "../store/event_store.ts";
import type { StreamRegistry } from "../stream/stream_registry.ts";
import type { JsonRpcMessage } from "../wire/json_rpc.ts";
import type { Implementation } from "../wire/mcp_types.ts";
import type { Answers } from "./answers.ts";
import type { RequestContext } from "./request_head.ts";
import type { SessionTable } from "./streamable/session_table.ts";

/** Parts that an app shares: the clock, the observer, the streams and their ledger. */
export interface Core {
  readonly wheel: TimerWheel;
  readonly emit: Emit;
  readonly streams: StreamRegistry;
  /** The instances that share a store, where there are several. */
  readonly fleet?: Fleet | undefined;
}

/** The settings that the transport reads. */
export type TransportSettings = Pick<
  Settings,
  | "MCP_DRAIN_MS"
  | "MCP_MAX_BODY_BYTES"
  | "MCP_MAX_CONNECTIONS"
  | "MCP_MAX_CONNECTIONS_PER_CLIENT"
  | "MCP_MAX_QUEUED_BYTES"
  | "MCP_MAX_REQUESTS_PER_CONNECTION"
  | "MCP_MAX_RESULT_BYTES"
  | "MCP_MAX_SESSIONS"
  | "MCP_MAX_SESSIONS_PER_CLIENT"
  | "MCP_PAGE_SIZE"
  | "MCP_REPLAY_BYTES"
  | "MCP_REPLAY_EVENTS"
  | "MCP_REPLAY_MS"
  | "MCP_REPLAY_TOTAL_BYTES"
  | "MCP_REQUEST_TIMEOUT_MS"
  | "MCP_SESSION_IDLE_MS"
  | "MCP_SESSION_KEY"
  | "MCP_SESSION_MAX_MS"
  | "MCP_STORE_STRICT"
>;

/** Parts that all dialects share. */
export interface TransportCore extends Core {
  readonly info: Implementation;
  readonly server: McpServer;
  /** Path of the endpoint. */
  readonly path: string;
  readonly catalog: Catalog;
  readonly changes: ChangeBus;
  readonly settings: TransportSettings;
  /** Writes the responses. */
  readonly answers: Answers;
  readonly store: EventStore;
  /** The sessions of the 2025 revisions. */
  readonly sessions: SessionTable;
}

/** The URL on which a request came. */
export interface EndpointUrl {
  readonly path: string;
  /** Whether it speaks the plain dialect, beside all others. */
  readonly isPlain: boolean;
}

/** The URLs of an endpoint: its path, and below it the one that speaks the plain dialect. */
export function endpointUrls(path: string): readonly EndpointUrl[] {
  return [{ path, isPlain: false }, { path: `${path}/sse`, isPlain: true }];
}

/** The path of the endpoint that every app has. */
export const MAIN_PATH = "/mcp";

/** The URLs of the endpoint that every app has. */
export const ENDPOINT_URLS: readonly EndpointUrl[] = endpointUrls(MAIN_PATH);

/** One kind of stream that a dialect opens. */
export interface StreamKind {
  /** Its name in the ledger, in logs and in metrics; two dialects may share one. */
  readonly name: string;
  /** Whether such a stream is its client's whole session. */
  readonly isSession: boolean;
}

/** One way to use a dialect, as server information lists it. */
export interface EndpointUse {
  readonly method: "GET" | "POST" | "DELETE";
  /** Whether only the URLs of the plain dialect take it. */
  readonly isPlainOnly?: boolean;
  readonly use: string;
}

/** Headers that only this dialect reads and writes; CORS allows them. */
export interface DialectHeaders {
  readonly request: readonly string[];
  readonly response: readonly string[];
}

/**
 * The handlers of a dialect. Each method returns undefined for a request of another dialect. A
 * dialect leaves out methods that it never answers.
 */
export interface DialectHandlers {
  /** A POST with one message. */
  post?(
    c: RequestContext,
    message: JsonRpcMessage,
    url: EndpointUrl,
  ): MaybePromise<Response> | undefined;
  /** Answers a POST with an empty body. */
  postEmpty?(c: RequestContext, url: EndpointUrl): Response | undefined;
  /** Answers a POST with a batch. */
  postBatch?(
    c: RequestContext,
    values: readonly unknown[],
    url: EndpointUrl,
  ): MaybePromise<Response> | undefined;
  /** A GET of a client that takes event streams. */
  get?(c: RequestContext, url: EndpointUrl): MaybePromise<Response> | undefined;
  /** Answers a HEAD like a GET, without a body; opens no stream. */
  head?(c: RequestContext, url: EndpointUrl): Response | undefined;
  delete?(c: RequestContext, url: EndpointUrl): MaybePromise<Response> | undefined;
  /**
   * The features that the session of a request sees, if it is in memory and the caller may use it.
   */
  visibilityOf?(c: RequestContext, url: EndpointUrl): Visibility | undefined;
}

/** A dialect of the endpoint. */
export interface Dialect {
  readonly name: string;
  /** The kinds of streams that it opens. */
  readonly streams: readonly StreamKind[];
  readonly headers: DialectHeaders;
  readonly endpoints: readonly EndpointUse[];
  /** Makes the handlers for one app. */
  create(core: TransportCore): DialectHandlers;
}

/** The names of all streams of some dialects, each once. */
export function streamNames(dialects: readonly Dialect[]): string[] {
  return [...new Set(dialects.flatMap(({ streams }) => streams.map(({ name }) => name)))];
}

/** The names of those streams that are their clients' whole sessions. */
export function sessionStreamNames(dialects: readonly Dialect[]): string[] {
  return dialects.flatMap(({ streams }) => streams)
    .filter(({ isSession }) => isSession)
    .map(({ name }) => name);
}

/** The headers of all dialects, each once and in alphabetical order. */
export function headersOf(dialects: readonly Dialect[]): DialectHeaders {
  return {
    request: [...new Set(dialects.flatMap(({ headers }) => headers.request))].sort(),
    response: [...new Set(dialects.flatMap(({ headers }) => headers.response))].sort(),
  };
}

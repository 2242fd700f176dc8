import type { Caller } from "../registry/context.ts";
import type { JsonRpcNotification, JsonRpcRequest } from "../wire/json_rpc.ts";
import type { ClientCapabilities, LoggingLevel } from "../wire/mcp_types.ts";
import type { InFlight } from "./in_flight.ts";
import type { ClientState } from "./session/client_state.ts";

/**
 * Where a message came from and where its answers go. A transport makes it; the methods see only
 * this, never a request or a response of HTTP.
 */
export interface RequestScope {
  readonly caller: Caller;
  /** Id of the stream the answer goes to, as soon as there is one. */
  readonly connectionId: string | undefined;
  /** Requests that run for the same client on the same stream or session. */
  readonly inFlight: InFlight;
  /** The session of the message; undefined where there is none. */
  readonly session: ClientState | undefined;
  /** Least urgent level of log messages the client wants; undefined when it wants none. */
  readonly logLevel: LoggingLevel | undefined;
  /** What the client can do for the server. */
  readonly capabilities: ClientCapabilities;
  /** Sends a message that belongs to a running request. Never throws. */
  send(message: JsonRpcNotification | JsonRpcRequest): void;
  /** The call with this progress token has ended: progress that still waits is dropped. */
  endProgress(token: string | number): void;
  /**
   * Calls `listener` once the client has gone, where no stream shows that. Called only when a tool
   * reads `ctx.signal`, because watching a client slows a quick call down.
   *
   * @returns stops watching
   */
  onClientGone(listener: () => void): () => void;
  /** Lets go of the response stream, where the client can resume it, for `retryMs`. */
  releaseStream(retryMs: number): void;
  /** What traces say about where the message came from; read only while somebody collects them. */
  describe(): ScopeDescription;
}

/** Where a message came from, as traces record it. */
export interface ScopeDescription {
  /** How messages travel (OpenTelemetry, `network.transport`). */
  readonly transport: "http" | "pipe";
  /** Names the session or stream, and is no key to it. */
  readonly session: string | undefined;
  /** The revision that `initialize` agreed on. */
  readonly protocolVersion: string | undefined;
}

/** The scope of a message that belongs to a session, as `initialize` begins one. */
export interface LegacyScope extends RequestScope {
  readonly session: ClientState;
}

/** For scopes that have nothing to stop watching. */
export const NOT_WATCHING = (): void => {};

import type { Caller } from "../registry/context.ts";
import type { JsonRpcNotification, JsonRpcRequest } from "../wire/json_rpc.ts";
import type { ClientCapabilities, LoggingLevel } from "../wire/mcp_types.ts";
import type { InFlight } from "./in_flight.ts";
import type { ClientState } from "./session/client_state.ts";

/**
 * The origin of a message and the destination of its answers. A transport makes it; methods see
 * only this, never an HTTP request or response.
 */
export interface RequestScope {
  readonly caller: Caller;
  /** The web page that sends the message; undefined if no page does. */
  readonly page: string | undefined;
  /** Id of the stream the answer goes to, as soon as there is one. */
  readonly connectionId: string | undefined;
  /** Requests that run for the same client on the same stream or session. */
  readonly inFlight: InFlight;
  /** The session of the message; undefined if there is none. */
  readonly session: ClientState | undefined;
  /** Least urgent level of log messages that the client wants; undefined if it wants none. */
  readonly logLevel: LoggingLevel | undefined;
  /** The client's capabilities. */
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
  /** Trace attributes of the message's origin. They cost less than the caller. */
  describe(): ScopeDescription;
}

/** Trace attributes of a message's origin. */
export interface ScopeDescription {
  /** How messages travel (OpenTelemetry, `network.transport`). */
  readonly transport: "http" | "pipe";
  /** Names the session or stream, and is not a key to it. */
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

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
  readonly connectionId: string | undefined;
  /** Names the session in traces, without being a key to it; where its id is one. */
  readonly sessionKey?: string;
  /** How the messages come, where it is not by HTTP. */
  readonly transport?: "pipe";
  /** What runs for the same client on the same stream or session. */
  readonly inFlight: InFlight;
  /** Least urgent level of log messages the client wants; none when it wants none. */
  readonly logLevel: LoggingLevel | undefined;
  /** What the client can do for the server. */
  readonly capabilities: ClientCapabilities;
  /** What the client of a legacy revision has agreed on; none where there is no session. */
  readonly session?: ClientState;
  /** Sends a message that belongs to a running request. Never throws. */
  send(message: JsonRpcNotification | JsonRpcRequest): void;
  /** A call that has told its progress is over: what is held back of that is not to be sent. */
  endProgress?(token: string | number): void;
  /**
   * The client's presence, for transports without a stream to watch. Asked for only when a tool
   * looks at `ctx.signal`, as watching costs a fast call a fifth of its speed.
   */
  presence?(): AbortSignal;
  /** Lets go of the response stream, which the client can resume after `retryMs`. */
  releaseStream?(retryMs: number): void;
}

import type { Caller } from "../registry/context.ts";
import type { JsonRpcNotification } from "../wire/json_rpc.ts";
import type { LoggingLevel } from "../wire/mcp_types.ts";
import type { InFlight } from "./in_flight.ts";

/**
 * Where a message came from and where its answers go. A transport makes it; the methods see only
 * this, never a request or a response of HTTP.
 */
export interface Exchange {
  readonly caller: Caller;
  readonly connectionId: string | undefined;
  /** What runs for the same client on the same stream or session. */
  readonly inFlight: InFlight;
  /** Least urgent level of log messages the client wants; none when it wants none. */
  readonly logLevel: LoggingLevel | undefined;
  /** Sends a notification that belongs to a running request. Never throws. */
  notify(message: JsonRpcNotification): void;
  /**
   * The client's presence, for transports without a stream to watch. Asked for only when a tool
   * looks at `ctx.signal`, as watching costs a fast call a fifth of its speed.
   */
  presence?(): AbortSignal;
}

import type { CloseReason } from "./close_reason.ts";
import type { Client } from "./client.ts";

/** The state of a stream. */
export type StreamState = "open" | "closing" | "closed";

/** A stream as others may look at it. */
export interface StreamSnapshot {
  readonly id: string;
  /** The name that its driver gives it, for the ledger, logs and metrics. */
  readonly dialect: string;
  readonly client: Client;
  readonly state: StreamState;
  /** The close reason, once there is one. */
  readonly reason: CloseReason | undefined;
  /** Requests without a response on this stream yet. */
  readonly unanswered: number;
  /** Pings handed to the transport. */
  readonly pingCount: number;
  /** Pings in a row that could not be handed over, or were left unanswered. */
  readonly failedPings: number;
  /** Bytes that wait for the reader, those of deferred messages included. */
  readonly queuedBytes: number;
  /** Bytes that the transport has taken. */
  readonly sentBytes: number;
  /** Age in ms; once it has ended, its age then. */
  readonly ageMs: number;
  /** Age in whole seconds. */
  readonly uptime: number;
}

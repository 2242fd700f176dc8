import type { Settings } from "../../base/settings.ts";
import type { Socket } from "../client.ts";

/** The owner of an outbox. */
export interface OutboxOwner {
  /** The socket that gets its bytes. */
  readonly socket: Pick<Socket, "unsentBytes" | "openSink">;
  /** Whether it is the outbox of a long-lived stream, and not only of an answer. */
  readonly isLongLived: boolean;
  /** The reader is gone. */
  cancel(): void;
  /** The reader has taken nothing for a while, and more bytes wait than allowed. */
  onStalled(): void;
  /** Sends a message that was deferred, given as JSON. */
  sendDeferred(text: string): void;
}

/** How much may wait; see the settings. */
export type OutboxLimits = Pick<Settings, "MCP_MAX_QUEUED_BYTES" | "MCP_MAX_TOTAL_QUEUED_BYTES">;

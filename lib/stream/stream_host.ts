import type { Settings } from "../base/settings.ts";
import type { TimerWheel } from "../base/timer_wheel.ts";
import type { DroppableKind } from "../wire/droppable.ts";
import type { Lease } from "./admit/slots.ts";
import type { Client, Socket } from "./client.ts";
import type { CloseReason } from "./close_reason.ts";
import type { DeadlineLimits } from "./deadline.ts";
import type { OutboxLimits } from "./out/outbox_owner.ts";
import type { QueueBudget } from "./out/queue_budget.ts";
import type { FinalFlush } from "./out/final_flush.ts";
import type { StreamSnapshot } from "./snapshot.ts";

/** How often and how long; see the settings. */
export type StreamLimits =
  & DeadlineLimits
  & OutboxLimits
  & Pick<Settings, "MCP_PING_INTERVAL_MS" | "MCP_MAX_PING_FAILURES">;

/** The part of a stream that its host uses. */
export interface HostedStream extends StreamSnapshot {
  readonly isLongLived: boolean;
  readonly answeredCount: number;
  readonly socket: Socket;
  /** Its place among all streams, until its socket is released. */
  readonly lease: Lease;
  /** The socket holds nothing of the stream any more. */
  onSocketReleased(): void;
}

/**
 * The part of the registry that its streams use. Its members are function properties and not
 * methods, so that a host that expects more than a {@linkcode HostedStream} does not compile.
 */
export interface StreamHost {
  readonly limits: StreamLimits;
  /** The one timer of all streams. */
  readonly wheel: TimerWheel;
  /** The bytes that wait for all readers. */
  readonly queues: Pick<QueueBudget, "enforceTotalBudget">;
  /** The final flushes of ended streams. */
  readonly finalFlushes: Set<FinalFlush>;
  /** The stream has ended. */
  readonly ended: (stream: HostedStream, reason: CloseReason) => void;
  /** Adds to the count of waiting bytes; negative for bytes that are gone. */
  readonly addQueued: (delta: number) => void;
  /** A notification was dropped: a newer one, or the answer, took its place, or there was no room. */
  readonly notificationDropped: (kind: DroppableKind) => void;
  /** A stream was cut off before its reader took `count` answers. */
  readonly resultsLost: (stream: HostedStream, count: number) => void;
  /** Reconnection delay for a client that reconnects too often (ms). */
  readonly retryMs: (client: Client, now: number) => number | undefined;
  /** A ping went out, and how late. */
  readonly pinged: (latenessMs: number) => void;
  readonly pingFailed: () => void;
}

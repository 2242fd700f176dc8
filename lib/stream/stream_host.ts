import type { TimerWheel } from "../base/timer_wheel.ts";
import type { DroppableKind } from "../wire/droppable.ts";
import type { Client } from "./client.ts";
import type { CloseReason } from "./close_reason.ts";
import type { DeadlineLimits } from "./deadline.ts";
import type { OutboxLimits } from "./out/outbox_owner.ts";
import type { TailDrain } from "./out/tail_drain.ts";
import type { StreamSnapshot } from "./snapshot.ts";

/** How often and how long; see the settings of the same names. */
export interface StreamLimits extends DeadlineLimits, OutboxLimits {
  readonly pingIntervalMs: number;
  readonly maxPingFailures: number;
}

/** Who keeps the ledger; the connection registry. */
export interface StreamHost {
  /** The one timer of all streams. */
  readonly wheel: TimerWheel;
  /** What still waits in streams that have ended. */
  readonly tailDrains: Set<TailDrain>;
  /** The stream has ended. */
  closed(connection: StreamSnapshot, reason: CloseReason): void;
  /** So many more bytes wait for the reader; negative when they went. */
  addQueued(delta: number): void;
  /** Enforces the budget of all streams; false when `writer` fell victim to it. */
  enforceTotalBudget(writer: StreamSnapshot): boolean;
  /** A notification is never sent: a newer one, or the answer, took its place, or there is no room. */
  superseded(kind: DroppableKind): void;
  /** A stream was cut off with so many answers unread. */
  resultsLost(stream: StreamSnapshot, count: number): void;
  /** What to ask of a client before it comes back (ms), if it comes too often. */
  retryMs(client: Client, now: number): number | undefined;
  /** A ping went out so many ms after it was due. */
  pinged(latenessMs: number): void;
  pingFailed(): void;
}

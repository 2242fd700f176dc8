/**
 * What a stream is made of, and what it is told and asked by those around it.
 *
 * @module
 */
import type { CallAborted } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { TimerWheel } from "../base/timer_wheel.ts";
import type { CloseReason } from "./close_reason.ts";
import type { DroppableKind } from "../wire/droppable.ts";
import type { PongState } from "./heartbeat.ts";
import type { TailDrain } from "./out/tail_drain.ts";

export type DialectName =
  | "plain"
  | "http_sse"
  | "streamable"
  | "stateless"
  | "listen";

export type StreamState = "opening" | "open" | "closing" | "closed";

/** Who opened the stream, as far as the edge could tell. */
export interface StreamClient {
  /** Address of the peer, or the first untrusted one behind trusted proxies. */
  readonly address: string;
  /** What limits count: the authenticated principal, else the address. */
  readonly key: string;
  readonly userAgent: string;
  readonly transport: StreamTransport;
}

/** What the transport tells of a stream. It is asked only then, as each answer takes memory. */
export interface StreamTransport {
  /** The other end of the socket, as `address:port`; undefined once that is let go of. */
  readonly socket?: string | undefined;
  /** Settles when the transport holds nothing of the stream any more, also if that is so already. */
  readonly released?: (() => Promise<unknown>) | undefined;
}

/** How often and how long; see the settings of the same names. */
export interface StreamLimits {
  readonly pingIntervalMs: number;
  readonly maxPingFailures: number;
  readonly maxConnectionMs: number;
  readonly maxQueuedBytes: number;
  /** How long a running call may hold up `max_age`. */
  readonly requestTimeoutMs: number;
}

/** A stream as others may look at it. */
export interface StreamSnapshot {
  readonly id: string;
  readonly dialect: SseDialect;
  readonly client: StreamClient;
  /** What its end aborts, where there is any. */
  readonly work: StreamWork | undefined;
  readonly state: StreamState;
  /** The close reason, once there is one. */
  readonly reason: CloseReason | undefined;
  /** Pings handed to the transport. */
  readonly pingCount: number;
  /** Pings in a row that could not be handed over, or were left unanswered. */
  readonly failedPings: number;
  /** Bytes that wait for the reader, those that are held back included. */
  readonly queuedBytes: number;
  /** Bytes that the transport has taken. */
  readonly sentBytes: number;
  /** Age in ms. */
  readonly ageMs: number;
  /** Age in whole seconds. */
  readonly uptime: number;
}

/** What a goodbye frame may tell. */
export interface ClosingSummary {
  readonly reason: CloseReason;
  readonly connection: StreamSnapshot;
}

/** What a dialect adds to a stream. */
export interface SseDialect {
  readonly name: DialectName;
  /** Whether its streams stay open by themselves, and do not just carry an answer. */
  readonly isLongLived: boolean;
  /** The keepalive frame; `pingCount` is this ping's number, from 1. */
  ping(connection: StreamSnapshot, pingCount: number): Uint8Array;
  /** A last frame, where the dialect has one. */
  closingFrame?(summary: ClosingSummary): Uint8Array | undefined;
}

/** What runs for a stream and ends with it. */
export interface StreamWork {
  /** Requests in flight. */
  readonly unanswered: number;
  /** Requests answered so far, where the stream is a lasting one. */
  readonly answeredCount?: number;
  /** @param reason makes the error that those get who run */
  onEnded(reason: () => CallAborted): void;
  /**
   * Where the dialect lets the client answer: called at each beat, tells what became of the last
   * question and asks the next one.
   */
  pingClient?(): PongState;
  /** Sends a message that was held back, given as JSON, where that takes more than a frame. */
  sendDeferred?(text: string): void;
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
  retryMs(client: StreamClient, now: number): number | undefined;
  /** A ping went out so many ms after it was due. */
  pinged(latenessMs: number): void;
  pingFailed(): void;
}

/** What a stream is made of; passed by the registry, which alone makes connections. */
export interface EventStreamParts {
  readonly id: string;
  readonly dialect: SseDialect;
  readonly client: StreamClient;
  /** What this stream's end aborts; none where the dialect lets work outlive its stream. */
  readonly work?: StreamWork | undefined;
  readonly owner: StreamHost;
  readonly limits: StreamLimits;
  /** The time between two pings that this stream has. */
  readonly pingIntervalMs: number;
  readonly log: Log;
}

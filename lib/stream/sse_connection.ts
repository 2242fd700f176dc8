/**
 * One open event stream, of whatever dialect.
 *
 *     opening → open → closing → closed
 *
 * Who ends it first decides the one close reason; everyone later is ignored. No method throws, at
 * any time: a write after the end is a `false`, not an exception.
 *
 * How a dead or stuck client shows itself in Deno:
 *
 * - it left: the stream's `cancel()` is called, or `request.signal` aborts, or both, or only one;
 * - the transport failed: `enqueue` throws;
 * - it stopped reading: nothing throws. A few megabytes vanish into kernel buffers, then bytes
 *   stay in the stream's queue. The queue counts bytes and its high-water mark is 0, so
 *   `-desiredSize` is exactly what waits, and `pull()` means that nothing does.
 *
 * @module
 */
import { CallAborted } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Timed, TimerWheel } from "../base/timer_wheel.ts";
import type { CloseReason } from "./close_reason.ts";

export type Dialect =
  | "plain"
  | "http_sse"
  | "streamable"
  | "stateless"
  | "listen";

export type ConnectionState = "opening" | "open" | "closing" | "closed";

/** Who opened the stream, as far as the edge could tell. */
export interface StreamClient {
  /** Address of the peer, or the first untrusted one behind trusted proxies. */
  readonly address: string;
  readonly userAgent: string;
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

/** What a goodbye frame may tell. */
export interface ClosingSummary {
  readonly reason: CloseReason;
  readonly connection: SseConnection;
}

/** What a dialect adds to a stream. */
export interface SseDialect {
  readonly name: Dialect;
  /** The keepalive frame; `pingCount` is this ping's number, from 1. */
  ping(connection: SseConnection, pingCount: number): Uint8Array;
  /** A last frame, where the dialect has one. */
  goodbye?(summary: ClosingSummary): Uint8Array | undefined;
}

/** What runs for a stream and ends with it. */
export interface StreamWork {
  /** Requests in flight. */
  readonly size: number;
  abortAll(reason: CallAborted): void;
}

/** Who keeps the ledger; the connection registry. */
export interface StreamOwner {
  /** The one timer of all streams. */
  readonly wheel: TimerWheel;
  /** The stream has ended. */
  closed(connection: SseConnection, reason: CloseReason): void;
  /** So many more bytes wait for the reader; negative when they went. */
  addQueued(delta: number): void;
  /** Enforces the budget of all streams; false when `writer` fell victim to it. */
  withinTotalQueue(writer: SseConnection): boolean;
  /** A ping went out so many ms after it was due. */
  pinged(latenessMs: number): void;
  pingFailed(): void;
}

/** Passed by the registry, which alone makes connections. */
export interface SseConnectionParts {
  readonly id: string;
  readonly dialect: SseDialect;
  readonly client: StreamClient;
  /** What this stream's end aborts; none where the dialect lets work outlive its stream. */
  readonly work?: StreamWork | undefined;
  readonly owner: StreamOwner;
  readonly limits: StreamLimits;
  readonly log: Log;
}

/** Share of the interval by which first pings are spread, so that a crowd does not ping at once. */
const PING_SPREAD = 0.1;
const BYTE_QUEUE = new ByteLengthQueuingStrategy({ highWaterMark: 0 });

export class SseConnection implements Timed, UnderlyingDefaultSource<Uint8Array> {
  readonly id: string;
  readonly dialect: SseDialect;
  readonly client: StreamClient;
  readonly work: StreamWork | undefined;
  /** Monotonic ms at which the stream was opened. */
  readonly openedAt: number;
  /** The response body. */
  readonly readable: ReadableStream<Uint8Array>;

  /** Belong to the timer wheel. */
  dueAt = 0;
  slot = -1;

  readonly #owner: StreamOwner;
  readonly #limits: StreamLimits;
  readonly #log: Log;
  readonly #maxAgeAt: number;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #state: ConnectionState = "opening";
  #reason: CloseReason | undefined;
  #pingCount = 0;
  #failedPings = 0;
  #nextPingAt: number;
  /** What the transport had taken at the last beat. */
  #sentAtBeat = 0;
  #writtenBytes = 0;
  /** What of this stream the registry's total has counted in. */
  #countedBytes = 0;
  #removeAbortListener: (() => void) | undefined;

  constructor(parts: SseConnectionParts) {
    this.id = parts.id;
    this.dialect = parts.dialect;
    this.client = parts.client;
    this.work = parts.work;
    this.#owner = parts.owner;
    this.#limits = parts.limits;
    this.#log = parts.log;
    const now = this.#owner.wheel.now();
    this.openedAt = now;
    this.#nextPingAt = now +
      parts.limits.pingIntervalMs * (1 - PING_SPREAD * Math.random());
    this.#maxAgeAt = now +
      parts.limits.maxConnectionMs * (0.8 + 0.2 * Math.random());
    this.readable = new ReadableStream(this, BYTE_QUEUE);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The close reason, once there is one. */
  get reason(): CloseReason | undefined {
    return this.#reason;
  }

  /** Pings handed to the transport. */
  get pingCount(): number {
    return this.#pingCount;
  }

  /** Pings in a row that could not be handed over. */
  get failedPings(): number {
    return this.#failedPings;
  }

  /** Bytes that wait for the reader. */
  get queuedBytes(): number {
    return this.#state === "closed" ? 0 : Math.max(0, -(this.#controller?.desiredSize ?? 0));
  }

  /** Bytes that the transport has taken. */
  get sentBytes(): number {
    return this.#writtenBytes - this.queuedBytes;
  }

  /** Age in ms. */
  get ageMs(): number {
    return this.#owner.wheel.now() - this.openedAt;
  }

  /** Age in whole seconds. */
  get uptime(): number {
    return Math.floor(this.ageMs / 1000);
  }

  /** Called by the stream. */
  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller;
  }

  /** Called by the stream when the reader has taken everything. */
  pull(): void {
    this.#countQueued();
  }

  /** Called by the stream when its reader is gone: layer 1 of disconnect detection. */
  cancel(): void {
    this.#log.debug("Connection aborted detected", { connection_id: this.id });
    this.close("client_closed");
  }

  /**
   * Starts the stream's life: the first bytes go out, pings and deadlines run.
   *
   * @param first at least one byte, as some proxies hold even the headers until they see one
   * @param signal the request's, also layer 1
   */
  open(first: Uint8Array, signal?: AbortSignal): void {
    if (this.#state !== "opening") return;
    this.#state = "open";
    if (signal !== undefined) this.#watch(signal);
    if (this.send(first)) this.#scheduleNext(this.openedAt);
  }

  /**
   * Queues a frame for the client.
   *
   * @returns false when the stream is over, or is ended by this very write
   */
  send(frame: Uint8Array): boolean {
    if (this.#state !== "open" || !this.#enqueue(frame)) return false;
    if (this.queuedBytes > this.#limits.maxQueuedBytes) {
      this.close("queue_full");
      return false;
    }
    return this.#owner.withinTotalQueue(this);
  }

  /**
   * Ends the stream. Idempotent and never throws; the first reason given stands.
   *
   * The order matters: the goodbye needs an open stream, and what runs for the stream is told
   * only when it cannot write to it any more.
   */
  close(reason: CloseReason): void {
    if (this.#state === "closing" || this.#state === "closed") return;
    this.#state = "closing";
    this.#reason = reason;
    this.#log.info("Forcing connection closure", {
      connection_id: this.id,
      reason,
    });
    if (reason !== "client_closed" && reason !== "write_failed") {
      this.#sayGoodbye(reason);
    }
    const { queuedBytes, sentBytes } = this;
    this.#endStream();
    this.#state = "closed";
    this.#owner.wheel.cancel(this);
    if (queuedBytes > 0) this.#owner.wheel.schedule(this, LINGER_MS);
    this.#removeAbortListener?.();
    this.#owner.closed(this, reason);
    this.#addQueued(-this.#countedBytes);
    this.#abortWork(reason);
    this.#log.info("Connection forcefully closed", {
      connection_id: this.id,
      reason,
      uptime: this.uptime,
      ping_count: this.#pingCount,
      bytes_sent: sentBytes,
    });
  }

  /** Called by the timer wheel: a ping or the end of the stream's time is due. */
  onDue(now: number): void {
    if (this.#state === "closed") return this.#abandon();
    this.#countQueued();
    if (now >= this.#maxAgeAt && this.#mayExpire(now)) {
      return this.close("max_age");
    }
    if (now >= this.#nextPingAt) this.#beat(now);
    if (this.#state === "open") this.#scheduleNext(now);
  }

  /**
   * One beat. Layer 3: when earlier bytes still wait and none of them has been taken since the
   * last beat, the reader has stopped. A slow reader that goes on reading is left alone.
   */
  #beat(now: number): void {
    const dueAt = this.#nextPingAt;
    // A steady beat; beats missed by a stopped process are not made up for.
    this.#nextPingAt = Math.max(dueAt + this.#limits.pingIntervalMs, now + 1);
    const sentBytes = this.sentBytes;
    if (this.queuedBytes > 0) {
      if (sentBytes === this.#sentAtBeat) return this.#pingFailed();
    } else {
      this.#pingCount++;
      this.#owner.pinged(now - dueAt);
      this.send(this.dialect.ping(this, this.#pingCount));
    }
    this.#failedPings = 0;
    this.#sentAtBeat = sentBytes;
  }

  #pingFailed(): void {
    this.#failedPings++;
    this.#owner.pingFailed();
    this.#log.warning("Ping failed", {
      connection_id: this.id,
      consecutive_failures: this.#failedPings,
    });
    if (this.#failedPings < this.#limits.maxPingFailures) return;
    this.#log.info("Max consecutive failures reached, closing connection", {
      connection_id: this.id,
      failures: this.#failedPings,
    });
    this.close("ping_failed");
  }

  /** A running call holds up the end of a stream's time, but only for as long as a call may take. */
  #mayExpire(now: number): boolean {
    return (this.work?.size ?? 0) === 0 ||
      now >= this.#maxAgeAt + this.#limits.requestTimeoutMs;
  }

  #scheduleNext(now: number): void {
    const next = now >= this.#maxAgeAt
      ? Math.min(this.#nextPingAt, now + EXPIRY_RETRY_MS)
      : Math.min(this.#nextPingAt, this.#maxAgeAt);
    this.#owner.wheel.schedule(this, next - now);
  }

  #watch(signal: AbortSignal): void {
    const onAbort = () => this.cancel();
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    this.#removeAbortListener = () => signal.removeEventListener("abort", onAbort);
  }

  /** Layer 2: a write that throws ends the stream. */
  #enqueue(frame: Uint8Array): boolean {
    try {
      this.#controller?.enqueue(frame);
    } catch {
      this.close("write_failed");
      return false;
    }
    this.#writtenBytes += frame.byteLength;
    this.#countQueued();
    return true;
  }

  #sayGoodbye(reason: CloseReason): void {
    try {
      const frame = this.dialect.goodbye?.({ reason, connection: this });
      if (frame !== undefined) this.#controller?.enqueue(frame);
    } catch {
      // The client is beyond reach; the reason stands in the log.
    }
  }

  /**
   * Bytes already queued may still be read, but not for ever: a reader that has stopped, or stops
   * now, must not keep them and its socket alive.
   */
  #endStream(): void {
    const isStuck = this.#failedPings > 0 ||
      this.queuedBytes > this.#limits.maxQueuedBytes;
    if (isStuck) return this.#abandon();
    try {
      this.#controller?.close();
    } catch {
      // Already ended by its reader.
    }
  }

  #abandon(): void {
    try {
      this.#controller?.error(new CallAborted(this.#reason ?? "error"));
    } catch {
      // Already ended by its reader.
    }
  }

  #abortWork(reason: CloseReason): void {
    try {
      this.work?.abortAll(
        new CallAborted(reason, `Connection closed: ${reason}`),
      );
    } catch {
      // An abort listener of a tool threw; the stream is closed all the same.
    }
  }

  #countQueued(): void {
    this.#addQueued(this.queuedBytes - this.#countedBytes);
  }

  #addQueued(delta: number): void {
    this.#countedBytes += delta;
    this.#owner.addQueued(delta);
  }
}

/** How long the bytes of an ended stream may still wait for their reader. */
const LINGER_MS = 5_000;

/** How soon an over-age stream with a running call is looked at again. */
const EXPIRY_RETRY_MS = 250;

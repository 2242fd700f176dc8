/**
 * One open event stream, of whatever dialect.
 *
 *     opening → open → closing → closed
 *
 * Who ends it first decides the one close reason; everyone later is ignored. No method throws, at
 * any time: a write after the end is a `false`, not an exception.
 *
 * In Deno a client that left calls the stream's `cancel()`, or aborts `request.signal`, or both, or
 * only one; a transport that failed makes `enqueue` throw; a client that stopped reading makes
 * nothing throw, but bytes wait and none of them goes (see the outbox).
 *
 * @module
 */
import { CallAborted } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Timed } from "../base/timer_wheel.ts";
import { encodeRetry } from "../wire/sse.ts";
import { type CloseReason, isDeparture } from "./close_reason.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Outbox } from "./outbox.ts";
import type {
  ConnectionState,
  SseConnectionParts,
  SseDialect,
  StreamClient,
  StreamLimits,
  StreamOwner,
  StreamView,
  StreamWork,
} from "./stream_types.ts";

export class SseConnection implements Timed, StreamView, EventListenerObject {
  readonly id: string;
  readonly dialect: SseDialect;
  readonly client: StreamClient;
  readonly work: StreamWork | undefined;
  /** Monotonic ms at which the stream was opened. */
  readonly openedAt: number;

  /** Belong to the timer wheel. */
  dueAt = 0;
  slot = -1;

  readonly #owner: StreamOwner;
  readonly #limits: StreamLimits;
  readonly #log: Log;
  readonly #maxAgeAt: number;
  readonly #outbox: Outbox;
  readonly #heartbeat: Heartbeat;
  #state: ConnectionState = "opening";
  #reason: CloseReason | undefined;
  #signal: AbortSignal | undefined;

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
    this.#heartbeat = new Heartbeat(now, parts.limits.pingIntervalMs);
    this.#maxAgeAt = now + parts.limits.maxConnectionMs * (0.8 + 0.2 * Math.random());
    this.#outbox = new Outbox(this, parts.owner);
  }

  /** The response body. */
  get readable(): ReadableStream<Uint8Array> {
    return this.#outbox.readable;
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
    return this.#heartbeat.pingCount;
  }

  /** Pings in a row that could not be handed over, or were left unanswered. */
  get failedPings(): number {
    return this.#heartbeat.failures;
  }

  /** Bytes that wait for the reader. */
  get queuedBytes(): number {
    return this.#outbox.queuedBytes;
  }

  /** Bytes that the transport has taken. */
  get sentBytes(): number {
    return this.#outbox.sentBytes;
  }

  /** Age in ms. */
  get ageMs(): number {
    return this.#owner.wheel.now() - this.openedAt;
  }

  /** Age in whole seconds. */
  get uptime(): number {
    return Math.floor(this.ageMs / 1000);
  }

  /** Brings the registry's total up to date with what its reader has taken. */
  recount(): void {
    this.#outbox.recount();
  }

  /** Called by the stream when its reader is gone: layer 1 of disconnect detection. */
  cancel(): void {
    this.#log.debug("Connection aborted detected", { connection_id: this.id });
    this.close("client_closed");
  }

  /** Called by the request's signal; a listener of its own would be one more closure each. */
  handleEvent(): void {
    this.cancel();
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
    if (!this.send(first)) return;
    const { retryMs } = this;
    if (retryMs !== undefined) this.send(encodeRetry(retryMs));
    this.#scheduleNext(this.openedAt);
  }

  /** What its client is asked to wait before it comes back (ms), if it comes too often. */
  get retryMs(): number | undefined {
    return this.dialect.isLasting ? this.#owner.retryMs(this.client) : undefined;
  }

  /**
   * Queues a frame for the client.
   *
   * @returns false when the stream is over, or is ended by this very write
   */
  send(frame: Uint8Array): boolean {
    if (this.#state !== "open") return false;
    if (!this.#outbox.add(frame)) {
      // Layer 2: a write that throws ends the stream.
      this.close("write_failed");
      return false;
    }
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
    if (this.#reason !== undefined) return;
    this.#state = "closing";
    this.#reason = reason;
    this.#log.info("Forcing connection closure", { connection_id: this.id, reason });
    if (!isDeparture(reason)) this.#sayGoodbye(reason);
    const { sentBytes } = this;
    const isToBeRead = this.#endStream(reason);
    this.#outbox.recount();
    this.#state = "closed";
    this.#owner.wheel.cancel(this);
    if (isToBeRead) this.#owner.wheel.schedule(this, LINGER_MS);
    this.#signal?.removeEventListener("abort", this);
    this.#owner.closed(this, reason);
    this.#abortWork(reason);
    this.#log.info("Connection forcefully closed", {
      connection_id: this.id,
      reason,
      uptime: this.uptime,
      ping_count: this.pingCount,
      bytes_sent: sentBytes,
    });
  }

  /** Called by the timer wheel: a ping or the end of the stream's time is due. */
  onDue(now: number): void {
    if (this.#state === "closed") return this.#abandon();
    this.recount();
    if (now >= this.#maxAgeAt && this.#mayExpire(now)) return this.close("max_age");
    if (now >= this.#heartbeat.nextAt) this.#beat(now);
    if (this.#state === "open") this.#scheduleNext(now);
  }

  #beat(now: number): void {
    const latenessMs = now - this.#heartbeat.nextAt;
    const outcome = this.#heartbeat.beat(now, this, () => this.work?.probe?.() ?? "unknown");
    if (outcome === "failed") return this.#pingFailed("ping_failed");
    if (outcome === "busy") return;
    this.#owner.pinged(latenessMs);
    const isSent = this.send(this.dialect.ping(this, this.pingCount));
    if (isSent && outcome === "unanswered") this.#pingFailed("peer_lost");
  }

  /** Layers 3 and 5: the reader takes nothing any more, or answers nothing. */
  #pingFailed(reason: CloseReason): void {
    this.#owner.pingFailed();
    this.#log.warning("Ping failed", {
      connection_id: this.id,
      consecutive_failures: this.failedPings,
    });
    if (this.failedPings < this.#limits.maxPingFailures) return;
    this.#log.info("Max consecutive failures reached, closing connection", {
      connection_id: this.id,
      failures: this.failedPings,
    });
    this.close(reason);
  }

  /** A running call holds up the end of a stream's time, but only for as long as a call may take. */
  #mayExpire(now: number): boolean {
    return (this.work?.size ?? 0) === 0 ||
      now >= this.#maxAgeAt + this.#limits.requestTimeoutMs;
  }

  #scheduleNext(now: number): void {
    const next = now >= this.#maxAgeAt
      ? Math.min(this.#heartbeat.nextAt, now + EXPIRY_RETRY_MS)
      : Math.min(this.#heartbeat.nextAt, this.#maxAgeAt);
    this.#owner.wheel.schedule(this, next - now);
  }

  #watch(signal: AbortSignal): void {
    if (signal.aborted) return this.cancel();
    signal.addEventListener("abort", this);
    this.#signal = signal;
  }

  #sayGoodbye(reason: CloseReason): void {
    try {
      const frame = this.dialect.goodbye?.({ reason, connection: this });
      if (frame !== undefined) this.#outbox.add(frame);
    } catch {
      // The dialect could not say it; the reason stands in the log.
    }
  }

  /**
   * Bytes already queued may still be read, but not for ever: a reader that has stopped, or stops
   * now, must not keep them alive.
   *
   * @returns whether bytes wait for a reader
   */
  #endStream(reason: CloseReason): boolean {
    if (this.failedPings > 0 || reason === "queue_full" || reason === "peer_lost") this.#abandon();
    return this.#outbox.end() && !isDeparture(reason);
  }

  #abandon(): void {
    this.#outbox.abandon(new CallAborted(this.#reason ?? "error"));
  }

  #abortWork(reason: CloseReason): void {
    try {
      this.work?.abortAll(new CallAborted(reason, `Connection closed: ${reason}`));
    } catch {
      // An abort listener of a tool threw; the stream is closed all the same.
    }
  }
}

/** How long the bytes of an ended stream may still wait for their reader. */
const LINGER_MS = 5_000;
/** How soon an over-age stream with a running call is looked at again. */
const EXPIRY_RETRY_MS = 250;

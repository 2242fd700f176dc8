/**
 * When something is due for a stream: its pings, and the end of its time.
 *
 * @module
 */
import { TimerEntry } from "../base/timer_wheel.ts";
import type { CloseReason } from "./close_reason.ts";
import type { Credential } from "./credentials.ts";
import { endReason, maxAgeEnd, nextLook, type StreamTime } from "./deadline.ts";
import { Heartbeat } from "./heartbeat.ts";
import type { StreamSnapshot } from "./snapshot.ts";
import type { FrameSink, StreamDriver } from "./stream_driver.ts";
import type { StreamHost } from "./stream_host.ts";
import { logFailedPing, logLastFailedPing } from "./stream_log.ts";
import type { EventStreamParts } from "./stream_parts.ts";

/** The part of a stream that its timer uses. */
export interface TimedStream extends StreamSnapshot, FrameSink {
  /** @returns whether the stream is open, once its request's signal was read */
  checkAborted(): boolean;
  /** Updates the total of all streams by the bytes that its reader has taken. */
  syncCount(): void;
  close(reason: CloseReason): void;
}

/** Time between two checks of a busy stream after its deadline (ms). */
const EXPIRY_RETRY_MS = 250;

/** Sends the pings of one stream, and ends it when its reader fails them or its time is over. */
export class StreamTimer extends TimerEntry implements StreamTime {
  readonly maxAgeAt: number;
  readonly credential: Credential | undefined;
  readonly #stream: TimedStream;
  readonly #driver: StreamDriver;
  readonly #host: StreamHost;
  readonly #heartbeat: Heartbeat;

  /** @param openedAt on the wheel's clock, in whole ms */
  constructor(
    stream: TimedStream,
    openedAt: number,
    { driver, host, credential, pingIntervalMs, pingSlot }: Pick<
      EventStreamParts,
      "driver" | "host" | "credential" | "pingIntervalMs" | "pingSlot"
    >,
  ) {
    super();
    this.#stream = stream;
    this.#driver = driver;
    this.#host = host;
    this.#heartbeat = new Heartbeat(openedAt, pingIntervalMs, pingSlot);
    this.maxAgeAt = maxAgeEnd(openedAt, host.limits);
    this.credential = credential;
  }

  /** Pings handed to the transport. */
  get pingCount(): number {
    return this.#heartbeat.pingCount;
  }

  /** Pings in a row that could not be handed over, or were left unanswered. */
  get failedPings(): number {
    return this.#heartbeat.failures;
  }

  /** @param openedAt on the wheel's clock (ms) */
  start(openedAt: number): void {
    this.#scheduleNext(openedAt, 0);
  }

  stop(): void {
    this.#host.wheel.cancel(this);
  }

  /** Called by the timer wheel. */
  onDue(now: number): void {
    const stream = this.#stream;
    if (!stream.checkAborted()) return;
    stream.syncCount();
    const reason = endReason(this, now, this.#driver, this.#host.limits);
    if (reason !== undefined) return stream.close(reason);
    if (now >= this.#heartbeat.nextAt) this.#beat(now);
    if (stream.state === "open") this.#scheduleNext(now, EXPIRY_RETRY_MS);
  }

  #beat(now: number): void {
    const latenessMs = now - this.#heartbeat.nextAt;
    const outcome = this.#heartbeat.beat(now, this.#stream, this.#driver);
    if (outcome === "failed") return this.#pingFailed("ping_failed");
    if (outcome === "busy") return;
    const ping = this.#driver.ping(this.#stream, this.pingCount + 1);
    if (!this.#stream.sendRaw(ping)) return;
    this.#heartbeat.countPing();
    this.#host.pinged(latenessMs);
    if (outcome === "unanswered") this.#pingFailed("peer_lost");
  }

  /** Layers 3 and 5: the reader takes nothing any more, or answers nothing. */
  #pingFailed(reason: CloseReason): void {
    this.#host.pingFailed();
    logFailedPing(this.#stream);
    if (this.failedPings < this.#host.limits.MCP_MAX_PING_FAILURES) return;
    logLastFailedPing(this.#stream);
    this.#stream.close(reason);
  }

  #scheduleNext(now: number, retryMs: number): void {
    const next = Math.min(this.#heartbeat.nextAt, nextLook(this, now, retryMs));
    this.#host.wheel.scheduleAt(this, next);
  }
}

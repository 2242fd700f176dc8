/**
 * One open event stream, of whatever dialect.
 *
 *     open → closing → closed
 *
 * Who ends it first decides the one close reason; everyone later is ignored. No method throws, at
 * any time: a write after the end is a `false`, not an exception.
 *
 * In Deno a client that left calls the stream's `cancel()`, or aborts `request.signal`, or both; a
 * transport that failed makes `enqueue` throw; a client that stopped reading makes nothing throw.
 *
 * @module
 */
import { CallAborted } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import type { JsonRpcMessage } from "../wire/json_rpc.ts";
import { jsonEvent, retryField } from "../wire/sse.ts";
import { type CloseReason, isClientGone } from "./close_reason.ts";
import { Deadline } from "./deadline.ts";
import type { PongState, ReaderProgress } from "./heartbeat.ts";
import type { Frame } from "./out/encoder.ts";
import { TailDrain } from "./out/tail_drain.ts";
import { Stream } from "./stream.ts";
import type { StreamState } from "./snapshot.ts";
import type { EventStreamParts } from "./stream.ts";
import type { HostedStream } from "./stream_host.ts";

/** `flushing` is the beginning of `closing`, when the last messages are written. */
type State = StreamState | "flushing";

const log = logFor("stream");

/** One event stream, from its opening to its one close reason. */
export class EventStream extends Stream
  implements HostedStream, ReaderProgress, EventListenerObject {
  readonly #deadline: Deadline;
  readonly #request: Pick<Request, "signal"> | undefined;
  #state: State = "open";
  #reason: CloseReason | undefined;
  #isListening = false;
  #tailDrain: TailDrain | undefined;

  constructor(parts: EventStreamParts) {
    super(parts);
    this.#request = parts.request;
    this.#deadline = new Deadline(this.openedAt, parts.host.limits, parts.credential);
  }

  get state(): StreamState {
    return this.#state === "flushing" ? "closing" : this.#state;
  }

  /** The close reason, once there is one. */
  get reason(): CloseReason | undefined {
    return this.#reason;
  }

  /** Called by the stream when its reader is gone: layer 1 of disconnect detection. */
  override cancel(): void {
    log.debug("Connection aborted detected", { connection_id: this.id });
    this.close("client_closed");
  }

  /** Called by the request's signal; a listener of its own would be one more closure each. */
  handleEvent(): void {
    this.cancel();
  }

  /**
   * Called by the registry: the first bytes go out, pings and deadlines run.
   *
   * @param first at least one byte, as some proxies hold even the headers until they see one
   */
  start(first: string): void {
    if (this.unanswered > 0) this.listenForAbort();
    if (!this.sendRaw(first)) return;
    const { retryMs } = this;
    if (retryMs !== undefined) this.sendRaw(retryField(retryMs));
    this.#scheduleNext(this.openedAt);
  }

  /**
   * Ends the stream if its request's signal has aborted. Reading the signal makes Deno create an
   * error when the client leaves; for an idle stream it only repeats what `cancel()` has said. So it
   * is read before anything runs for the stream, and with each ping. Perf: signals of idle streams.
   *
   * @returns whether the stream is open
   */
  checkAborted(): boolean {
    if (this.#state === "open" && this.#request?.signal.aborted) this.cancel();
    return this.#state === "open";
  }

  /**
   * Something runs for the stream from now on, and must stop as soon as the signal aborts. Idle
   * streams have no listener, because of its size. Perf: listeners of idle streams.
   */
  listenForAbort(): void {
    if (!this.checkAborted() || this.#isListening) return;
    this.#isListening = true;
    this.#request?.signal.addEventListener("abort", this);
  }

  /** Queues a frame; false when the stream has ended, or is ended by this very write. */
  sendRaw(frame: Frame): boolean {
    return this.#write(frame, false);
  }

  /** Queues what its client has missed, which the store bounds. */
  replay(frames: readonly Uint8Array[]): void {
    if (this.#state !== "open" || frames.length === 0) return;
    for (const frame of frames) this.outbox.add(frame);
    this.host.queues.enforceTotalBudget();
  }

  /** Queues the answer to a request; one that its reader never takes is counted as lost. */
  sendResponse(frame: string): boolean {
    return this.#write(frame, true);
  }

  /** The same for the last answer of the stream: what was deferred is sent before it. */
  sendFinalResponse(frame: string): boolean {
    this.flushBefore(frame);
    return this.#write(frame, true);
  }

  /** Sends a message as an event, or defers it: see {@linkcode defer}. */
  sendMessage(message: JsonRpcMessage): void {
    const text = JSON.stringify(message);
    if (!this.defer(message, text)) this.sendRaw(jsonEvent(text));
  }

  /**
   * Defers a message where the reader is slow and a later one may replace it.
   *
   * @param text of the message, as JSON
   * @returns false for a message that is to be sent now
   */
  defer(message: JsonRpcMessage, text: string): boolean {
    if (this.#state !== "open" || !this.outbox.defer(message, text)) return false;
    this.host.queues.enforceTotalBudget();
    return true;
  }

  /** Layer 4: called by the outbox when its reader has stopped and more waits than should. */
  override onStalled(): void {
    this.close("queue_full");
  }

  /** Called by the outbox. */
  override sendDeferred(text: string): void {
    this.driver.sendDeferred(text, this);
  }

  /**
   * Ends the stream. Idempotent and never throws; the first reason given stands.
   *
   * The order matters: the goodbye needs an open stream, and what runs for the stream is told
   * only when it cannot write to it any more.
   */
  close(reason: CloseReason): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.endedAt = Math.floor(this.host.wheel.now());
    // Flush deferred messages; if the client is gone they go to the store only.
    this.#state = isClientGone(reason) || this.#isStalled(reason) ? "closing" : "flushing";
    this.outbox.flush();
    this.#state = "closing";
    log.info("Forcing connection closure", { connection_id: this.id, reason });
    if (!isClientGone(reason)) this.#sendClosingFrame(reason);
    const { sentBytes } = this;
    this.#endStream(reason);
    this.#state = "closed";
    this.host.wheel.cancel(this);
    if (this.#isListening) this.#request?.signal.removeEventListener("abort", this);
    this.host.ended(this, reason);
    this.#notifyDriver(reason);
    log.info("Connection forcefully closed", {
      connection_id: this.id,
      reason,
      uptime: this.uptime,
      ping_count: this.pingCount,
      bytes_sent: sentBytes,
    });
  }

  /** The transport holds nothing of the stream any more. */
  onSocketReleased(): void {
    this.#tailDrain?.discard();
  }

  /** Called by the heartbeat. */
  pingClient(): PongState {
    return this.driver.pingClient();
  }

  /** Called by the timer wheel: a ping or the end of the stream's time is due. */
  onDue(now: number): void {
    if (!this.checkAborted()) return;
    this.syncCount();
    const reason = this.#deadline.reason(now, this.driver);
    if (reason !== undefined) return this.close(reason);
    if (now >= this.heartbeat.nextAt) this.#beat(now);
    if (this.#state === "open") this.#scheduleNext(now, EXPIRY_RETRY_MS);
  }

  #beat(now: number): void {
    const latenessMs = now - this.heartbeat.nextAt;
    const outcome = this.heartbeat.beat(now, this);
    if (outcome === "failed") return this.#pingFailed("ping_failed");
    if (outcome === "busy") return;
    if (!this.sendRaw(this.driver.ping(this, this.pingCount + 1))) return;
    this.heartbeat.countPing();
    this.host.pinged(latenessMs);
    if (outcome === "unanswered") this.#pingFailed("peer_lost");
  }

  /** Layers 3 and 5: the reader takes nothing any more, or answers nothing. */
  #pingFailed(reason: CloseReason): void {
    this.host.pingFailed();
    log.warning("Ping failed", {
      connection_id: this.id,
      consecutive_failures: this.failedPings,
    });
    if (this.failedPings < this.host.limits.maxPingFailures) return;
    log.info("Max consecutive failures reached, closing connection", {
      connection_id: this.id,
      failures: this.failedPings,
    });
    this.close(reason);
  }

  #scheduleNext(now: number, retryMs = 0): void {
    const next = Math.min(this.heartbeat.nextAt, this.#deadline.nextAt(now, retryMs));
    this.host.wheel.scheduleAt(this, next);
  }

  #sendClosingFrame(reason: CloseReason): void {
    try {
      const frame = this.driver.closingFrame(reason, this);
      if (frame !== undefined) this.outbox.add(frame);
    } catch {
      // The dialect could not say it; the reason stands in the log.
    }
  }

  /** A reader that has stopped, or stops now, must not keep alive what waits for it. */
  #isStalled(reason: CloseReason): boolean {
    return this.failedPings > 0 || reason === "queue_full" || reason === "peer_lost";
  }

  /** Bytes already queued may still be read, by a reader that is there and goes on. */
  #endStream(reason: CloseReason): void {
    if (this.#isStalled(reason)) return this.#fail();
    const isToBeRead = this.outbox.end() && !isClientGone(reason);
    if (!isToBeRead) return this.outbox.discard();
    this.#tailDrain = new TailDrain(this.outbox, this.host, () => this.#fail());
  }

  /** Drops what waits; answers among it are lost, and that is said. */
  #fail(): void {
    const lost = this.outbox.waitingAnswers;
    this.outbox.fail(new CallAborted(this.#reason ?? "error"));
    if (lost > 0) this.host.resultsLost(this, lost);
  }

  #write(frame: Frame, isAnswer: boolean): boolean {
    if (this.#state !== "open" && this.#state !== "flushing") return false;
    if (!this.outbox.add(frame, isAnswer)) {
      // Layer 2: a write that throws ends the stream.
      this.close("write_failed");
      return false;
    }
    // The last messages are subject to no limit.
    if (this.#state === "flushing") return true;
    if (!this.outbox.checkLimit(frame.length)) this.close("queue_full");
    this.host.queues.enforceTotalBudget();
    return this.#state === "open";
  }

  #notifyDriver(reason: CloseReason): void {
    try {
      this.driver.onEnded(() => new CallAborted(reason, `Connection closed: ${reason}`));
    } catch {
      // An abort listener of a tool threw; the stream is closed all the same.
    }
  }
}

/** How soon a stream is looked at again whose time is over while it is busy (ms). */
const EXPIRY_RETRY_MS = 250;

/**
 * One open event stream of any dialect.
 *
 * open → closing → closed
 *
 * The first end decides the close reason; later ones are ignored. No method ever throws: a write
 * after the end returns `false`.
 *
 * In Deno, a client that leaves causes `cancel()` of the stream, an abort of `request.signal`, or
 * both. A failed transport makes `enqueue` throw. A client that stops reading causes no error.
 *
 * @module
 */
import { CallAborted } from "../base/errors.ts";
import type { JsonRpcMessage } from "../wire/json_rpc.ts";
import { jsonEvent, retryField } from "../wire/sse.ts";
import type { Lease } from "./admit/slots.ts";
import type { Client, Socket } from "./client.ts";
import { type CloseReason, isClientGone } from "./close_reason.ts";
import type { Frame } from "./out/encoder.ts";
import { Outbox } from "./out/outbox.ts";
import type { OutboxOwner } from "./out/outbox_owner.ts";
import { FinalFlush } from "./out/final_flush.ts";
import type { StreamState } from "./snapshot.ts";
import { closingFrameOf, notifyEnded, type StreamDriver } from "./stream_driver.ts";
import type { HostedStream, StreamHost } from "./stream_host.ts";
import { logAborted, logClosed, logClosing } from "./stream_log.ts";
import type { EventStreamParts } from "./stream_parts.ts";
import { StreamTimer, type TimedStream } from "./stream_timer.ts";

/** `flushing` is the beginning of `closing`, when the last messages are written. */
type State = StreamState | "flushing";

/** One event stream, from its opening to its one close reason. */
export class EventStream implements HostedStream, TimedStream, OutboxOwner {
  readonly id: string;
  readonly client: Client;
  readonly socket: Socket;
  readonly lease: Lease;
  /** Monotonic, in whole ms: V8 keeps whole numbers in the stream, and makes others objects. */
  readonly openedAt: number;
  readonly #driver: StreamDriver;
  readonly #host: StreamHost;
  readonly #request: Pick<Request, "signal"> | undefined;
  readonly #timer: StreamTimer;
  readonly #outbox: Outbox;
  #state: State = "open";
  #reason: CloseReason | undefined;
  #endedAt: number | undefined;
  /** Listens to the request's signal while something runs for the stream. */
  #onAbort: (() => void) | undefined;
  #finalFlush: FinalFlush | undefined;

  constructor(parts: EventStreamParts) {
    const { host } = parts;
    this.id = parts.id;
    this.client = parts.client;
    this.socket = parts.socket;
    this.lease = parts.lease;
    this.openedAt = Math.floor(host.wheel.now());
    this.#driver = parts.driver;
    this.#host = host;
    // A socket that has sinks tells when the client has left.
    this.#request = parts.socket.openSink === undefined ? parts.request : undefined;
    this.#timer = new StreamTimer(this, this.openedAt, parts);
    this.#outbox = new Outbox(this, host, host.limits);
  }

  /** The response body; null where the listener takes the bytes another way. */
  get readable(): ReadableStream<Uint8Array> | null {
    return this.#outbox.readable;
  }

  get dialect(): string {
    return this.#driver.name;
  }

  get isLongLived(): boolean {
    return this.#driver.isLongLived;
  }

  get unanswered(): number {
    return this.#driver.unanswered;
  }

  get answeredCount(): number {
    return this.#driver.answeredCount;
  }

  get pingCount(): number {
    return this.#timer.pingCount;
  }

  get failedPings(): number {
    return this.#timer.failedPings;
  }

  get queuedBytes(): number {
    return this.#outbox.queuedBytes;
  }

  get sentBytes(): number {
    return this.#outbox.sentBytes;
  }

  get ageMs(): number {
    return (this.#endedAt ?? this.#host.wheel.now()) - this.openedAt;
  }

  get uptime(): number {
    return Math.floor(this.ageMs / 1000);
  }

  /** Reconnection delay for its client, if it reconnects too often (ms). */
  get retryMs(): number | undefined {
    return this.isLongLived ? this.#host.retryMs(this.client, this.openedAt) : undefined;
  }

  get state(): StreamState {
    return this.#state === "flushing" ? "closing" : this.#state;
  }

  get reason(): CloseReason | undefined {
    return this.#reason;
  }

  /** Called by the stream when its reader is gone: layer 1 of disconnect detection. */
  cancel(): void {
    logAborted(this);
    this.close("client_closed");
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
    this.#timer.start(this.openedAt);
  }

  /**
   * Ends the stream if its request's signal has aborted. A signal that was read costs an error when
   * the client leaves, so an idle stream reads it with its pings alone. Perf: signals of idle streams.
   *
   * @returns whether the stream is open
   */
  checkAborted(): boolean {
    if (this.#state === "open" && this.#request?.signal.aborted) this.cancel();
    return this.#state === "open";
  }

  /**
   * Listens to the request's signal, because a call that now runs for the stream must stop when it
   * aborts. Idle streams have no listener, to save memory. Perf: listeners of idle streams.
   */
  listenForAbort(): void {
    if (!this.checkAborted() || this.#onAbort !== undefined) return;
    this.#onAbort = () => this.cancel();
    this.#request?.signal.addEventListener("abort", this.#onAbort);
  }

  /** Queues a frame; false when the stream has ended, or is ended by this very write. */
  sendRaw(frame: Frame): boolean {
    return this.#write(frame, false);
  }

  /** Queues the events that its client has missed; the store limits their size. */
  replay(frames: readonly Uint8Array[]): void {
    if (this.#state !== "open" || frames.length === 0) return;
    for (const frame of frames) this.#outbox.add(frame);
    this.#host.queues.enforceTotalBudget();
  }

  /** Queues the answer to a request; one that its reader never takes is counted as lost. */
  sendResponse(frame: string): boolean {
    return this.#write(frame, true);
  }

  /** The same for the last answer of the stream: deferred messages are sent before it. */
  sendFinalResponse(frame: string): boolean {
    this.flushBefore(frame);
    return this.#write(frame, true);
  }

  /**
   * Sends deferred messages, as far as they leave room for the next message.
   *
   * @param next the next message, as JSON
   */
  flushBefore(next: string): void {
    this.#outbox.flush(next);
  }

  /** A call has ended: its deferred progress is dropped. */
  endProgress(token: string | number): void {
    this.#outbox.endProgress(token);
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
    if (this.#state !== "open" || !this.#outbox.defer(message, text)) return false;
    this.#host.queues.enforceTotalBudget();
    return true;
  }

  /** Layer 4: called by the outbox when its reader has stopped and more waits than should. */
  onStalled(): void {
    this.close("queue_full");
  }

  /** Called by the outbox. */
  sendDeferred(text: string): void {
    this.#driver.sendDeferred(text, this);
  }

  /**
   * Ends the stream, unless it has ended. The closing frame needs an open stream; the stream's
   * calls are aborted only after they cannot write to it any more.
   */
  close(reason: CloseReason): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#endedAt = Math.floor(this.#host.wheel.now());
    // Flush deferred messages; if the client is gone they go to the store only.
    this.#state = isClientGone(reason) || this.#isStalled(reason) ? "closing" : "flushing";
    this.#outbox.flush();
    this.#state = "closing";
    logClosing(this, reason);
    const lastFrame = isClientGone(reason) ? undefined : closingFrameOf(this.#driver, reason, this);
    if (lastFrame !== undefined) this.#outbox.add(lastFrame);
    const { sentBytes } = this;
    this.#endStream(reason);
    this.#state = "closed";
    this.#timer.stop();
    if (this.#onAbort) this.#request?.signal.removeEventListener("abort", this.#onAbort);
    this.#host.ended(this, reason);
    notifyEnded(this.#driver, reason);
    logClosed(this, sentBytes);
  }

  /** Updates the total of all streams by the bytes that its reader has taken. */
  syncCount(): void {
    this.#outbox.syncCount();
  }

  /** The transport holds nothing of the stream any more. */
  onSocketReleased(): void {
    this.#finalFlush?.discard();
  }

  /** A reader that has stopped, or stops now, must not keep alive what waits for it. */
  #isStalled(reason: CloseReason): boolean {
    return this.failedPings > 0 || reason === "queue_full" || reason === "peer_lost";
  }

  /** A reader that is still there may read the bytes that are already queued. */
  #endStream(reason: CloseReason): void {
    if (this.#isStalled(reason)) return this.#fail();
    const isToBeRead = this.#outbox.end() && !isClientGone(reason);
    if (!isToBeRead) return this.#outbox.discard();
    this.#finalFlush = new FinalFlush(this.#outbox, this.#host, () => this.#fail());
  }

  /** Drops what waits; answers among it are lost, and that is said. */
  #fail(): void {
    const lost = this.#outbox.waitingAnswers;
    this.#outbox.fail(new CallAborted(this.#reason ?? "error"));
    if (lost > 0) this.#host.resultsLost(this, lost);
  }

  #write(frame: Frame, isAnswer: boolean): boolean {
    if (this.#state !== "open" && this.#state !== "flushing") return false;
    if (!this.#outbox.add(frame, isAnswer)) {
      // Layer 2: a write that throws ends the stream.
      this.close("write_failed");
      return false;
    }
    // The last messages are subject to no limit.
    if (this.#state === "flushing") return true;
    if (!this.#outbox.checkLimit(frame.length)) this.close("queue_full");
    this.#host.queues.enforceTotalBudget();
    return this.#state === "open";
  }
}

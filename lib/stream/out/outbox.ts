/**
 * The bytes that wait for the reader of one stream.
 *
 * In Deno, a reader that stops causes no error: a few megabytes go into kernel buffers, then bytes
 * stay in the queue of the sink. The outbox asks for their number when it needs to know.
 *
 * A frame in the queue cannot be taken back, so notifications that a later one may replace are
 * deferred while the reader is slow. Above the limit the reader is watched: a reader that keeps
 * reading may take as long as it needs, a reader that has stopped is cut off.
 *
 * @module
 */
import type { JsonRpcMessage } from "../../wire/json_rpc.ts";
import { droppableOf, progressKey } from "../../wire/droppable.ts";
import { FRAME_OVERHEAD_BYTES } from "./coalescer.ts";
import { DeferredMessages, type DeferredMessagesHost } from "./deferred_messages.ts";
import { encodeOwn, encodeShared, type Frame, piecesOf } from "./encoder.ts";
import { BodySink } from "./body_sink.ts";
import type { Sink, SinkOwner } from "./sink.ts";
import type { OutboxLimits, OutboxOwner } from "./outbox_owner.ts";
import { SlowReader } from "./slow_reader.ts";

/** A reader is slow once this share of the bytes that may wait does wait. */
const SLOW_READER_RATIO = 1 / 8;
/** The most for one reader, however steadily it reads, as a share of the limit for all readers. */
const MAX_SHARE = 1 / 4;
/** Longer frames are queued in pieces, so that a slow reader can be seen to go on. */
const CHUNK_BYTES = 65_536;

/** No method throws, at any time. */
export class Outbox implements SinkOwner {
  readonly #owner: OutboxOwner;
  readonly #total: DeferredMessagesHost;
  readonly #limits: OutboxLimits;
  readonly #body: ReadableStream<Uint8Array> | null;
  /** Undefined once nobody reads any more. */
  #sink: Sink | undefined;
  /**
   * Frames of a body that nobody reads yet; undefined once it is read. Perf: they go out as one chunk,
   * because each chunk costs Deno several promises.
   */
  #opening: string | undefined;
  #writtenBytes = 0;
  /** Bytes of this stream's queue that are in the total of all streams. */
  #countedBytes = 0;
  /** Bytes that had been sent when the stream ended. */
  #sentAtEnd: number | undefined;
  /** Only while the reader is slow. */
  #deferred: DeferredMessages | undefined;
  /** Only while more waits than should. */
  #slowReader: SlowReader | undefined;
  /** The ends of answers that had to wait, as numbers of bytes written. */
  #answers: number[] | undefined;

  constructor(owner: OutboxOwner, total: DeferredMessagesHost, limits: OutboxLimits) {
    this.#owner = owner;
    this.#total = total;
    this.#limits = limits;
    const { socket } = owner;
    const body = socket.openSink === undefined ? new BodySink(this, socket) : undefined;
    this.#body = body?.readable ?? null;
    this.#sink = body ?? socket.openSink?.(this);
    if (body !== undefined) this.#opening = "";
  }

  /**
   * The response body; null for a stream whose bytes the listener takes another way. Each frame after
   * the first look at it is a chunk.
   */
  get readable(): ReadableStream<Uint8Array> | null {
    this.#endOpening();
    return this.#body;
  }

  /** Bytes in the queues of stream and socket, also after the stream has ended. */
  get waitingBytes(): number {
    return (this.#sink?.waitingBytes ?? 0) + (this.#opening?.length ?? 0);
  }

  /** Waiting bytes, including deferred ones; 0 once the stream has ended. */
  get queuedBytes(): number {
    if (this.#sentAtEnd !== undefined) return 0;
    return this.waitingBytes + (this.#deferred?.bytes ?? 0);
  }

  /**
   * Bytes that the transport has taken. Fixed once the stream has ended, because the fate of the
   * waiting bytes is unknown.
   */
  get sentBytes(): number {
    return this.#sentAtEnd ?? this.#writtenBytes - this.waitingBytes;
  }

  /** Answers in the queue. */
  get waitingAnswers(): number {
    const taken = this.#writtenBytes - this.waitingBytes;
    return this.#answers?.filter((end) => end > taken).length ?? 0;
  }

  /** See {@linkcode SinkOwner.isLongLived}. */
  get isLongLived(): boolean {
    return this.#owner.isLongLived;
  }

  /** Called by the sink when its reader is gone. */
  cancel(): void {
    this.#sink = undefined;
    this.#owner.cancel();
  }

  /**
   * Queues a frame.
   *
   * @param isAnswer whether it must not get lost unseen
   * @returns false when the stream cannot take it any more
   */
  add(frame: Frame, isAnswer = false): boolean {
    try {
      this.#writtenBytes += this.#enqueue(frame);
    } catch {
      return false;
    }
    this.syncCount();
    if (isAnswer && this.#countedBytes > 0) this.#noteAnswer();
    return true;
  }

  /**
   * Makes room where it can, and has the reader watched where more waits than should.
   *
   * @param lastBytes that were written last
   * @returns false where the reader was far behind even before those
   */
  checkLimit(lastBytes: number): boolean {
    const { MCP_MAX_QUEUED_BYTES, MCP_MAX_TOTAL_QUEUED_BYTES } = this.#limits;
    // Uses the count from the last write, because reading it from the stream again would double the
    // cost.
    if (this.#countedBytes + (this.#deferred?.bytes ?? 0) <= MCP_MAX_QUEUED_BYTES) return true;
    const { waitingBytes } = this;
    this.#deferred?.makeRoom(MCP_MAX_QUEUED_BYTES - waitingBytes);
    if (this.queuedBytes <= MCP_MAX_QUEUED_BYTES) return true;
    const before = waitingBytes - lastBytes;
    if (before > Math.max(MCP_MAX_QUEUED_BYTES, MCP_MAX_TOTAL_QUEUED_BYTES * MAX_SHARE)) {
      return false;
    }
    this.#slowReader ??= new SlowReader(
      this,
      this.#total.wheel,
      MCP_MAX_QUEUED_BYTES,
      (hasCaughtUp) => {
        this.#slowReader = undefined;
        if (!hasCaughtUp) this.#owner.onStalled();
      },
    );
    return true;
  }

  /**
   * Defers a message, or drops it, where that is allowed and the reader is slow.
   *
   * @param text of the message, as JSON
   * @returns false when it is to be sent now
   */
  defer(message: JsonRpcMessage, text: string): boolean {
    if (this.#deferred !== undefined) this.#catchUp();
    // The count may be stale, but only too high.
    if (!this.#isBehind(this.#countedBytes, text.length)) return false;
    const { waitingBytes } = this;
    if (!this.#isBehind(waitingBytes, text.length)) return false;
    const notice = droppableOf(message);
    if (notice === undefined) return false;
    this.#deferred ??= new DeferredMessages(this.#total, () => this.#catchUp());
    return this.#deferred.hold(notice, text, this.#limits.MCP_MAX_QUEUED_BYTES - waitingBytes);
  }

  /** A call has ended: its waiting progress is dropped. */
  endProgress(token: unknown): void {
    this.#deferred?.drop(progressKey(token));
  }

  /**
   * Sends deferred messages, as far as they leave room for the next message.
   *
   * @param next the next message, as JSON
   */
  flush(next = ""): void {
    const deferred = this.#deferred;
    if (deferred === undefined) return;
    this.#deferred = undefined;
    const nextBytes = next === "" ? 0 : next.length + FRAME_OVERHEAD_BYTES;
    const room = this.#limits.MCP_MAX_QUEUED_BYTES - this.waitingBytes - nextBytes;
    for (const text of deferred.drain(room)) this.#owner.sendDeferred(text);
  }

  /** Brings the total up to date: a reader takes bytes without telling. */
  syncCount(): void {
    const { waitingBytes } = this;
    if (waitingBytes === 0) this.#answers = undefined;
    const delta = waitingBytes - this.#countedBytes;
    if (delta === 0) return;
    this.#countedBytes = waitingBytes;
    this.#total.addQueued(delta);
  }

  /**
   * Nothing more comes; what waits may still be read.
   *
   * @returns whether something waits
   */
  end(): boolean {
    this.#endOpening();
    const isToBeRead = this.waitingBytes > 0;
    this.#settle();
    this.#sink?.end();
    return isToBeRead;
  }

  /** Nothing more comes, and what waits is dropped. */
  fail(error: Error): void {
    this.#settle();
    this.#sink?.fail(error);
    this.discard();
  }

  /** Nobody reads any more: what still waits counts no longer. */
  discard(): void {
    this.#sink = this.#opening = undefined;
    this.syncCount();
  }

  /**
   * Sends deferred messages, if the reader has taken everything else.
   *
   * @returns whether it has
   */
  #catchUp(): boolean {
    const isRead = this.waitingBytes === 0;
    if (isRead) this.flush();
    return isRead;
  }

  /** The characters of the opening were counted as bytes, and only now their bytes are known. */
  #endOpening(): void {
    const opening = this.#opening;
    this.#opening = undefined;
    if (opening === undefined || opening === "") return;
    this.#writtenBytes += this.#enqueueChunk(this.#encode(opening)) - opening.length;
    this.syncCount();
  }

  /** @returns how many bytes it has */
  #enqueue(frame: Frame): number {
    if (this.#opening !== undefined) {
      if (typeof frame === "string" && this.#opening.length + frame.length <= CHUNK_BYTES) {
        this.#opening += frame;
        return frame.length;
      }
      this.#endOpening();
    }
    if (frame.length <= CHUNK_BYTES) return this.#enqueueChunk(this.#encode(frame));
    let bytes = 0;
    for (const piece of piecesOf(frame, CHUNK_BYTES)) bytes += this.#enqueueChunk(piece);
    return bytes;
  }

  /**
   * A frame that may wait for long gets its own bytes; the first two frames belong to the opening.
   */
  #encode(frame: Frame): Uint8Array {
    if (typeof frame !== "string") return frame;
    return (this.#sink?.waitingChunks ?? 0) < 2 ? encodeShared(frame) : encodeOwn(frame);
  }

  #enqueueChunk(chunk: Uint8Array): number {
    this.#sink?.write(chunk);
    return chunk.byteLength;
  }

  #noteAnswer(): void {
    const answers = this.#answers;
    // Perf: an array that grows from none has room for many, and most streams have one answer.
    if (answers === undefined) return void (this.#answers = [this.#writtenBytes]);
    const taken = this.#writtenBytes - this.#countedBytes;
    while ((answers[0] ?? Infinity) <= taken) answers.shift();
    answers.push(this.#writtenBytes);
  }

  #isBehind(waitingBytes: number, length: number): boolean {
    return this.#deferred !== undefined ||
      waitingBytes > this.#limits.MCP_MAX_QUEUED_BYTES * SLOW_READER_RATIO ||
      waitingBytes > 0 && waitingBytes + length > this.#limits.MCP_MAX_QUEUED_BYTES;
  }

  #settle(): void {
    this.#slowReader?.stop();
    this.#sentAtEnd ??= this.sentBytes;
  }
}

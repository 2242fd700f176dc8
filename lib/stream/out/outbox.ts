/**
 * What waits for the reader of one stream, counted in bytes.
 *
 * In Deno a reader that stops makes nothing throw: a few megabytes vanish into kernel buffers, then
 * bytes stay in the stream's queue. Its high-water mark is 0, so `-desiredSize` is exactly how many
 * chunks wait. That is looked at, and not waited for: to be told by `pull()` that none does would
 * cost each chunk a promise, and each idle stream 150 bytes.
 *
 * What is in the queue cannot be taken back, so notifications that a later one may supersede are
 * held back in a backlog as long as the reader is behind.
 *
 * @module
 */
import type { JsonRpcMessage } from "../../wire/json_rpc.ts";
import { droppableOf, progressKey } from "../../wire/droppable.ts";
import { DeferredMessages, type DeferredMessagesHost } from "./deferred_messages.ts";

/** Whose outbox it is. */
export interface OutboxOwner {
  /** Bytes that its listener has taken and the network has not. */
  readonly unsentBytes: number;
  /** The reader is gone. */
  cancel(): void;
  /** Sends a message that was held back, given as JSON. */
  sendDeferred(text: string): void;
}

/**
 * A queue that counted bytes itself would cost each idle stream 280 bytes, and each chunk a call
 * through the checks of the web's interfaces.
 */
const CHUNK_QUEUE = { highWaterMark: 0 };
/** Share of what may wait from which on a reader is behind. */
const SLOW_READER_RATIO = 1 / 8;
/** Larger frames are queued in pieces, so that a slow reader can be seen to go on. */
const CHUNK_BYTES = 65_536;

/** No method throws, at any time. */
export class Outbox implements UnderlyingDefaultSource<Uint8Array> {
  /** The response body. */
  readonly readable: ReadableStream<Uint8Array>;
  readonly #owner: OutboxOwner;
  readonly #total: DeferredMessagesHost;
  readonly #maxBytes: number;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #writtenBytes = 0;
  /** Lengths of the chunks that wait, or waited when last asked, oldest first. */
  #waiting: number[] | undefined;
  #waitingBytes = 0;
  /** What of this stream's queue the total of all streams has counted in. */
  #countedBytes = 0;
  /** What had been sent when the stream ended. */
  #sentAtEnd: number | undefined;
  /** Only while a reader is behind. */
  #coalescer: DeferredMessages | undefined;
  /** Where the answers end that had to wait, as numbers of bytes written until then. */
  #answers: number[] | undefined;

  /** @param maxBytes that may wait for the reader */
  constructor(owner: OutboxOwner, total: DeferredMessagesHost, maxBytes: number) {
    this.#owner = owner;
    this.#total = total;
    this.#maxBytes = maxBytes;
    this.readable = new ReadableStream(this, CHUNK_QUEUE);
  }

  /** Bytes in the queues of stream and socket, also after the stream has ended. */
  get waitingBytes(): number {
    if (this.#controller !== undefined) return this.#inQueue() + this.#owner.unsentBytes;
    return this.#waiting === undefined ? 0 : this.#inQueue();
  }

  /** Bytes that wait, those that are held back included; none once the stream is over. */
  get queuedBytes(): number {
    if (this.#sentAtEnd !== undefined) return 0;
    return this.waitingBytes + (this.#coalescer?.bytes ?? 0);
  }

  /**
   * Bytes that the transport has taken. Once the stream is over that stands: nobody can tell what
   * becomes of what still waits.
   */
  get sentBytes(): number {
    return this.#sentAtEnd ?? this.#writtenBytes - this.waitingBytes;
  }

  /** Answers in the queue. */
  get waitingAnswers(): number {
    const taken = this.#writtenBytes - this.waitingBytes;
    return this.#answers?.filter((end) => end > taken).length ?? 0;
  }

  /** Called by the stream. */
  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller;
  }

  /** Called by the stream when its reader is gone. */
  cancel(): void {
    // It is closed by then, and what it is told now would throw: 12 µs.
    this.#controller = undefined;
    this.#owner.cancel();
  }

  /**
   * Queues a frame.
   *
   * @param isAnswer whether it must not get lost unseen
   * @returns false when the stream cannot take it any more
   */
  add(frame: Uint8Array, isAnswer = false): boolean {
    try {
      this.#enqueue(frame);
    } catch {
      return false;
    }
    this.#writtenBytes += frame.byteLength;
    this.syncCount();
    if (isAnswer && this.#countedBytes > 0) this.#noteAnswer();
    return true;
  }

  /** Makes room where it can; whether more waits than may. Asked after each frame. */
  isOverLimit(): boolean {
    // What was counted with that frame: asking the stream again would cost as much as the rest.
    if (this.#countedBytes + (this.#coalescer?.bytes ?? 0) <= this.#maxBytes) return false;
    this.#coalescer?.makeRoom(this.#maxBytes - this.waitingBytes);
    return this.queuedBytes > this.#maxBytes;
  }

  /**
   * Holds a message back, or leaves it out, where it may be and its reader is behind.
   *
   * @param text of the message, as JSON
   * @returns false when it is to be sent now
   */
  defer(message: JsonRpcMessage, text: string): boolean {
    if (this.#coalescer !== undefined) this.#catchUp();
    // What was counted may have been taken meanwhile, and is never too little.
    if (!this.#isBehind(this.#countedBytes, text.length)) return false;
    const { waitingBytes } = this;
    if (!this.#isBehind(waitingBytes, text.length)) return false;
    const notice = droppableOf(message);
    if (notice === undefined) return false;
    this.#coalescer ??= new DeferredMessages(this.#total, () => this.#catchUp());
    return this.#coalescer.hold(notice, text, this.#maxBytes - waitingBytes);
  }

  /** A call is over: its progress matters no more. */
  endProgress(token: unknown): void {
    this.#coalescer?.drop(progressKey(token));
  }

  /**
   * Sends what was held back.
   *
   * @param nextBytes tells the length of what is sent next, and must find room after it
   */
  flush(nextBytes: () => number = () => 0): void {
    const backlog = this.#coalescer;
    if (backlog === undefined) return;
    this.#coalescer = undefined;
    const room = this.#maxBytes - this.waitingBytes - nextBytes();
    for (const text of backlog.drain(room)) this.#owner.sendDeferred(text);
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
    const isToBeRead = this.waitingBytes > 0;
    this.#settle();
    try {
      this.#controller?.close();
    } catch {
      // Already ended by its reader.
    }
    return isToBeRead;
  }

  /** Nothing more comes, and what waits is dropped. */
  fail(error: Error): void {
    this.#settle();
    try {
      this.#controller?.error(error);
    } catch {
      // Already ended by its reader.
    }
    this.discard();
  }

  /** Nobody reads any more: what still waits counts no longer. */
  discard(): void {
    this.#controller = undefined;
    this.syncCount();
  }

  /**
   * Sends what was held back, if the reader has taken all the rest.
   *
   * @returns whether it has
   */
  #catchUp(): boolean {
    const isRead = this.waitingBytes === 0;
    if (isRead) this.flush();
    return isRead;
  }

  /** Bytes in the queue of the stream. */
  #inQueue(): number {
    const waiting = this.#waiting;
    if (waiting === undefined) return 0;
    const chunks = -(this.#controller?.desiredSize ?? 0);
    while (waiting.length > chunks) this.#waitingBytes -= waiting.shift() ?? 0;
    if (waiting.length === 0) this.#waiting = undefined;
    return this.#waitingBytes;
  }

  #enqueue(frame: Uint8Array): void {
    // What is larger than the queue passes only as a whole, to a reader that waits for it.
    if (frame.byteLength <= CHUNK_BYTES || frame.byteLength > this.#maxBytes) {
      return this.#enqueueChunk(frame);
    }
    for (let start = 0; start < frame.byteLength; start += CHUNK_BYTES) {
      this.#enqueueChunk(frame.subarray(start, start + CHUNK_BYTES));
    }
  }

  #enqueueChunk(chunk: Uint8Array): void {
    const controller = this.#controller;
    if (controller === undefined) return;
    // What may wait for long must not keep alive the bytes it shares with others, which no limit
    // counts (`utf8.ts`); the first two are those with which a stream opens.
    controller.enqueue((this.#waiting?.length ?? 0) < 2 ? chunk : chunk.slice());
    // A reader that waited has it already.
    if ((controller.desiredSize ?? 0) >= 0) return;
    (this.#waiting ??= []).push(chunk.byteLength);
    this.#waitingBytes += chunk.byteLength;
  }

  #noteAnswer(): void {
    const taken = this.#writtenBytes - this.#countedBytes;
    const answers = this.#answers ??= [];
    while ((answers[0] ?? Infinity) <= taken) answers.shift();
    answers.push(this.#writtenBytes);
  }

  #isBehind(waitingBytes: number, length: number): boolean {
    return this.#coalescer !== undefined || waitingBytes > this.#maxBytes * SLOW_READER_RATIO ||
      waitingBytes > 0 && waitingBytes + length > this.#maxBytes;
  }

  #settle(): void {
    this.#sentAtEnd ??= this.sentBytes;
  }
}

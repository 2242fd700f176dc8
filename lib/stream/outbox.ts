/**
 * What waits for the reader of one stream, counted in bytes.
 *
 * In Deno a reader that stops makes nothing throw: a few megabytes vanish into kernel buffers, then
 * bytes stay in the stream's queue. This queue counts bytes and its high-water mark is 0, so
 * `-desiredSize` is exactly what waits, and `pull()` means that nothing does.
 *
 * @module
 */

/** Who wants to know that the reader is gone. */
export interface OutboxOwner {
  cancel(): void;
}

/** Who adds up what waits for all readers. */
export interface QueueTotal {
  /** So many more bytes wait; negative when they went. */
  addQueued(delta: number): void;
}

const BYTE_QUEUE = new ByteLengthQueuingStrategy({ highWaterMark: 0 });

/** No method throws, at any time. */
export class Outbox implements UnderlyingDefaultSource<Uint8Array> {
  /** The response body. */
  readonly readable: ReadableStream<Uint8Array>;
  readonly #owner: OutboxOwner;
  readonly #total: QueueTotal;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #writtenBytes = 0;
  /** What of this stream the total of all streams has counted in. */
  #countedBytes = 0;
  #isOver = false;

  constructor(owner: OutboxOwner, total: QueueTotal) {
    this.#owner = owner;
    this.#total = total;
    this.readable = new ReadableStream(this, BYTE_QUEUE);
  }

  /** Bytes that wait; those that outlive their stream are not counted any more. */
  get queuedBytes(): number {
    return this.#isOver ? 0 : Math.max(0, -(this.#controller?.desiredSize ?? 0));
  }

  /** Bytes that the transport has taken. */
  get sentBytes(): number {
    return this.#writtenBytes - this.queuedBytes;
  }

  /** Called by the stream. */
  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller;
  }

  /** Called by the stream when the reader has taken everything. */
  pull(): void {
    this.recount();
  }

  /** Called by the stream when its reader is gone. */
  cancel(): void {
    this.#owner.cancel();
  }

  /** @returns false when the stream cannot take it any more */
  add(frame: Uint8Array): boolean {
    try {
      this.#controller?.enqueue(frame);
    } catch {
      return false;
    }
    this.#writtenBytes += frame.byteLength;
    this.recount();
    return true;
  }

  /** Brings the total up to date: a reader takes bytes without telling, until it has taken all. */
  recount(): void {
    const delta = this.queuedBytes - this.#countedBytes;
    if (delta === 0) return;
    this.#countedBytes += delta;
    this.#total.addQueued(delta);
  }

  /**
   * Nothing more comes; what waits may still be read.
   *
   * @returns whether something waits
   */
  end(): boolean {
    const isToBeRead = this.queuedBytes > 0;
    this.#settle();
    try {
      this.#controller?.close();
    } catch {
      // Already ended by its reader.
    }
    return isToBeRead;
  }

  /** Nothing more comes, and what waits is dropped. */
  abandon(error: Error): void {
    this.#settle();
    try {
      this.#controller?.error(error);
    } catch {
      // Already ended by its reader.
    }
  }

  /** From here on what was sent stands: nobody can tell what becomes of what still waits. */
  #settle(): void {
    this.#writtenBytes -= this.queuedBytes;
    this.#isOver = true;
  }
}

import type { Sink, SinkOwner } from "./sink.ts";

/**
 * A queue that counts bytes itself would cost memory for each idle stream, and a checked call for each
 * chunk. Perf: queues that count chunks.
 */
const CHUNK_QUEUE = { highWaterMark: 0 };

/**
 * A response body, for a listener that pulls what it can write.
 *
 * Its high-water mark is 0, so `-desiredSize` is exactly how many chunks wait. A `pull()` would cost
 * each chunk a promise. Perf: streams without pull().
 */
export class BodySink implements Sink, UnderlyingDefaultSource<Uint8Array> {
  /** The response body. */
  readonly readable: ReadableStream<Uint8Array>;
  readonly #owner: SinkOwner;
  readonly #socket: { readonly unsentBytes: number };
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** Lengths of the chunks that wait, or waited when last asked, oldest first. */
  #waiting: number[] | undefined;
  #waitingBytes = 0;

  constructor(owner: SinkOwner, socket: { readonly unsentBytes: number }) {
    this.#owner = owner;
    this.#socket = socket;
    this.readable = new ReadableStream(this, CHUNK_QUEUE);
  }

  get waitingBytes(): number {
    return this.#inQueue() + this.#socket.unsentBytes;
  }

  get waitingChunks(): number {
    return this.#waiting?.length ?? 0;
  }

  /** Called by the stream. */
  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller;
  }

  /** Called by the stream when its reader is gone. */
  cancel(): void {
    // The stream is closed already; calling its `close()` would throw.
    this.#controller = undefined;
    this.#owner.cancel();
  }

  write(chunk: Uint8Array): void {
    const controller = this.#controller;
    if (controller === undefined) return;
    controller.enqueue(chunk);
    // A reader that waited has it already.
    if ((controller.desiredSize ?? 0) >= 0) return;
    // Perf: an array that grows from none has room for many, and most streams wait with one chunk.
    if (this.#waiting === undefined) this.#waiting = [chunk.byteLength];
    else this.#waiting.push(chunk.byteLength);
    this.#waitingBytes += chunk.byteLength;
  }

  end(): void {
    try {
      this.#controller?.close();
    } catch {
      // Already ended by its reader.
    }
  }

  fail(error: Error): void {
    try {
      this.#controller?.error(error);
    } catch {
      // Already ended by its reader.
    }
  }

  #inQueue(): number {
    const waiting = this.#waiting;
    if (waiting === undefined) return 0;
    const chunks = -(this.#controller?.desiredSize ?? 0);
    while (waiting.length > chunks) this.#waitingBytes -= waiting.shift() ?? 0;
    if (waiting.length === 0) this.#waiting = undefined;
    return this.#waitingBytes;
  }
}

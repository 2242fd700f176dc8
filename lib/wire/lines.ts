/** The end of a pipe from which lines come. */
export interface LineSource {
  readonly input: ReadableStream<Uint8Array>;
  /** Ends the connection from this side. */
  readonly signal?: AbortSignal;
}

/** Stands for a line that is longer than allowed, of which nothing is kept. */
export const TOO_LONG = Symbol("too long");

const LINE_FEED = 0x0a;

/**
 * The lines of the input, without their line feeds. The last line needs no line feed, unless this
 * side ends the connection.
 *
 * @param maxBytes maximum length of a line in bytes
 */
export async function* linesOf(
  { input, signal }: LineSource,
  maxBytes: number,
): AsyncGenerator<string | typeof TOO_LONG> {
  const chunks = chunksOf(input);
  const onAbort = () => void chunks.cancel().catch(() => {});
  signal?.addEventListener("abort", onAbort, { once: true });
  const line = new Line(maxBytes);
  try {
    for (let chunk = await chunks.read(); chunk !== undefined; chunk = await chunks.read()) {
      let rest = chunk;
      for (let at = rest.indexOf(LINE_FEED); at >= 0; at = rest.indexOf(LINE_FEED)) {
        line.add(rest.subarray(0, at));
        yield line.take();
        rest = rest.subarray(at + 1);
      }
      line.keep(rest);
    }
    if (!line.isEmpty && !signal?.aborted) yield line.take();
  } finally {
    signal?.removeEventListener("abort", onAbort);
    onAbort();
  }
}

/** Reads a stream in chunks; a chunk is valid until the next one is read. */
interface Chunks {
  /** The next chunk; undefined at the end. */
  read(): Promise<Uint8Array | undefined>;
  cancel(): Promise<void>;
}

function chunksOf(input: ReadableStream<Uint8Array>): Chunks {
  try {
    return new ByteChunks(input.getReader({ mode: "byob" }));
  } catch {
    // It is no stream of bytes, such as one that a program makes.
    const reader = input.getReader();
    return {
      read: async () => (await reader.read()).value,
      cancel: () => reader.cancel(),
    };
  }
}

/** First and largest size of a buffer (bytes). */
const MIN_BUFFER = 4_096;
const MAX_BUFFER = 65_536;

/**
 * Reads into one buffer. A pipe waits for its next bytes nearly always, and the runtime's own buffer
 * for that is large; this one grows while much comes.
 */
class ByteChunks implements Chunks {
  readonly #reader: ReadableStreamBYOBReader;
  #buffer = new Uint8Array(MIN_BUFFER);

  constructor(reader: ReadableStreamBYOBReader) {
    this.#reader = reader;
  }

  async read(): Promise<Uint8Array | undefined> {
    const { value, done } = await this.#reader.read(this.#buffer);
    if (done) return undefined;
    const { buffer, byteLength } = value;
    const isFull = byteLength === buffer.byteLength && byteLength < MAX_BUFFER;
    this.#buffer = isFull ? new Uint8Array(byteLength * 2) : new Uint8Array(buffer);
    return value;
  }

  cancel(): Promise<void> {
    return this.#reader.cancel();
  }
}

/** The bytes of one line on their way in. */
class Line {
  readonly #maxBytes: number;
  readonly #decoder = new TextDecoder();
  #parts: Uint8Array[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  add(part: Uint8Array): void {
    this.#bytes += part.byteLength;
    if (this.#bytes > this.#maxBytes) this.#parts = [];
    else if (part.byteLength > 0) this.#parts.push(part);
  }

  /** As `add()`, for a part whose bytes change before the line is taken. */
  keep(part: Uint8Array): void {
    this.add(this.#bytes + part.byteLength > this.#maxBytes ? part : part.slice());
  }

  /** The line, and begins the next one. */
  take(): string | typeof TOO_LONG {
    const isTooLong = this.#bytes > this.#maxBytes;
    const parts = this.#parts;
    this.#parts = [];
    this.#bytes = 0;
    if (isTooLong) return TOO_LONG;
    const text = parts.map((part) => this.#decoder.decode(part, { stream: true })).join("");
    return text + this.#decoder.decode();
  }
}

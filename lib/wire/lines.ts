/** The end of a pipe from which lines come. */
export interface LineSource {
  readonly input: ReadableStream<Uint8Array>;
  /** Ends the connection from this side. */
  readonly signal?: AbortSignal;
  /** Whether the rest is read to its end and dropped. */
  readonly isIgnored?: () => boolean;
}

/** Stands for a line that is longer than allowed, of which nothing is kept. */
export const TOO_LONG = Symbol("too long");

const LINE_FEED = 0x0a;
const NOTHING = new Uint8Array(0);

/**
 * The lines of the input, without their line feeds. The last line needs no line feed, unless this
 * side ends the connection. A line that is too long is told at once, because it may never end.
 *
 * @param maxBytes maximum length of a line in bytes
 */
export async function* linesOf(
  { input, signal, isIgnored = () => false }: LineSource,
  maxBytes: number,
): AsyncGenerator<string | typeof TOO_LONG> {
  const chunks = chunksOf(input);
  const onAbort = () => void chunks.cancel().catch(() => {});
  signal?.addEventListener("abort", onAbort);
  const line = new Line(maxBytes);
  try {
    for (let chunk = await chunks.read(); chunk !== undefined; chunk = await chunks.read()) {
      let rest = isIgnored() ? NOTHING : chunk;
      for (let at = rest.indexOf(LINE_FEED); at >= 0; at = rest.indexOf(LINE_FEED)) {
        line.add(rest.subarray(0, at));
        const isToldOf = line.isToldOf;
        const taken = line.take();
        if (!isToldOf) yield taken;
        rest = isIgnored() ? NOTHING : rest.subarray(at + 1);
      }
      line.keep(rest);
      if (!line.isToldOf && line.isTooLong) {
        line.isToldOf = true;
        yield TOO_LONG;
      }
    }
    if (!line.isEmpty && !line.isToldOf && !signal?.aborted) yield line.take();
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
    // It is not a byte stream, such as one that a program makes.
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
  /** Whether the reader knows that the line is too long. */
  isToldOf = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  get isTooLong(): boolean {
    return this.#bytes > this.#maxBytes;
  }

  add(part: Uint8Array): void {
    this.#bytes += part.byteLength;
    if (this.isTooLong) this.#parts = [];
    else if (part.byteLength > 0) this.#parts.push(part);
  }

  /** As `add()`, for a part whose bytes change before the line is taken. */
  keep(part: Uint8Array): void {
    this.add(part.slice());
  }

  /** The line, and begins the next one. */
  take(): string | typeof TOO_LONG {
    const { isTooLong } = this;
    const parts = this.#parts;
    this.#parts = [];
    this.#bytes = 0;
    this.isToldOf = false;
    if (isTooLong) return TOO_LONG;
    const text = parts.map((part) => this.#decoder.decode(part, { stream: true })).join("");
    return text + this.#decoder.decode();
  }
}

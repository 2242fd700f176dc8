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
  const reader = input.getReader();
  const onAbort = () => void reader.cancel().catch(() => {});
  signal?.addEventListener("abort", onAbort, { once: true });
  const line = new Line(maxBytes);
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      let rest = chunk.value;
      for (let at = rest.indexOf(LINE_FEED); at >= 0; at = rest.indexOf(LINE_FEED)) {
        line.add(rest.subarray(0, at));
        yield line.take();
        rest = rest.subarray(at + 1);
      }
      line.add(rest);
    }
    if (!line.isEmpty && !signal?.aborted) yield line.take();
  } finally {
    signal?.removeEventListener("abort", onAbort);
    onAbort();
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

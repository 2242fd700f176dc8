const LF = 0x0a;
const CR = 0x0d;

/**
 * A `fetch` that cuts an answer off when one message in it has too many bytes, because the client
 * library collects each message in memory.
 *
 * @param maxBytes of an event, or of a whole answer that is no event stream
 */
export function boundedFetch(maxBytes: number): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    const { body, status, statusText, headers, url } = response;
    if (body === null) return response;
    const isEvents = headers.get("content-type")?.startsWith("text/event-stream") ?? false;
    const bound = new MessageBound(maxBytes, isEvents);
    const bounded = new Response(
      body.pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>({
          transform(chunk, controller) {
            if (bound.allows(chunk)) controller.enqueue(chunk);
            else controller.error(new Error(`it sent a message of more than ${maxBytes} bytes`));
          },
        }),
      ),
      { status, statusText, headers },
    );
    return Object.defineProperty(bounded, "url", { value: url });
  };
}

/** Counts the bytes of the current message: since the last empty line, or since the start. */
class MessageBound {
  readonly #maxBytes: number;
  readonly #isEvents: boolean;
  #bytes = 0;
  /** Whether the current line has no character yet. */
  #isLineEmpty = true;

  constructor(maxBytes: number, isEvents: boolean) {
    this.#maxBytes = maxBytes;
    this.#isEvents = isEvents;
  }

  allows(chunk: Uint8Array): boolean {
    if (!this.#isEvents) return (this.#bytes += chunk.byteLength) <= this.#maxBytes;
    for (const byte of chunk) {
      this.#bytes++;
      if (byte === LF && this.#isLineEmpty) this.#bytes = 0;
      else if (this.#bytes > this.#maxBytes) return false;
      if (byte !== CR) this.#isLineEmpty = byte === LF;
    }
    return true;
  }
}

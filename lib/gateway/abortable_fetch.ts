/**
 * A `fetch` whose signal also ends a body that is being read.
 *
 * Deno's own keeps nothing that leads from the signal to the body: once garbage was collected, an
 * abort is lost and the connection stays open.
 *
 * @module
 */

/**
 * Makes such a `fetch` of another one.
 *
 * @returns a function that gives responses whose bodies fail with the reason of `init.signal`
 */
export function abortable(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    const { body, status, statusText, headers, url } = response;
    const { signal } = init ?? {};
    if (body === null || signal == null) return response;
    const stream = new ReadableStream(new AbortableSource(body, signal), { highWaterMark: 0 });
    const followed = new Response(stream, { status, statusText, headers });
    return Object.defineProperty(followed, "url", { value: url });
  };
}

class AbortableSource implements UnderlyingDefaultSource<Uint8Array> {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #signal: AbortSignal;
  #isEnded = false;
  /** As a listener it also keeps alive a signal that depends on others. */
  #onAbort = () => {};

  constructor(body: ReadableStream<Uint8Array>, signal: AbortSignal) {
    this.#reader = body.getReader();
    this.#signal = signal;
  }

  /** Called by the stream. */
  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#onAbort = () => {
      controller.error(this.#signal.reason);
      this.cancel(this.#signal.reason).catch(() => {});
    };
    if (this.#signal.aborted) this.#onAbort();
    else this.#signal.addEventListener("abort", this.#onAbort);
  }

  /** Called by the stream. */
  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      const { done, value } = await this.#reader.read();
      if (this.#isEnded) return;
      if (!done) return controller.enqueue(value);
    } catch (error) {
      this.#end();
      throw error;
    }
    this.#end();
    controller.close();
  }

  /** Called by the stream when its reader is gone. */
  cancel(reason: unknown): Promise<void> {
    this.#end();
    return this.#reader.cancel(reason);
  }

  /** A signal may outlive many bodies. */
  #end(): void {
    this.#isEnded = true;
    this.#signal.removeEventListener("abort", this.#onAbort);
  }
}

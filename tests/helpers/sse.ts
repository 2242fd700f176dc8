/**
 * Reading event streams with a real parser.
 *
 * @module
 */
import { createParser, type EventSourceMessage } from "../deps/eventsource_parser.ts";

/** One event, or one comment line. */
export interface ReadEvent {
  readonly event: string | undefined;
  readonly id: string | undefined;
  readonly data: string;
  /** The data parsed; undefined where it is not JSON. */
  // deno-lint-ignore no-explicit-any -- a test looks into whatever came
  readonly json: any;
}

const PATIENCE_MS = 30_000;
// Taken before any test makes time stand still.
const { setTimeout: realSetTimeout, clearTimeout: realClearTimeout } = globalThis;

/** A stream that a test reads event by event. */
export class EventReader {
  readonly comments: string[] = [];
  /** All text received so far, unchanged. */
  text = "";
  readonly retries: number[] = [];
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  readonly #events: ReadEvent[] = [];
  readonly #parser = createParser({
    onEvent: (event) => void this.#events.push(toReadEvent(event)),
    onComment: (comment) => void this.comments.push(comment),
    onRetry: (retry) => void this.retries.push(retry),
  });

  constructor(response: Response) {
    if (response.body === null) throw new TypeError("Cannot read events: no body");
    this.#reader = response.body.getReader();
  }

  /** The next event; undefined at the end of the stream. */
  async next(): Promise<ReadEvent | undefined> {
    while (this.#events.length === 0) {
      const { done, value } = await this.#read();
      if (done) return undefined;
      const text = this.#decoder.decode(value, { stream: true });
      this.text += text;
      this.#parser.feed(text);
    }
    return this.#events.shift();
  }

  /** One read. A test that waits for what never comes fails and says so, rather than hang. */
  async #read(): Promise<ReadableStreamReadResult<Uint8Array>> {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = realSetTimeout(
      () => reject(new Error(`Nothing came for ${PATIENCE_MS} ms after: ${this.text}`)),
      PATIENCE_MS,
    );
    try {
      return await Promise.race([this.#reader.read(), promise]);
    } finally {
      realClearTimeout(timer);
    }
  }

  /** The next event of that name; those before it are passed over. */
  async nextNamed(name: string): Promise<ReadEvent> {
    for (let event = await this.next(); event !== undefined; event = await this.next()) {
      if ((event.event ?? "message") === name) return event;
    }
    throw new Error(`Stream ended before an event ${name}`);
  }

  /** All events until the stream ends. */
  async rest(): Promise<ReadEvent[]> {
    const events: ReadEvent[] = [];
    for (let event = await this.next(); event !== undefined; event = await this.next()) {
      events.push(event);
    }
    return events;
  }

  /** Leaves, like a browser whose window is closed. */
  async leave(): Promise<void> {
    await this.#reader.cancel();
  }
}

function toReadEvent({ event, id, data }: EventSourceMessage): ReadEvent {
  let json: unknown;
  try {
    json = JSON.parse(data);
  } catch {
    json = undefined;
  }
  return { event, id, data, json };
}

import { messageOf } from "../base/errors.ts";
import { abortable } from "./abortable_fetch.ts";

/** A URL in a text; its user and its query may hold secrets. */
const URL_REGEXP = /(https?:\/\/)(?:[^\s/@]*@)?([^\s?#)]*)(\?[^\s)]*)?/g;
const LF = 0x0a;
const CR = 0x0d;

/** A part of an event stream that was read. */
export interface ReadPart {
  readonly bytes: number;
  /** Empty lines in it: each ends an event, which may be empty, too. */
  readonly events: number;
}

/**
 * A `fetch` that cuts an answer off when one message in it has too many bytes, because the client
 * library collects each message in memory. Its errors show no secret of a URL, because they reach the
 * log and clients.
 *
 * @param maxBytes of an event, or of a whole answer that is not an event stream
 * @param mayReadOn called with each part; settles once the next one may be read; undefined if it may
 */
export function boundedFetch(
  maxBytes: number,
  mayReadOn: (part: ReadPart) => Promise<void> | undefined = () => undefined,
): typeof fetch {
  const send = abortable(fetch);
  return async (input, init) => {
    const response = await send(input, init).catch((error) => {
      throw error instanceof TypeError ? withoutSecrets(error) : error;
    });
    const { body, status, statusText, headers, url } = response;
    if (body === null) return response;
    if (status !== 200 && (init?.method ?? "GET") === "GET") {
      // The library leaves the body of a refused stream unread, which keeps its connection open.
      await body.cancel();
      return new Response(null, { status, statusText, headers });
    }
    const isEvents = headers.get("content-type")?.startsWith("text/event-stream") ?? false;
    const bound = new MessageBound(maxBytes, isEvents);
    const bounded = new Response(
      body.pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>({
          transform(chunk, controller) {
            if (bound.allows(chunk)) controller.enqueue(chunk);
            else controller.error(new Error(`it sent a message of more than ${maxBytes} bytes`));
            return mayReadOn({ bytes: chunk.byteLength, events: bound.countEvents() });
          },
        }),
      ),
      { status, statusText, headers },
    );
    return Object.defineProperty(bounded, "url", { value: url });
  };
}

function withoutSecrets(error: TypeError): TypeError {
  const shown = (text: string) =>
    text.replaceAll(
      URL_REGEXP,
      (_, scheme, rest, query) => `${scheme}${rest}${query === undefined ? "" : "?…"}`,
    );
  const { cause } = error;
  const options = cause === undefined ? {} : { cause: new Error(shown(messageOf(cause))) };
  return new TypeError(shown(error.message), options);
}

/** Counts the bytes of the current message: since the last empty line, or since the start. */
class MessageBound {
  readonly #maxBytes: number;
  readonly #isEvents: boolean;
  #bytes = 0;
  /** Empty lines since they were last counted. */
  #events = 0;
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
      if (byte === LF && this.#isLineEmpty) {
        this.#bytes = 0;
        this.#events++;
      } else if (this.#bytes > this.#maxBytes) return false;
      if (byte !== CR) this.#isLineEmpty = byte === LF;
    }
    return true;
  }

  /** The empty lines since the last call. */
  countEvents(): number {
    const events = this.#events;
    this.#events = 0;
    return events;
  }
}

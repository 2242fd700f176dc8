import { messageOf } from "../base/errors.ts";
import { abortable } from "./abortable_fetch.ts";

/** A URL in a text; its user and its query may hold secrets. */
const URL_REGEXP = /(https?:\/\/)(?:[^\s/@]*@)?([^\s?#)]*)(\?[^\s)]*)?/g;
const LF = 0x0a;
const CR = 0x0d;

/**
 * A `fetch` that cuts an answer off when one message in it has too many bytes, because the client
 * library collects each message in memory. Its errors show no secret of a URL, because they reach the
 * log and clients.
 *
 * @param maxBytes of an event, or of a whole answer that is no event stream
 * @param whenTaken settles once the earlier messages were taken; undefined if they were
 */
export function boundedFetch(
  maxBytes: number,
  whenTaken: () => Promise<void> | undefined = () => undefined,
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
            return whenTaken();
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

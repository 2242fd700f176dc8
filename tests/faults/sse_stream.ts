/**
 * An event stream on a raw socket, so that its client can misbehave at any moment.
 *
 * @module
 */
import { createParser, type EventSourceMessage } from "../deps/eventsource_parser.ts";
import { encodeRequest } from "./http.ts";
import { type ResponseHead, ResponseParser } from "./http_response.ts";
import { RawSocket, type Target } from "./socket.ts";

/** How a stream ended: `complete` is a whole HTTP response, `truncated` one cut off by a FIN. */
export type StreamEnd = "complete" | "truncated" | "reset" | "left";

/** How to open a stream. */
export interface StreamRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The first JSON-RPC message; absent for an empty body. */
  readonly message?: unknown;
  readonly onEvent?: (event: EventSourceMessage) => void;
  /** Told of a `retry:`. */
  readonly onRetry?: (ms: number) => void;
}

export class SseStream implements Disposable {
  readonly socket: RawSocket;
  /** Settles when the response or its connection ends. */
  readonly ended: Promise<StreamEnd>;
  readonly #head = Promise.withResolvers<ResponseHead>();

  private constructor(socket: RawSocket, told: Pick<StreamRequest, "onEvent" | "onRetry">) {
    this.socket = socket;
    const complete = Promise.withResolvers<StreamEnd>();
    const decoder = new TextDecoder();
    const events = createParser(told);
    const parser = new ResponseParser({
      onHead: this.#head.resolve,
      onBody: (bytes) => events.feed(decoder.decode(bytes, { stream: true })),
      onComplete: () => complete.resolve("complete"),
    });
    socket.onBytes = (bytes) => parser.push(bytes);
    void socket.ended.then((end) => {
      this.#head.reject(new Error(`Connection ended before a response: ${end}`));
      complete.resolve(STREAM_END[end]);
    });
    this.#head.promise.catch(() => {});
    this.ended = complete.promise;
  }

  /** Opens a plain stream, unless told otherwise; it is open when this resolves. */
  static async open(target: Target, request: StreamRequest = {}): Promise<SseStream> {
    const { method = "POST", path = "/mcp/sse", headers, message } = request;
    const stream = new SseStream(await RawSocket.connect(target), request);
    stream.socket.write(encodeRequest({
      method,
      path,
      headers: {
        "accept": "text/event-stream",
        "content-type": "application/json",
        "user-agent": "lifeline-faults",
        ...headers,
      },
      body: message === undefined ? "" : JSON.stringify(message),
    }));
    await stream.#head.promise;
    return stream;
  }

  /** Status and headers of the response. */
  get head(): Promise<ResponseHead> {
    return this.#head.promise;
  }

  [Symbol.dispose](): void {
    this.socket.close();
  }
}

const STREAM_END = { eof: "truncated", reset: "reset", closed_here: "left" } as const;

/**
 * Answers of the app on a response of `node:http`.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { NodePeer } from "./node_peer.ts";
import type { NodeSink } from "./node_sink.ts";
import { afterRequest, canTakeSocket, takeSocket } from "./take_socket.ts";

/** A request, its response and its peer. */
export interface Answered {
  readonly incoming: IncomingMessage;
  readonly out: ServerResponse;
  readonly peer: NodePeer;
}

/**
 * Responses with these statuses may leave the rest of a request unread, so the socket must be
 * closed.
 */
const ENDS_SOCKET = new Set([408, 413, 431]);

/** Sends a response; never throws, and never rejects later. */
export function sendResponse(response: Response, out: ServerResponse): void {
  const { status, body } = response;
  const headers = headersOf(response);
  if (ENDS_SOCKET.has(status)) destroyOnceSent(out);
  if (body !== null && headers["content-type"] === "text/event-stream") {
    out.writeHead(status, headers).flushHeaders();
    new StreamPump(body, out).start();
  } else if (body === null) {
    out.writeHead(status, headers).end();
  } else {
    response.bytes().then((bytes) => {
      headers["content-length"] = String(bytes.byteLength);
      out.writeHead(status, headers).end(bytes);
    }).catch(() => void out.destroy());
  }
}

/** Sends the response whose bytes come through a sink. */
export function sendStream(
  response: Response,
  sink: NodeSink,
  { incoming, out, peer }: Answered,
): void {
  if (!sink.isLongLived || !canTakeSocket(incoming)) {
    return sink.start({ status: response.status, headers: headersOf(response) });
  }
  afterRequest(incoming, () => {
    if (out.destroyed || incoming.socket.destroyed) return;
    peer.dropResponse();
    sink.startOn(takeSocket(incoming, out), response);
  });
}

function headersOf(response: Response): Record<string, string> {
  const headers: Record<string, string> = {};
  // Perf: an iterator of `Headers` costs three times as much.
  response.headers.forEach((value, name) => headers[name] = value);
  return headers;
}

/** A client that keeps sending unread data would keep the socket open. */
function destroyOnceSent(out: ServerResponse): void {
  const { socket } = out;
  out.shouldKeepAlive = false;
  out.once("finish", () => socket?.destroySoon());
}

/**
 * Writes a stream to the socket, no faster than the socket takes it: the rest stays in the queue of
 * the stream, where a stalled reader is seen. This is an object because the frame of an `async`
 * function would keep the response alive as long as the stream.
 */
class StreamPump {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #out: ServerResponse;

  constructor(body: ReadableStream<Uint8Array>, out: ServerResponse) {
    this.#reader = body.getReader();
    this.#out = out;
  }

  start(): void {
    this.#out.on("close", () => void this.#reader.cancel().catch(() => {}));
    this.#next();
  }

  #next(): void {
    // A stream that is cut off rejects: nothing more can be said on this socket.
    this.#reader.read().then((read) => this.#write(read), () => void this.#out.destroy());
  }

  #write({ done, value }: ReadableStreamReadResult<Uint8Array>): void {
    const out = this.#out;
    if (done) out.end();
    else if (out.write(value)) this.#next();
    else if (!out.destroyed) out.once("drain", () => this.#next());
  }
}

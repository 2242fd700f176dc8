/**
 * Event streams as responses of `node:http`, without a stream or a promise in between.
 *
 * @module
 */
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { opening } from "./stream_opening.ts";
import type { Sink, SinkOwner } from "../../stream/out/sink.ts";

/** The head of a response. */
export interface Head {
  readonly status: number;
  readonly headers: Record<string, string>;
}

/** The response to a request, or its socket once the stream has taken that over. */
type Out = ServerResponse | Socket;

/** Silence after which the kernel asks whether the peer is there (ms). */
const KEEP_ALIVE_MS = 30_000;
const CRLF = "\r\n";
const ENCODER = new TextEncoder();
const CRLF_BYTES = ENCODER.encode(CRLF);
const LAST_CHUNK = ENCODER.encode(`0${CRLF}${CRLF}`);
let lastChunk: Uint8Array | undefined;
let lastFramed: Uint8Array | undefined;

/**
 * Writes one stream. Bytes before its head wait here. A long-lived stream takes over the socket,
 * because the objects that `node:http` keeps for each request and socket are several times as large
 * as the socket.
 */
export class NodeSink implements Sink {
  readonly #owner: SinkOwner;
  readonly isLongLived: boolean;
  #out: Out;
  /** Chunks before the head; undefined once it is sent. */
  #early: Uint8Array[] | undefined = [];
  #hasEnded = false;
  /** Whether this class, and not `node:http`, writes the frames around chunks. */
  #isFramed = false;
  #isKeptAlive = false;

  constructor(owner: SinkOwner, out: ServerResponse) {
    this.#owner = owner;
    this.isLongLived = owner.isLongLived;
    this.#out = out;
  }

  get waitingBytes(): number {
    let bytes = this.#out.writableLength;
    for (const chunk of this.#early ?? []) bytes += chunk.byteLength;
    return bytes;
  }

  get waitingChunks(): number {
    return this.#early?.length ?? 0;
  }

  write(chunk: Uint8Array): void {
    if (this.#early !== undefined) return void this.#early.push(chunk);
    const out = this.#out;
    if (out.destroyed) return;
    if (!this.#isKeptAlive) this.#keepAlive();
    out.write(this.#isFramed ? framed(chunk) : chunk);
  }

  end(): void {
    this.#hasEnded = true;
    if (this.#early !== undefined) return;
    const out = this.#out;
    if (!this.#isFramed) return void out.end();
    out.write(LAST_CHUNK);
    (out as Socket).destroySoon();
  }

  fail(): void {
    this.#out.destroy();
  }

  /** The client has left. */
  close(): void {
    this.#owner.cancel();
  }

  /** Sends the head and the waiting bytes as a response of `node:http`. */
  start({ status, headers }: Head): void {
    const out = this.#out as ServerResponse;
    out.writeHead(status, headers);
    const early = this.#takeEarly();
    if (early.length === 0) out.flushHeaders();
    for (const chunk of early) out.write(chunk);
    if (this.#hasEnded) this.end();
  }

  /** Sends the head, and the bytes that wait for it, on the socket itself. */
  startOn(socket: Socket, response: Response): void {
    this.#out = socket;
    this.#isFramed = true;
    socket.on("close", () => this.close());
    socket.write(opening(response, this.#takeEarly()));
    if (this.#hasEnded) this.end();
  }

  /** Not when it opens, because a stream that ends soon needs none. */
  #keepAlive(): void {
    this.#isKeptAlive = true;
    const out = this.#out;
    const socket = "setKeepAlive" in out ? out : out.socket;
    socket?.setKeepAlive(true, KEEP_ALIVE_MS);
  }

  #takeEarly(): readonly Uint8Array[] {
    const early = this.#early ?? [];
    this.#early = undefined;
    return early;
  }
}

/** A chunk in its frame (RFC 9112, 7.1). Keepalives of streams that ping together are one chunk. */
function framed(chunk: Uint8Array): Uint8Array {
  if (chunk === lastChunk && lastFramed !== undefined) return lastFramed;
  const size = ENCODER.encode(chunk.byteLength.toString(16) + CRLF);
  const whole = new Uint8Array(size.byteLength + chunk.byteLength + CRLF.length);
  whole.set(size);
  whole.set(chunk, size.byteLength);
  whole.set(CRLF_BYTES, size.byteLength + chunk.byteLength);
  lastChunk = chunk;
  return lastFramed = whole;
}

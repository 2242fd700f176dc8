/**
 * Event streams as responses of `node:http`, without a stream or a promise in between.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { encodeShared } from "../../stream/out/encoder.ts";
import type { Sink, SinkOwner } from "../../stream/out/sink.ts";

/** The head of a response. */
export interface Head {
  readonly status: number;
  readonly headers: Record<string, string>;
}

/** The response to a request, or its socket once the stream has taken that over. */
type Out = ServerResponse | Socket;

const CRLF = "\r\n";
// deno-lint-ignore no-control-regex -- the range is ASCII
const ASCII_REGEXP = /^[\x00-\x7f]*$/;
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
    if (this.#early !== undefined) this.#early.push(chunk);
    else if (!this.#out.destroyed) this.#out.write(this.#isFramed ? framed(chunk) : chunk);
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

  /** Sends the head, and what came before it, on the socket itself. */
  startOn(socket: Socket, head: Head): void {
    this.#out = socket;
    this.#isFramed = true;
    socket.on("close", () => this.close());
    socket.write(opening(head, this.#takeEarly()));
    if (this.#hasEnded) this.end();
  }

  #takeEarly(): readonly Uint8Array[] {
    const early = this.#early ?? [];
    this.#early = undefined;
    return early;
  }
}

/**
 * A response whose end the connection's end announces (RFC 9112, 9.6), with what came before its head
 * as one chunk (7.1). All of it is one write, because each is a system call and wakes the client.
 */
function opening(head: Head, early: readonly Uint8Array[]): Uint8Array {
  const size = early.reduce((sum, { byteLength }) => sum + byteLength, 0);
  // A chunk of no bytes would be the last one.
  if (size === 0) return encodeHead(headText(head));
  const text = headText(head) + size.toString(16) + CRLF;
  return Buffer.concat([encodeHead(text), ...early, CRLF_BYTES]);
}

function headText({ status, headers }: Head): string {
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}${CRLF}`;
  for (const name in headers) text += `${name}: ${headers[name]}${CRLF}`;
  return `${text}date: ${new Date().toUTCString()}${CRLF}connection: close${CRLF}` +
    `transfer-encoding: chunked${CRLF}${CRLF}`;
}

/** A header has one byte for each character (Fetch, "byte sequence"). */
function encodeHead(text: string): Uint8Array {
  return ASCII_REGEXP.test(text) ? encodeShared(text) : Buffer.from(text, "latin1");
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

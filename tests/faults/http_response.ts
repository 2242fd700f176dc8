/**
 * Reading an HTTP/1.1 response by hand.
 *
 * @module
 */

/** Status line and headers of a response. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: Headers;
}

/** The events of a {@linkcode ResponseParser}. */
export interface ResponseEvents {
  readonly onHead?: (head: ResponseHead) => void;
  readonly onBody?: (bytes: Uint8Array) => void;
  readonly onComplete?: () => void;
}

type Phase = "head" | "size" | "data" | "data_end" | "trailer" | "until_close" | "complete";

/** Reads one response, of declared length, chunked, or up to the end of the connection. */
export class ResponseParser {
  head: ResponseHead | undefined;
  readonly #events: ResponseEvents;
  #phase: Phase = "head";
  #isChunked = false;
  #left = 0;
  #buffer = new Uint8Array(0);

  readonly #isHead: boolean;

  /** @param isHead whether the request was a HEAD, whose response has no body */
  constructor(events: ResponseEvents, { isHead = false }: { readonly isHead?: boolean } = {}) {
    this.#events = events;
    this.#isHead = isHead;
  }

  get isComplete(): boolean {
    return this.#phase === "complete";
  }

  push(bytes: Uint8Array): void {
    this.#buffer = this.#buffer.length === 0 ? bytes.slice() : joinBytes([this.#buffer, bytes]);
    while (this.#buffer.length > 0 && this.#step());
  }

  /** Takes the next piece; false when more bytes are needed. */
  #step(): boolean {
    if (this.#phase === "complete") return false;
    if (this.#phase === "until_close") return this.#takeBody(this.#buffer.length);
    if (this.#phase === "data") return this.#takeData();
    const text = this.#takeText(this.#phase === "head" ? "\r\n\r\n" : "\r\n");
    if (text === undefined) return false;
    if (this.#phase === "head") this.#takeHead(text);
    else if (this.#phase === "size") this.#takeSize(text);
    else if (this.#phase === "data_end") this.#phase = "size";
    else if (text === "") this.#complete();
    return true;
  }

  #takeHead(text: string): void {
    const [statusLine = "", ...lines] = text.split("\r\n");
    const match = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(statusLine);
    if (match === null) throw new Error(`Not an HTTP response: ${statusLine}`);
    const headers = new Headers(
      lines.map((line) => line.split(/: ?(.*)/s, 2) as [string, string]),
    );
    const status = Number(match[1]);
    // An interim response: the real one follows.
    if (status < 200) return;
    this.head = { status, headers };
    this.#events.onHead?.(this.head);
    const length = headers.get("content-length");
    this.#isChunked = headers.get("transfer-encoding") === "chunked";
    if (this.#isHead || status === 204 || status === 304) this.#complete();
    else if (this.#isChunked) this.#phase = "size";
    else if (length === null) this.#phase = "until_close";
    else if (Number(length) === 0) this.#complete();
    else this.#expect(Number(length));
  }

  #takeSize(text: string): void {
    if (!/^[0-9a-f]+(;|$)/i.test(text)) throw new Error(`Not a chunk size: ${text}`);
    const size = Number.parseInt(text, 16);
    if (size === 0) this.#phase = "trailer";
    else this.#expect(size);
  }

  #expect(bytes: number): void {
    this.#left = bytes;
    this.#phase = "data";
  }

  #takeData(): boolean {
    const taken = Math.min(this.#left, this.#buffer.length);
    this.#left -= taken;
    this.#takeBody(taken);
    if (this.#left > 0) return false;
    if (this.#isChunked) this.#phase = "data_end";
    else this.#complete();
    return true;
  }

  #takeBody(length: number): boolean {
    this.#events.onBody?.(this.#buffer.subarray(0, length));
    this.#buffer = this.#buffer.subarray(length);
    return false;
  }

  #takeText(end: string): string | undefined {
    const text = new TextDecoder("latin1").decode(this.#buffer.subarray(0, 65_536));
    const index = text.indexOf(end);
    if (index < 0) return undefined;
    this.#buffer = this.#buffer.subarray(index + end.length);
    return text.slice(0, index);
  }

  #complete(): void {
    this.#phase = "complete";
    this.#events.onComplete?.();
  }
}

/** One array of all bytes. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

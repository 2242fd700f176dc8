import type { IncomingMessage } from "node:http";
import type { BodyPace } from "./body_pace.ts";
import { NodeHeaders } from "./node_headers.ts";
import { UNNAMED_AUTHORITY } from "./node_peer.ts";

const DECODER = new TextDecoder();

/**
 * A `node:http` request as a `Request`. The app reads few members of most requests, so each member
 * is made when it is first read. A body that is read whole never becomes a stream.
 */
export class NodeRequest {
  readonly #incoming: IncomingMessage;
  readonly #pace: BodyPace;
  #headers: NodeHeaders | undefined;
  #abort: AbortController | undefined;
  #hasLeft = false;
  #body: ReadableStream<Uint8Array> | null | undefined;
  #isUsed = false;
  /** Whether the rest of the body is discarded. */
  #isDropped = false;

  /** @param pace of the bodies of all requests; those that are read whole are too small for it */
  constructor(incoming: IncomingMessage, pace: BodyPace) {
    this.#incoming = incoming;
    this.#pace = pace;
  }

  get method(): string {
    return this.#incoming.method ?? "GET";
  }

  get url(): string {
    const target = this.#incoming.url ?? "/";
    const authority = this.headers.get("host") ?? UNNAMED_AUTHORITY;
    if (target === "*") return `http://${authority}/*`;
    return target.startsWith("/") ? `http://${authority}${target}` : target;
  }

  get headers(): NodeHeaders {
    return this.#headers ??= new NodeHeaders(this.#incoming.rawHeaders);
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#hasLeft) this.#abort.abort();
    return this.#abort.signal;
  }

  get bodyUsed(): boolean {
    return this.#isUsed;
  }

  get body(): ReadableStream<Uint8Array> | null {
    return this.#body ??= this.#hasBody() ? this.#stream() : null;
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  async text(): Promise<string> {
    return DECODER.decode(await this.bytes());
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.bytes()).slice().buffer as ArrayBuffer;
  }

  bytes(): Promise<Uint8Array> {
    if (this.#isUsed) return Promise.reject(new TypeError("The body has been read already"));
    this.#isUsed = true;
    return readWhole(this.#incoming);
  }

  /** Called when the client has left before it was answered. */
  clientLeft(): void {
    this.#hasLeft = true;
    this.#abort?.abort();
  }

  /**
   * Discards what the app has not read of the body, because otherwise the socket would stay as it is
   * as long as its client. A body that does not end in time ends its socket.
   *
   * @param withinMs from now on
   */
  dropBody(withinMs: number): void {
    const incoming = this.#incoming;
    const { socket } = incoming;
    if (incoming.complete || socket.destroyed || !this.#hasBody()) return;
    this.#isDropped = true;
    const timer = setTimeout(() => socket.destroy(), withinMs);
    const onOver = () => {
      clearTimeout(timer);
      socket.off("close", onOver);
    };
    socket.once("close", onOver);
    const read = () => void incoming.resume();
    incoming.on("data", () => {
      incoming.pause();
      this.#pace.take(read);
    });
    incoming.once("end", onOver);
    this.#pace.take(read);
  }

  #hasBody(): boolean {
    const { headers } = this;
    return headers.has("transfer-encoding") || (headers.get("content-length") ?? "0") !== "0";
  }

  /** Reads on only when its reader asks, so that the client waits for a slow one. */
  #stream(): ReadableStream<Uint8Array> {
    this.#isUsed = true;
    const incoming = this.#incoming;
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        incoming.on("data", (chunk: Uint8Array) => {
          if (this.#isDropped) return;
          controller.enqueue(ownBytes(chunk));
          incoming.pause();
        });
        incoming.on("end", () => {
          if (!this.#isDropped) controller.close();
        });
        incoming.on("error", (error) => controller.error(error));
        incoming.on("close", () => {
          if (!incoming.complete) controller.error(new TypeError("The body has ended early"));
        });
        incoming.pause();
      },
      pull: () => this.#pace.take(() => void incoming.resume()),
      cancel: () => void incoming.pause(),
    }, { highWaterMark: 0 });
  }
}
Object.setPrototypeOf(NodeRequest.prototype, Request.prototype);

/** Leaves no listener behind, because a request lives as long as the stream that answers it. */
function readWhole(incoming: IncomingMessage): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const chunks: Uint8Array[] = [];
  const onData = (chunk: Uint8Array) => void chunks.push(chunk);
  const settle = () => {
    incoming.off("data", onData).off("end", settle).off("error", settle).off("close", settle);
    if (incoming.complete) resolve(joined(chunks));
    else reject(new TypeError("The body has ended early"));
  };
  incoming.on("data", onData).on("end", settle).on("error", settle).on("close", settle);
  return promise;
}

/** Without a copy, unless the chunk shares its buffer with other bytes, as those of Node may. */
function ownBytes(chunk: Uint8Array): Uint8Array {
  const { buffer, byteLength } = chunk;
  return byteLength === buffer.byteLength ? new Uint8Array(buffer) : new Uint8Array(chunk);
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [first] = chunks;
  if (first !== undefined && chunks.length === 1) return first;
  const whole = new Uint8Array(chunks.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}

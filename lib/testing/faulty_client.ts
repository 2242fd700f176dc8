import { RawSocket } from "./raw_socket.ts";

/** Options of a faulty client. */
export interface FaultyClientOptions {
  /** The first JSON-RPC message; without one the client only opens the stream. */
  readonly message?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * A client on its own socket that opens a plain stream and then misbehaves in ways that `fetch()`
 * cannot. It needs a server that listens, such as `Deno.serve` with an app.
 *
 * @example
 * ```ts
 * import { createApp } from "../mod.ts";
 * import { FaultyClient } from "../testing.ts";
 *
 * const app = createApp();
 * await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) =>
 *   app.fetch(request));
 * using client = await FaultyClient.open(`http://127.0.0.1:${server.addr.port}/mcp/sse`);
 * client.reset();
 * app.stop();
 * ```
 */
export class FaultyClient implements Disposable {
  /** Bytes that have come so far, the head of the response included. */
  received = 0;
  readonly #socket: RawSocket;

  private constructor(socket: RawSocket) {
    this.#socket = socket;
  }

  /** Opens a stream; it is open when this resolves. */
  static async open(
    url: string,
    { message, headers = {} }: FaultyClientOptions = {},
  ): Promise<FaultyClient> {
    const { hostname, port, pathname, search, host } = new URL(url);
    const socket = await RawSocket.connect({ hostname, port: Number(port || 80) });
    const client = new FaultyClient(socket);
    const first = Promise.withResolvers<void>();
    socket.onBytes = (bytes) => {
      client.received += bytes.byteLength;
      first.resolve();
    };
    const body = message === undefined ? "" : JSON.stringify(message);
    const lines = Object.entries({
      host,
      accept: "text/event-stream",
      "content-type": "application/json",
      "content-length": String(new TextEncoder().encode(body).byteLength),
      ...headers,
    }).map(([name, value]) => `${name}: ${value}`);
    socket.write([`POST ${pathname}${search} HTTP/1.1`, ...lines, "", body].join("\r\n"));
    await Promise.race([first.promise, socket.ended]);
    return client;
  }

  /** Settles when the server has ended the connection, or this side has. */
  get ended(): Promise<"eof" | "reset" | "closed_here"> {
    return this.#socket.ended;
  }

  /** Stops reading: the buffers fill up, and pings fail. */
  stall(): void {
    this.#socket.stall();
  }

  /** Reads on after {@linkcode FaultyClient.stall}. */
  resume(): void {
    this.#socket.resume();
  }

  /** Stops reading and writing, like a client that hangs. */
  vanish(): void {
    this.#socket.onBytes = () => {};
    this.#socket.stall();
  }

  /** Sends a FIN and continues to read. */
  halfClose(): void {
    this.#socket.halfClose();
  }

  /** Sends an RST. */
  reset(): void {
    this.#socket.reset();
  }

  /** Leaves in good order. */
  leave(): void {
    this.#socket.close();
  }

  [Symbol.dispose](): void {
    this.leave();
  }
}

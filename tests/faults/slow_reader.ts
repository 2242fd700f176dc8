/**
 * A reader that takes one byte at a time. It is a `Deno.Conn`: `node:net` reads ahead.
 *
 * @module
 */
import { encodeRequest } from "./http.ts";
import type { Target } from "./socket.ts";

export class SlowReader implements Disposable {
  /** Bytes taken so far. */
  taken = 0;
  readonly #connection: Deno.TcpConn;
  readonly #timer: ReturnType<typeof setInterval>;

  private constructor(connection: Deno.TcpConn, everyMs: number) {
    this.#connection = connection;
    this.#timer = setInterval(() => this.#takeOne(), everyMs);
  }

  /** Opens a plain stream and reads a byte of it now and then. */
  static async open(target: Target, everyMs: number): Promise<SlowReader> {
    const { hostname = "127.0.0.1", port } = target;
    const connection = await Deno.connect({ hostname, port });
    const headers = { accept: "text/event-stream", "content-type": "application/json" };
    const request = encodeRequest({ method: "POST", path: "/mcp/sse", headers, body: "" });
    await connection.write(request);
    return new SlowReader(connection, everyMs);
  }

  #takeOne(): void {
    // It fails once the server has reset the connection.
    this.#connection.read(new Uint8Array(1)).then((n) => this.taken += n ?? 0, () => {});
  }

  leave(): void {
    clearInterval(this.#timer);
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    try {
      this.leave();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }
}

/**
 * A reader that takes one byte at a time. It is a `Deno.Conn`: `node:net` reads ahead.
 *
 * @module
 */
import { encodeRequest } from "./http.ts";
import type { Target } from "./socket.ts";

export class SlowReader implements Disposable {
  /** The id of its stream. */
  readonly id: string;
  /** Bytes taken since it is slow. */
  taken = 0;
  readonly #connection: Deno.TcpConn;
  readonly #timer: ReturnType<typeof setInterval>;

  private constructor(connection: Deno.TcpConn, id: string, everyMs: number) {
    this.#connection = connection;
    this.id = id;
    this.#timer = setInterval(() => this.#takeOne(), everyMs);
  }

  /** Opens a plain stream, and reads a byte of it now and then once it was welcomed. */
  static async open(target: Target, everyMs: number): Promise<SlowReader> {
    const { hostname = "127.0.0.1", port } = target;
    const connection = await Deno.connect({ hostname, port });
    const headers = { accept: "text/event-stream", "content-type": "application/json" };
    const request = encodeRequest({ method: "POST", path: "/mcp/sse", headers, body: "" });
    await connection.write(request);
    return new SlowReader(connection, await welcomedAs(connection), everyMs);
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

/** The id of the stream, which its welcome tells. */
async function welcomedAs(connection: Deno.TcpConn): Promise<string> {
  const buffer = new Uint8Array(1024);
  for (let text = "";;) {
    const size = await connection.read(buffer);
    if (size === null) throw new Error(`No welcome: ${text}`);
    text += new TextDecoder().decode(buffer.subarray(0, size));
    const id = /mcp_sse_[0-9a-f]{32}/.exec(text)?.[0];
    if (id !== undefined) return id;
  }
}

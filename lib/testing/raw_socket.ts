/**
 * A TCP connection that can misbehave: it stops reading, half-closes, resets.
 *
 * It is made on `node:net`, as `Deno.Conn` cannot send a reset (SO_LINGER 0).
 *
 * @module
 */
import net from "node:net";

/** Where the server listens. */
export interface Target {
  readonly port: number;
  readonly hostname?: string;
  /** Address of this side, such as 127.0.0.7; the kernel's choice where it is left out. */
  readonly from?: string;
}

/** How a connection ended, seen from this side. */
export type SocketEnd = "eof" | "reset" | "closed_here";

export class RawSocket implements Disposable {
  /** Settles once the server has ended the connection, or this side has. */
  readonly ended: Promise<SocketEnd>;
  /** Called with bytes as they arrive. */
  onBytes: (bytes: Uint8Array) => void = () => {};
  readonly #socket: net.Socket;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    const { promise, resolve } = Promise.withResolvers<SocketEnd>();
    this.ended = promise;
    socket.on("data", (bytes: Uint8Array) => this.onBytes(bytes));
    socket.on("end", () => {
      resolve("eof");
      socket.end();
    });
    socket.on("error", () => resolve("reset"));
    socket.on("close", () => resolve("closed_here"));
  }

  static connect({ port, hostname = "127.0.0.1", from }: Target): Promise<RawSocket> {
    const { promise, resolve, reject } = Promise.withResolvers<RawSocket>();
    const socket = net.connect({
      port,
      host: hostname,
      allowHalfOpen: true,
      ...(from !== undefined && { localAddress: from }),
    });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(new RawSocket(socket));
    });
    return promise;
  }

  write(data: string | Uint8Array): void {
    this.#socket.write(data);
  }

  /** Resolves when all that was written is with the kernel, or the connection is over. */
  async flushed(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.write("", () => resolve());
    await Promise.race([promise, this.ended]);
  }

  /** Stops reading: the kernel's buffers fill up, then the server's. */
  stall(): void {
    this.#socket.pause();
  }

  /** Reads on after a {@linkcode RawSocket.stall}. */
  resume(): void {
    this.#socket.resume();
  }

  /** Sends a FIN and continues to read. */
  halfClose(): void {
    this.#socket.end();
  }

  /** Sends an RST. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** Closes both directions, like a client that ends normally. */
  close(): void {
    this.#socket.destroy();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

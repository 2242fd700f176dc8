/** One socket of a client that sends what no library would. */
export class RawClient implements Disposable {
  /** All that came, as text. */
  received = "";
  /** Settles when the server has closed the socket. */
  readonly closed: Promise<void>;
  readonly #connection: Deno.TcpConn;
  readonly #waiters = new Set<() => void>();

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
    this.closed = this.#read();
  }

  static async connect(port: number): Promise<RawClient> {
    return new RawClient(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  async send(text: string): Promise<void> {
    const bytes = new TextEncoder().encode(text);
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.#connection.write(bytes.subarray(sent));
    }
  }

  /** Settles when what came holds a text so many times. */
  async until(text: string, times = 1): Promise<void> {
    while (this.received.split(text).length <= times) {
      await new Promise<void>((resolve) => this.#waiters.add(resolve));
    }
  }

  get status(): string {
    return this.received.split("\r\n")[0] ?? "";
  }

  [Symbol.dispose](): void {
    try {
      this.#connection.close();
    } catch {
      // The server closed it already.
    }
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(65_536);
    try {
      for (let read = await this.#connection.read(buffer); read !== null;) {
        this.received += decoder.decode(buffer.subarray(0, read), { stream: true });
        for (const wake of this.#waiters) wake();
        this.#waiters.clear();
        read = await this.#connection.read(buffer);
      }
    } catch {
      // Reset, or closed at this end: the end all the same.
    }
  }
}

/** A POST as text. */
export function postText(path: string, body: string, headers: readonly string[] = []): string {
  return [
    `POST ${path} HTTP/1.1`,
    "Host: localhost",
    "Content-Type: application/json",
    `Content-Length: ${new TextEncoder().encode(body).length}`,
    ...headers,
    "",
    body,
  ].join("\r\n");
}

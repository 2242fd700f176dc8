/** A TCP proxy that can lose all its connections at once, as a network does. */
export class CuttingProxy implements AsyncDisposable {
  readonly origin: string;
  readonly #listener: Deno.TcpListener;
  readonly #target: URL;
  readonly #open = new Set<Deno.TcpConn>();
  readonly #running: Promise<unknown>[] = [];
  #held: PromiseWithResolvers<void> | undefined;

  constructor(targetOrigin: string) {
    this.#target = new URL(targetOrigin);
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.origin = `http://127.0.0.1:${this.#listener.addr.port}`;
    this.#running.push(this.#accept());
  }

  /** Loses every connection; new ones are served. */
  cut(): void {
    for (const connection of this.#open) connection.close();
    this.#open.clear();
  }

  /** Lets new connections wait until {@linkcode letGo}. */
  hold(): void {
    this.#held = Promise.withResolvers<void>();
  }

  letGo(): void {
    this.#held?.resolve();
    this.#held = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.cut();
    await Promise.all(this.#running);
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) this.#running.push(this.#serve(client));
  }

  async #serve(client: Deno.TcpConn): Promise<void> {
    this.#open.add(client);
    await this.#held?.promise;
    const { hostname, port } = this.#target;
    const server = await Deno.connect({ hostname, port: Number(port) });
    this.#open.add(server);
    await Promise.all([this.#pipe(client, server), this.#pipe(server, client)]);
  }

  /** One direction; when it ends, both do. */
  async #pipe(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(65_536);
    try {
      for (let size = await from.read(buffer); size !== null; size = await from.read(buffer)) {
        for (let sent = 0; sent < size;) sent += await to.write(buffer.subarray(sent, size));
      }
    } catch {
      // Cut.
    }
    for (const connection of [from, to]) {
      if (this.#open.delete(connection)) connection.close();
    }
  }
}

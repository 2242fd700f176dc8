/**
 * The listening socket of the app, for the lifetime of the process.
 *
 * `Deno.serve` ends when a connection cannot be accepted, for example when no file descriptors are
 * left. The process would keep running and refuse all clients, so this class starts it again.
 *
 * @module
 */
import { CallAborted, ConfigError, messageOf } from "../../base/errors.ts";
import { logFor } from "../../base/log.ts";
import type { App } from "../../http/app.ts";
import { AcceptFailures } from "./accept_failures.ts";
import type { Listener, ListenOptions } from "./listener.ts";
import { SocketPeer } from "./socket_peer.ts";

/** How soon listening is tried again: connections must end before there is room (ms). */
const AGAIN_MS = 100;
const log = logFor("serve");

/** Listens with `Deno.serve`. */
export function listenWithDeno(app: App, options: ListenOptions): Promise<Listener> {
  return Promise.resolve().then(() => new DenoListener(app, options));
}

export class DenoListener implements Listener {
  readonly #app: App;
  readonly #hostname: string;
  readonly #reusePort: boolean;
  readonly #failures = new AcceptFailures();
  #port: number;
  #server: Deno.HttpServer<Deno.NetAddr>;
  #again: ReturnType<typeof setTimeout> | undefined;
  #isStopping = false;

  /** @throws {ConfigError} when the address cannot be listened on */
  constructor(app: App, { hostname, port, reusePort = false, onListen }: ListenOptions) {
    this.#app = app;
    this.#hostname = hostname;
    this.#reusePort = reusePort;
    this.#port = port;
    if (reusePort) requireReusePort();
    try {
      this.#server = this.#listen();
    } catch (error) {
      throw new ConfigError(
        `Cannot listen on ${hostname}:${port}: ${messageOf(error)}; ` +
          "choose others with HOST and PORT",
        { cause: error },
      );
    }
    // `DENO_SERVE_ADDRESS` wins over the requested address, and may name a socket without a port.
    const address: Deno.Addr = this.#server.addr;
    // The same port from now on, whichever it is.
    if ("hostname" in address) this.#port = address.port;
    onListen?.(address);
  }

  get port(): number {
    return this.#port;
  }

  /** Takes no more connections; settles when those there are have ended. */
  stop(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#again);
    return this.#server.shutdown().catch(() => {});
  }

  #listen(): Deno.HttpServer<Deno.NetAddr> {
    // No request can arrive until the port is known.
    let unnamed = "";
    const server = Deno.serve(
      {
        hostname: this.#hostname,
        port: this.#port,
        reusePort: this.#reusePort,
        onListen: () => {},
        onError: answerFault,
      },
      (request, info) => this.#app.fetch(request, new SocketPeer(info, unnamed)),
    );
    // The host that Deno assumes for a request without a Host header.
    const { addr } = server;
    if ("port" in addr) unnamed = `localhost:${addr.port}`;
    server.finished.catch((error) => this.#failed(error));
    return server;
  }

  #failed(error: unknown): void {
    this.#failures.note(messageOf(error));
    if (!this.#isStopping) this.#again = setTimeout(() => this.#tryAgain(), AGAIN_MS);
  }

  #tryAgain(): void {
    try {
      this.#server = this.#listen();
    } catch (error) {
      this.#failed(error);
    }
  }
}

/** Without the flag Deno would end the process with a word about its own API. */
function requireReusePort(): void {
  const hasUnstableNet = "listenDatagram" in Deno;
  if (hasUnstableNet) return;
  throw new ConfigError(
    "MCP_REUSE_PORT=true needs Deno's flag --unstable-net, which deno.json gives; add it to the command",
  );
}

function answerFault(error: unknown): Response {
  // A stream that was cut off because its reader had stopped is in the log already.
  if (!(error instanceof CallAborted)) log.error("Request failed", { error: messageOf(error) });
  return new Response(null, { status: 500 });
}

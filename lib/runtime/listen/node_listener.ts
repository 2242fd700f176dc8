/**
 * Listens with `node:http`, which has a hold on its sockets: it bounds heads, idle sockets and
 * unread uploads, ignores offers to upgrade, and takes far less memory for an idle stream.
 *
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket as NodeSocket } from "node:net";
import { ConfigError, messageOf } from "../../base/errors.ts";
import { logFor } from "../../base/log.ts";
import { isPromise } from "../../base/promises.ts";
import type { Settings } from "../../base/settings.ts";
import type { App } from "../../http/app.ts";
import type { Socket } from "../../stream/client.ts";
import type { Peer } from "../../transport/peer.ts";
import { socketName } from "../half_open/ss.ts";
import type { Listen, Listener, ListenOptions } from "./listener.ts";
import { NodeRequest } from "./node_request.ts";
import { sendResponse } from "./node_response.ts";

/** The settings that bound its sockets. */
export type SocketSettings = Pick<
  Settings,
  | "MCP_BODY_TIMEOUT_MS"
  | "MCP_HEAD_TIMEOUT_MS"
  | "MCP_IDLE_SOCKET_MS"
  | "MCP_MAX_HEAD_BYTES"
  | "MCP_MAX_HEADERS"
  | "MCP_MAX_REQUESTS_PER_SOCKET"
>;

/** Maximum time between two checks for sockets with a late head or body (ms). */
const CHECK_MS = 1_000;
/** Silence after which the kernel asks whether the peer is there (ms). */
const KEEP_ALIVE_MS = 30_000;
const log = logFor("serve");

/** Makes what listens with `node:http`, under the bounds of the settings. */
export function listenWithNode(settings: SocketSettings): Listen {
  return async (app, options) => {
    const listener = new NodeListener(app, settings);
    await listener.listen(options);
    return listener;
  };
}

class NodeListener implements Listener {
  readonly #app: App;
  readonly #server: Server;
  readonly #maxHeaders: number;
  readonly #maxRequests: number;
  /** Requests that each socket has had; Deno's `node:http` does not count them itself. */
  readonly #requests = new WeakMap<NodeSocket, number>();

  constructor(app: App, settings: SocketSettings) {
    const headMs = settings.MCP_HEAD_TIMEOUT_MS;
    this.#app = app;
    this.#server = createServer({
      headersTimeout: headMs,
      // The body has its own time limit with its own error. This one ends sockets that passed both.
      requestTimeout: headMs + settings.MCP_BODY_TIMEOUT_MS + CHECK_MS,
      keepAliveTimeout: settings.MCP_IDLE_SOCKET_MS,
      connectionsCheckingInterval: Math.min(CHECK_MS, headMs),
      maxHeaderSize: settings.MCP_MAX_HEAD_BYTES,
      noDelay: true,
    }, (incoming, out) => this.#answer(incoming, out));
    this.#maxHeaders = settings.MCP_MAX_HEADERS;
    this.#maxRequests = settings.MCP_MAX_REQUESTS_PER_SOCKET;
    this.#server.on("clientError", refuse);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0;
  }

  async listen({ hostname, port, reusePort = false, onListen }: ListenOptions): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once("error", reject);
    this.#server.listen({ host: hostname, port, reusePort }, resolve);
    try {
      await promise;
    } catch (error) {
      throw new ConfigError(
        `Cannot listen on ${hostname}:${port}: ${messageOf(error)}; ` +
          "choose others with HOST and PORT",
        { cause: error },
      );
    }
    this.#server.off("error", reject);
    this.#server.on(
      "error",
      (error) => log.error("Accepting connections failed", { error: messageOf(error) }),
    );
    const { address, port: bound } = this.#server.address() as AddressInfo;
    onListen?.({ transport: "tcp", hostname: address, port: bound });
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeIdleConnections();
    });
  }

  #answer(incoming: IncomingMessage, out: ServerResponse): void {
    // Names and values alternate. Node would drop the excess headers silently.
    if (incoming.rawHeaders.length > 2 * this.#maxHeaders) return refuseHeaders(out);
    this.#count(incoming.socket, out);
    const request = new NodeRequest(incoming);
    const peer = new NodePeer(incoming.socket, out);
    out.on("close", () => {
      if (!out.writableFinished) request.clientLeft();
    });
    // Without a listener a socket error, such as a reset, would end the process.
    out.on("error", () => {});
    const send = (response: Response) => {
      if (!sendResponse(response, out)) return;
      request.dropHeaders();
      incoming.socket.setKeepAlive(true, KEEP_ALIVE_MS);
    };
    const response = this.#app.fetch(request as unknown as Request, peer);
    if (isPromise(response)) void response.then(send);
    else send(response);
  }

  #count(socket: NodeSocket, out: ServerResponse): void {
    const count = (this.#requests.get(socket) ?? 0) + 1;
    this.#requests.set(socket, count);
    if (count >= this.#maxRequests) out.shouldKeepAlive = false;
  }
}

function refuseHeaders(out: ServerResponse): void {
  out.shouldKeepAlive = false;
  out.writeHead(431, { "content-type": "text/plain" })
    .end("The request has more headers than MCP_MAX_HEADERS allows\n");
}

/** Answers a socket that sent invalid HTTP, or was too late, and closes it. */
function refuse(error: Error & { code?: string }, socket: NodeSocket): void {
  if (!socket.writable) return void socket.destroy();
  const status = error.code === "ERR_HTTP_REQUEST_TIMEOUT"
    ? "408 Request Timeout"
    : error.code === "HPE_HEADER_OVERFLOW"
    ? "431 Request Header Fields Too Large"
    : "400 Bad Request";
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  socket.destroySoon();
}

/** The other end of a socket. */
class NodePeer implements Peer, Socket {
  readonly #socket: NodeSocket;
  readonly #out: ServerResponse;
  readonly address: string;

  constructor(socket: NodeSocket, out: ServerResponse) {
    this.#socket = socket;
    this.#out = out;
    this.address = socket.remoteAddress ?? "unknown";
  }

  get socket(): Socket {
    return this;
  }

  get name(): string | undefined {
    const { remoteAddress, remotePort } = this.#socket;
    return remoteAddress === undefined || remotePort === undefined
      ? undefined
      : socketName(remoteAddress, remotePort);
  }

  /** Bytes of the response that Node has taken and the kernel has not. */
  get unsentBytes(): number {
    return this.#out.writableLength;
  }

  released(): Promise<unknown> {
    const out = this.#out;
    if (out.destroyed || out.writableFinished) return Promise.resolve();
    return new Promise((resolve) => out.once("close", resolve));
  }
}

/**
 * Listens with `node:http`, which has a hold on its sockets: it bounds heads, idle sockets and
 * unread uploads, ignores offers to upgrade, and takes far less memory for an idle stream.
 *
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, Server as NetServer, type Socket as NodeSocket } from "node:net";
import { ConfigError, messageOf } from "../../base/errors.ts";
import { isPromise } from "../../base/promises.ts";
import type { Settings } from "../../base/settings.ts";
import type { App } from "../../http/app.ts";
import { AcceptFailures } from "./accept_failures.ts";
import { AcceptWatch } from "./accept_watch.ts";
import { BodyPace } from "./body_pace.ts";
import { IS_DENO } from "./is_deno.ts";
import type { Listen, Listener, ListenOptions } from "./listener.ts";
import { NodePeer } from "./node_peer.ts";
import { refusalOf, refuse, refuseSocket } from "./node_refusals.ts";
import { NodeRequest } from "./node_request.ts";
import { sendResponse, sendStream } from "./node_response.ts";
import { OneATurn } from "./one_a_turn.ts";
import { Pipeline } from "./pipeline.ts";
import { QuietRequest } from "./quiet_request.ts";

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
/** How soon listening is tried again: connections must end before there is room (ms). */
const AGAIN_MS = 100;

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
  readonly #bodyMs: number;
  readonly #maxHeaders: number;
  readonly #maxRequests: number;
  readonly #failures = new AcceptFailures();
  readonly #turns = new OneATurn();
  readonly #pace = new BodyPace();
  #where = { host: "", port: 0, reusePort: false };
  #port = 0;
  #watch: AcceptWatch | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;
  #isStopping = false;

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
      IncomingMessage: QuietRequest,
    }, (incoming, out) => this.#take(incoming, out));
    this.#bodyMs = settings.MCP_BODY_TIMEOUT_MS;
    this.#maxHeaders = settings.MCP_MAX_HEADERS;
    this.#maxRequests = settings.MCP_MAX_REQUESTS_PER_SOCKET;
    this.#server.on("clientError", refuseSocket);
    this.#server.on("connection", (socket: NodeSocket) => {
      this.#watch?.noteAccepted();
      Pipeline.start(socket, this.#turns.take);
    });
  }

  get port(): number {
    return this.#port;
  }

  async listen({ hostname, port, reusePort = false, onListen }: ListenOptions): Promise<void> {
    this.#where = { host: hostname, port, reusePort };
    try {
      await this.#bind();
    } catch (error) {
      throw new ConfigError(
        `Cannot listen on ${hostname}:${port}: ${messageOf(error)}; ` +
          "choose others with HOST and PORT",
        { cause: error },
      );
    }
    const { address, port: bound } = this.#server.address() as AddressInfo;
    // The same port from now on, whichever it is.
    this.#port = this.#where.port = bound;
    this.#watchAccepting(true);
    onListen?.({ transport: "tcp", hostname: address, port: bound });
  }

  stop(): Promise<void> {
    this.#isStopping = true;
    this.#watch?.stop();
    clearTimeout(this.#again);
    return new Promise((resolve) => {
      this.#server.close(() => {
        this.#pace.stop();
        resolve();
      });
      this.#server.closeIdleConnections();
    });
  }

  #bind(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once("error", reject).once("listening", resolve).listen(this.#where);
    return promise.finally(() => this.#server.off("error", reject).off("listening", resolve));
  }

  /** Listens again if Deno accepts no more connections; those that are open go on. */
  #watchAccepting(isKnownToAccept: boolean): void {
    if (!IS_DENO) return;
    this.#watch = new AcceptWatch(this.#where, (error) => {
      NetServer.prototype.close.call(this.#server);
      this.#failed(error);
    });
    this.#watch.start(isKnownToAccept);
  }

  #failed(error: string): void {
    this.#failures.note(error);
    if (!this.#isStopping) this.#again = setTimeout(() => this.#listenAgain(), AGAIN_MS);
  }

  async #listenAgain(): Promise<void> {
    try {
      await this.#bind();
    } catch (error) {
      return this.#failed(messageOf(error));
    }
    if (this.#isStopping) this.#server.close();
    else this.#watchAccepting(false);
  }

  /** Answers a request, once `node:http` has sent the responses before it on the socket. */
  #take(incoming: IncomingMessage, out: ServerResponse): void {
    const refusal = refusalOf(incoming, this.#maxHeaders);
    if (refusal !== undefined) return refuse(out, refusal);
    const pipeline = Pipeline.of(incoming.socket) ??
      Pipeline.start(incoming.socket, this.#turns.take);
    // Deno's `node:http` does not count them itself.
    if (++pipeline.requests >= this.#maxRequests) out.shouldKeepAlive = false;
    if (out.socket !== null) return this.#answer(incoming, out, pipeline);
    out.once("socket", () => this.#turns.take(() => this.#answer(incoming, out, pipeline)));
  }

  #answer(incoming: IncomingMessage, out: ServerResponse, pipeline: Pipeline): void {
    if (out.destroyed) return;
    pipeline.begin();
    const request = new NodeRequest(incoming, this.#pace);
    const peer = new NodePeer(incoming.socket, out);
    out.on("close", () => {
      pipeline.end();
      if (out.writableFinished) return;
      request.clientLeft();
      peer.sink?.close();
    });
    // Without a listener a socket error, such as a reset, would end the process.
    out.on("error", () => {});
    const send = (response: Response) => {
      request.dropBody(this.#bodyMs);
      const { sink } = peer;
      const isStreamed = sink !== undefined && response.body === null && response.status === 200;
      if (isStreamed) return sendStream(response, sink, { incoming, out, peer });
      // Code around the app may have answered in place of the stream.
      sink?.close();
      sendResponse(response, out);
    };
    const response = this.#app.fetch(request as unknown as Request, peer);
    if (isPromise(response)) void response.then(send);
    else send(response);
  }
}

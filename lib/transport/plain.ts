/**
 * The plain dialect, Lifeline's own: one POST opens a stream that tells all in named events, for
 * people with curl, a browser or a few lines of code.
 *
 *     POST   /mcp/sse                        welcome, then the response to the body's request
 *     POST   /mcp/sse  Mcp-Connection-Id: …  202; the response comes on that stream
 *     DELETE /mcp/sse  Mcp-Connection-Id: …  204; that stream is closed
 *
 * @module
 */
import { type CallAborted, ProtocolError } from "../base/errors.ts";
import { unixSeconds } from "../base/clock.ts";
import { isPromise } from "../base/promises.ts";
import type { Exchange } from "../mcp/exchange.ts";
import { InFlight } from "../mcp/in_flight.ts";
import { LEGACY_METHODS } from "../mcp/legacy_methods.ts";
import type { McpServer } from "../mcp/server.ts";
import type { Caller } from "../registry/context.ts";
import type { ConnectionRegistry } from "../stream/connection_registry.ts";
import type { SseConnection, SseDialect, StreamWork } from "../stream/sse_connection.ts";
import {
  isRequest,
  isResponse,
  type JsonRpcMessage,
  type JsonRpcNotification,
  type JsonRpcRequest,
  type JsonRpcResponse,
} from "../wire/json_rpc.ts";
import { encodeJsonEvent } from "../wire/sse.ts";
import { type Peer, streamClient } from "./peer.ts";
import { STREAM_HEADERS } from "./respond.ts";

export const CONNECTION_ID_HEADER = "mcp-connection-id";

/** What the plain dialect works with. */
export interface PlainDeps {
  readonly server: McpServer;
  readonly connections: ConnectionRegistry;
}

const PLAIN: SseDialect = {
  name: "plain",
  ping: (connection, pingCount) =>
    encodeJsonEvent({
      event: "ping",
      data: {
        timestamp: unixSeconds(),
        ping_count: pingCount,
        uptime: connection.uptime,
      },
    }, "ping"),
  goodbye: ({ reason, connection }) =>
    encodeJsonEvent({
      event: "close",
      data: {
        reason,
        connection_id: connection.id,
        ping_count: connection.pingCount,
        uptime: connection.uptime,
      },
    }, "close"),
};

/** One plain stream and what runs for it. */
class PlainStream implements Exchange, StreamWork {
  readonly inFlight = new InFlight();
  readonly caller: Caller;
  readonly logLevel = "info";
  readonly connection: SseConnection;
  readonly #deps: PlainDeps;

  constructor(deps: PlainDeps, request: Request, peer: Peer) {
    this.#deps = deps;
    this.caller = { address: peer.address };
    const client = streamClient(request, peer);
    this.connection = deps.connections.open({
      dialect: PLAIN,
      client,
      work: this,
    });
  }

  get connectionId(): string {
    return this.connection.id;
  }

  get size(): number {
    return this.inFlight.size;
  }

  abortAll(reason: CallAborted): void {
    this.inFlight.abortAll(reason);
  }

  notify(message: JsonRpcNotification): void {
    this.connection.send(encodeJsonEvent(message));
  }

  welcome(signal: AbortSignal): Response {
    const { id, readable } = this.connection;
    const result = { status: "connected", connection_id: id };
    this.connection.open(
      encodeJsonEvent({ jsonrpc: "2.0", result, id: "welcome" }, "welcome"),
      signal,
    );
    return new Response(readable, {
      headers: { ...STREAM_HEADERS, [CONNECTION_ID_HEADER]: id },
    });
  }

  /** Takes one message; its response, if any, comes on the stream. */
  take(message: JsonRpcRequest | JsonRpcNotification): void {
    const { server } = this.#deps;
    if (!isRequest(message)) {
      return server.notify(message, this, LEGACY_METHODS);
    }
    const response = server.dispatch(message, this, LEGACY_METHODS);
    if (isPromise(response)) {
      void response.then((settled) => this.#answer(settled));
    } else this.#answer(response);
  }

  #answer(response: JsonRpcResponse | undefined): void {
    if (response !== undefined) {
      this.connection.send(
        encodeJsonEvent(response, "error" in response ? "error" : "response"),
      );
    }
    this.#deps.connections.settled(this.connection);
  }
}

/**
 * Opens a plain stream.
 *
 * @param message the body's message, to be answered on the stream; none for an empty body
 * @throws {ProtocolError} before any stream is open
 */
export function openPlain(
  deps: PlainDeps,
  { request, peer, message }: PlainRequest,
): Response {
  const first = message === undefined ? undefined : callOf(message);
  const stream = new PlainStream(deps, request, peer);
  const response = stream.welcome(request.signal);
  if (first !== undefined) stream.take(first);
  return response;
}

/** What opens a plain stream. */
export interface PlainRequest {
  readonly request: Request;
  readonly peer: Peer;
  readonly message: JsonRpcMessage | undefined;
}

/**
 * Takes a further message for an open plain stream.
 *
 * @throws {ProtocolError} `connection_not_found`, or `draining` for new work while the server stops
 */
export function postToPlain(
  deps: PlainDeps,
  id: string,
  message: JsonRpcMessage,
): Response {
  const stream = findStream(deps, id);
  const call = callOf(message);
  if (deps.connections.draining && isRequest(call)) {
    throw new ProtocolError(
      "draining",
      "Server is shutting down, new requests are refused",
      {
        id: call.id,
      },
    );
  }
  stream.take(call);
  return new Response(null, { status: 202 });
}

/** Closes a plain stream at its client's wish. */
export function deletePlain(deps: PlainDeps, id: string): Response {
  findStream(deps, id).connection.close("disconnected");
  return new Response(null, { status: 204 });
}

function findStream({ connections }: PlainDeps, id: string): PlainStream {
  const work = connections.get(id)?.work;
  if (work instanceof PlainStream) return work;
  throw new ProtocolError(
    "connection_not_found",
    "No open connection has the id in Mcp-Connection-Id; open one with POST /mcp/sse and use the " +
      "id that its welcome event gives",
  );
}

function callOf(message: JsonRpcMessage): JsonRpcRequest | JsonRpcNotification {
  if (!isResponse(message)) return message;
  throw new ProtocolError(
    "invalid_request",
    "Invalid request: the plain dialect takes requests and notifications, not responses",
  );
}

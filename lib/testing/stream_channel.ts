import type {
  JsonObject,
  JsonRpcId,
  JsonRpcMessage,
  JsonRpcRequest,
  JsonRpcResponse,
} from "../wire/json_rpc.ts";
import { type Channel, type ChannelOptions, HttpExchange, requireAccepted } from "./channel.ts";
import {
  cancelled,
  INITIALIZED,
  initializeRequest,
  requireInitialized,
  SET_LOG_LEVEL,
} from "./handshake.ts";
import { WaitingRequests } from "./waiting.ts";

/** Sends a message for an open stream. */
type Post = (message: JsonRpcMessage) => Promise<Response>;

/** Listens to a stream. */
interface StreamEvents {
  readonly onMessage: (message: JsonRpcMessage) => void;
  readonly onEnded: () => void;
}

/** Opens the stream of a dialect. */
type OpenStream = (
  http: HttpExchange,
  stream: StreamEvents,
) => Promise<Post>;

/** A dialect whose answers all come on one stream: HTTP+SSE of 2024-11-05, and the plain one. */
export class StreamChannel implements Channel {
  readonly #options: ChannelOptions;
  readonly #http: HttpExchange;
  readonly #waiting = new WaitingRequests();
  #post!: Post;

  private constructor(options: ChannelOptions) {
    this.#options = options;
    this.#http = new HttpExchange(options);
  }

  /** Opens the stream, and the session on it. */
  static async open(options: ChannelOptions, openStream: OpenStream): Promise<StreamChannel> {
    const channel = new StreamChannel(options);
    channel.#post = await openStream(channel.#http, {
      onMessage: (message) => channel.#take(message),
      onEnded: () => channel.#waiting.end(),
    });
    const response = await channel.request(initializeRequest(options));
    requireInitialized(response);
    await channel.send(INITIALIZED);
    await channel.request(SET_LOG_LEVEL);
    return channel;
  }

  async cancel(id: JsonRpcId): Promise<void> {
    await this.send(cancelled(id));
  }

  prepare(params: JsonObject): JsonObject {
    return params;
  }

  async request(message: JsonRpcRequest): Promise<JsonRpcResponse> {
    return await this.#waiting.responseTo(message.id, () => this.send(message));
  }

  async send(message: JsonRpcMessage): Promise<void> {
    await requireAccepted(await this.#post(message));
  }

  async close(): Promise<void> {
    await this.#http.leave();
  }

  #take(message: JsonRpcMessage): void {
    if (!this.#waiting.take(message)) this.#options.onMessage(message);
  }
}

/** A GET, whose first event names where to POST. */
export const openHttpSse: OpenStream = async (http, { onMessage, onEnded }) => {
  const stream = await http.fetch("GET", "/mcp", { headers: { accept: "text/event-stream" } });
  const { promise, resolve } = Promise.withResolvers<string>();
  void http.read(bodyOf(stream), (event, data) => {
    if (event === "endpoint") resolve(data);
    else onMessage(JSON.parse(data));
  }).then(onEnded);
  const { pathname, search } = new URL(await promise, "http://localhost/mcp");
  return (message) => http.post(pathname + search, message);
};

/** Events of the plain dialect that hold a message of JSON-RPC. */
const PLAIN_MESSAGES: readonly string[] = ["response", "error", "message"];

/** A POST whose response is the stream, and further POSTs that name it. */
export const openPlain: OpenStream = async (http, { onMessage, onEnded }) => {
  const stream = await http.fetch("POST", "/mcp/sse", { headers: { accept: "text/event-stream" } });
  void http.read(bodyOf(stream), (event, data) => {
    if (PLAIN_MESSAGES.includes(event)) onMessage(JSON.parse(data));
  }).then(onEnded);
  const id = stream.headers.get("mcp-connection-id") ?? "";
  return (message) => http.post("/mcp/sse", message, { "mcp-connection-id": id });
};

function bodyOf({ ok, status, body }: Response): ReadableStream<Uint8Array> {
  if (!ok || body === null) throw new Error(`Stream was refused with ${status}`);
  return body;
}

import {
  isResponse,
  type JsonObject,
  type JsonRpcId,
  type JsonRpcMessage,
  type JsonRpcRequest,
  type JsonRpcResponse,
} from "../wire/json_rpc.ts";
import { type Channel, type ChannelOptions, HttpExchange, requireAccepted } from "./channel.ts";
import { INITIALIZED, initializeRequest, SET_LOG_LEVEL } from "./handshake.ts";

/** HTTP+SSE of 2024-11-05: all answers come on one stream. */
export class HttpSseChannel implements Channel {
  readonly #options: ChannelOptions;
  readonly #http: HttpExchange;
  readonly #waiting = new Map<JsonRpcId, (response: JsonRpcResponse) => void>();
  #endpoint = "";

  private constructor(options: ChannelOptions) {
    this.#options = options;
    this.#http = new HttpExchange(options);
  }

  /** Opens the stream, and the session on it. */
  static async open(options: ChannelOptions): Promise<HttpSseChannel> {
    const channel = new HttpSseChannel(options);
    await channel.#open();
    return channel;
  }

  prepare(params: JsonObject): JsonObject {
    return params;
  }

  async request(message: JsonRpcRequest): Promise<JsonRpcResponse> {
    const { promise, resolve } = Promise.withResolvers<JsonRpcResponse>();
    this.#waiting.set(message.id, resolve);
    await this.send(message);
    return await promise;
  }

  async send(message: JsonRpcMessage): Promise<void> {
    await requireAccepted(await this.#http.post(this.#endpoint, message));
  }

  async close(): Promise<void> {
    await this.#http.leave();
  }

  async #open(): Promise<void> {
    const stream = await this.#http.fetch("GET", "/mcp", {
      headers: { accept: "text/event-stream" },
    });
    if (!stream.ok || stream.body === null) {
      throw new Error(`Stream was refused with ${stream.status}`);
    }
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#http.read(stream.body, (event, data) => {
      if (event === "endpoint") resolve(data);
      else this.#take(JSON.parse(data));
    });
    const { pathname, search } = new URL(await promise, "http://localhost/mcp");
    this.#endpoint = pathname + search;
    const response = await this.request(initializeRequest(this.#options));
    if ("error" in response) throw new Error(`initialize was refused: ${response.error.message}`);
    await this.send(INITIALIZED);
    await this.request(SET_LOG_LEVEL);
  }

  #take(message: JsonRpcMessage): void {
    if (!isResponse(message)) return this.#options.onMessage(message);
    this.#waiting.get(message.id ?? "")?.(message);
    this.#waiting.delete(message.id ?? "");
  }
}

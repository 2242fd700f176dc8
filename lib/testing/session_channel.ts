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

/**
 * Streamable HTTP of 2025-03-26 to 2025-11-25: a session, and a stream for messages that the server
 * starts.
 */
export class SessionChannel implements Channel {
  readonly #options: ChannelOptions;
  readonly #http: HttpExchange;
  #headers: Record<string, string> = {};

  private constructor(options: ChannelOptions) {
    this.#options = options;
    this.#http = new HttpExchange(options);
  }

  /** Opens a session. */
  static async open(options: ChannelOptions): Promise<SessionChannel> {
    const channel = new SessionChannel(options);
    await channel.#open();
    return channel;
  }

  async cancel(id: JsonRpcId): Promise<void> {
    await this.send(cancelled(id));
  }

  prepare(params: JsonObject): JsonObject {
    return params;
  }

  async request(message: JsonRpcRequest): Promise<JsonRpcResponse> {
    return await this.#http.responseIn(await this.#http.post("/mcp", message, this.#headers));
  }

  async send(message: JsonRpcMessage): Promise<void> {
    await requireAccepted(await this.#http.post("/mcp", message, this.#headers));
  }

  async close(): Promise<void> {
    const ended = await this.#http.fetch("DELETE", "/mcp", { headers: this.#headers });
    await ended.body?.cancel();
    await this.#http.leave();
  }

  async #open(): Promise<void> {
    const { version, onMessage } = this.#options;
    const answer = await this.#http.post("/mcp", initializeRequest(this.#options));
    const session = answer.headers.get("mcp-session-id");
    const response = await this.#http.responseIn(answer);
    requireInitialized(response);
    if (session === null) throw new Error(`initialize was answered ${answer.status}, no session`);
    this.#headers = { "mcp-session-id": session, "mcp-protocol-version": version };
    await this.send(INITIALIZED);
    await this.request(SET_LOG_LEVEL);
    const stream = await this.#http.fetch("GET", "/mcp", {
      headers: { ...this.#headers, accept: "text/event-stream" },
    });
    if (stream.body === null || !stream.ok) {
      throw new Error(`Session stream was refused with ${stream.status}`);
    }
    void this.#http.read(stream.body, (_event, data) => {
      if (data !== "") onMessage(JSON.parse(data));
    });
  }
}

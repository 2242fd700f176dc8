import type {
  JsonObject,
  JsonRpcId,
  JsonRpcMessage,
  JsonRpcRequest,
  JsonRpcResponse,
} from "../wire/json_rpc.ts";
import { eraOf } from "../wire/protocol_versions.ts";
import type { Channel, ChannelOptions } from "./channel.ts";
import {
  cancelled,
  INITIALIZED,
  initializeRequest,
  requireInitialized,
  SET_LOG_LEVEL,
} from "./handshake.ts";
import { withClientMeta } from "./modern_channel.ts";
import { WaitingRequests } from "./waiting.ts";

const ENCODER = new TextEncoder();

/** A pipe in memory, as stdio is: one message a line, in every revision. */
export class PipeChannel implements Channel {
  readonly #options: ChannelOptions;
  readonly #waiting = new WaitingRequests();
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #served: Promise<void>;

  private constructor(options: ChannelOptions) {
    this.#options = options;
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    this.#input = writable.getWriter();
    this.#served = options.app.speak({
      input: readable,
      write: (line) => Promise.resolve(this.#take(JSON.parse(line))),
    }).finally(() => this.#waiting.end());
  }

  /** Opens the pipe, and the session on it where the revision has one. */
  static async open(options: ChannelOptions): Promise<PipeChannel> {
    const channel = new PipeChannel(options);
    if (eraOf(options.version) === "modern") return channel;
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
    const isModern = eraOf(this.#options.version) === "modern";
    return isModern ? withClientMeta(params, this.#options) : params;
  }

  async request(message: JsonRpcRequest): Promise<JsonRpcResponse> {
    return await this.#waiting.responseTo(message.id, () => this.send(message));
  }

  async send(message: JsonRpcMessage): Promise<void> {
    await this.#input.write(ENCODER.encode(`${JSON.stringify(message)}\n`));
  }

  async close(): Promise<void> {
    await this.#input.close();
    await this.#served;
  }

  #take(message: JsonRpcMessage): void {
    if (!this.#waiting.take(message)) this.#options.onMessage(message);
  }
}

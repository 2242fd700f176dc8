import {
  isResponse,
  type JsonObject,
  type JsonRpcId,
  type JsonRpcMessage,
  type JsonRpcRequest,
  type JsonRpcResponse,
} from "../wire/json_rpc.ts";
import { eraOf } from "../wire/protocol_versions.ts";
import type { Channel, ChannelOptions } from "./channel.ts";
import { INITIALIZED, initializeRequest, SET_LOG_LEVEL } from "./handshake.ts";
import { withClientMeta } from "./modern_channel.ts";

const ENCODER = new TextEncoder();

/** A pipe in memory, as stdio is: one message a line, in every revision. */
export class PipeChannel implements Channel {
  readonly #options: ChannelOptions;
  readonly #waiting = new Map<JsonRpcId, (response: JsonRpcResponse) => void>();
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #served: Promise<void>;

  private constructor(options: ChannelOptions) {
    this.#options = options;
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    this.#input = writable.getWriter();
    this.#served = options.app.speak({
      input: readable,
      write: (line) => Promise.resolve(this.#take(JSON.parse(line))),
    });
  }

  /** Opens the pipe, and the session on it where the revision has one. */
  static async open(options: ChannelOptions): Promise<PipeChannel> {
    const channel = new PipeChannel(options);
    if (eraOf(options.version) === "modern") return channel;
    const response = await channel.request(initializeRequest(options));
    if ("error" in response) throw new Error(`initialize was refused: ${response.error.message}`);
    await channel.send(INITIALIZED);
    await channel.request(SET_LOG_LEVEL);
    return channel;
  }

  prepare(params: JsonObject): JsonObject {
    const isModern = eraOf(this.#options.version) === "modern";
    return isModern ? withClientMeta(params, this.#options) : params;
  }

  async request(message: JsonRpcRequest): Promise<JsonRpcResponse> {
    const { promise, resolve } = Promise.withResolvers<JsonRpcResponse>();
    this.#waiting.set(message.id, resolve);
    await this.send(message);
    return await promise;
  }

  async send(message: JsonRpcMessage): Promise<void> {
    await this.#input.write(ENCODER.encode(`${JSON.stringify(message)}\n`));
  }

  async close(): Promise<void> {
    await this.#input.close();
    await this.#served;
  }

  #take(message: JsonRpcMessage): void {
    if (!isResponse(message)) return this.#options.onMessage(message);
    this.#waiting.get(message.id ?? "")?.(message);
    this.#waiting.delete(message.id ?? "");
  }
}

import {
  isResponse,
  type JsonRpcId,
  type JsonRpcMessage,
  type JsonRpcResponse,
} from "../wire/json_rpc.ts";
import { ENDED_EARLY } from "./channel.ts";

type Settle = PromiseWithResolvers<JsonRpcResponse>;

/** The requests of a channel whose responses all come on one stream. */
export class WaitingRequests {
  readonly #waiting = new Map<JsonRpcId, Settle>();
  #hasEnded = false;

  /** Waits for the response to the request with that id. */
  async responseTo(id: JsonRpcId, send: () => Promise<void>): Promise<JsonRpcResponse> {
    if (this.#hasEnded) throw new Error(ENDED_EARLY);
    const settle = Promise.withResolvers<JsonRpcResponse>();
    // Its stream may end while the request is sent.
    settle.promise.catch(() => {});
    this.#waiting.set(id, settle);
    await send();
    return await settle.promise;
  }

  /** Whether the message is a response; it goes to its request. */
  take(message: JsonRpcMessage): message is JsonRpcResponse {
    if (!isResponse(message)) return false;
    this.#waiting.get(message.id ?? "")?.resolve(message);
    this.#waiting.delete(message.id ?? "");
    return true;
  }

  /** Rejects all requests that still wait. */
  end(): void {
    this.#hasEnded = true;
    for (const { reject } of this.#waiting.values()) reject(new Error(ENDED_EARLY));
    this.#waiting.clear();
  }
}

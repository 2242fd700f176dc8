import type { JsonRpcRequest, JsonRpcResponse } from "../../wire/json_rpc.ts";
import { CLIENT_METHODS } from "../../wire/methods.ts";

const NUMBER_REGEXP = /^[1-9]\d{0,14}$/;

/**
 * The protocol's own `ping`, from the server to a client of the legacy era. Any answer shows that
 * the client lives, also an error or a late one.
 */
export class ClientPings {
  /** Begins the ids of its pings. */
  readonly #prefix: string;
  #asked = 0;
  #isWaiting = false;
  #hasEverAnswered = false;

  /** @param instance name of this instance where several serve one client, for its answers to be routed */
  constructor(instance?: string) {
    this.#prefix = instance === undefined ? "lifeline-ping-" : `lifeline-i${instance}-ping-`;
  }

  /** State of the last ping; `unknown` for a client that has never answered one, as some cannot. */
  get answer(): "answered" | "unanswered" | "unknown" {
    if (!this.#hasEverAnswered) return "unknown";
    return this.#isWaiting ? "unanswered" : "answered";
  }

  /** The next ping, which counts as unanswered from now on. */
  next(): JsonRpcRequest {
    this.#isWaiting = true;
    return { jsonrpc: "2.0", id: `${this.#prefix}${++this.#asked}`, method: CLIENT_METHODS.ping };
  }

  /** The client has a new stream: the last ping may have been lost with the old one. */
  restart(): void {
    this.#isWaiting = false;
  }

  /**
   * Takes a response of the client.
   *
   * @returns whether it answers a ping
   */
  settle({ id }: JsonRpcResponse): boolean {
    const text = String(id);
    if (!text.startsWith(this.#prefix)) return false;
    const number = NUMBER_REGEXP.exec(text.slice(this.#prefix.length))?.[0];
    if (!(Number(number) <= this.#asked)) return false;
    this.#isWaiting = false;
    this.#hasEverAnswered = true;
    return true;
  }
}

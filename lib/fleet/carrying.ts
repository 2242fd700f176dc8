import type { JsonRpcNotification, JsonRpcRequest } from "../wire/json_rpc.ts";
import type { Messenger } from "./messenger.ts";

type Message = JsonRpcNotification | JsonRpcRequest;

/** Most messages that wait for a session's own stream. */
const MAX_HELD = 100;

/** Knows which instance carries a session's own stream, and tells that instance what to send. */
export class Carrying {
  readonly #fleet: Messenger;
  readonly #key: string;
  /** The instance that carries the stream, or carried it last; undefined if none has yet. */
  #carrier: string | undefined;
  #held: Message[] = [];

  /** @param key of the session */
  constructor(fleet: Messenger, key: string) {
    this.#fleet = fleet;
    this.#key = key;
  }

  /** Whether another instance carries the stream. */
  get isElsewhere(): boolean {
    return this.#carrier !== undefined && this.#carrier !== this.#fleet.me;
  }

  /**
   * Sends a message to the instance that carries the stream, or holds it until one does.
   *
   * @returns false where this instance carries it
   */
  sendElsewhere(message: Message): boolean {
    if (this.#carrier === this.#fleet.me) return false;
    if (this.#carrier !== undefined) {
      this.#fleet.tell(this.#carrier, "message", { key: this.#key, message });
    } else if (this.#held.length < MAX_HELD) this.#held.push(message);
    return true;
  }

  /** @returns the messages that were held until now */
  setCarrier(instance: string): readonly Message[] {
    this.#carrier = instance;
    const held = this.#held;
    this.#held = [];
    return held;
  }
}

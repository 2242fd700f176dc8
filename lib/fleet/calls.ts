/**
 * Messages of a client that concern a call at another instance.
 *
 * @module
 */
import { LruMap } from "../base/lru_map.ts";
import {
  isObject,
  type JsonRpcId,
  type JsonRpcNotification,
  type JsonRpcResponse,
  MAX_ID_LENGTH,
} from "../wire/json_rpc.ts";
import { NOTIFICATIONS } from "../wire/methods.ts";
import type { Messenger } from "./messenger.ts";

/** For how long a cancellation may come before its call (ms). */
const EARLY_MS = 2_000;
/** Early cancellations that are remembered. */
const MAX_EARLY = 1_000;
/** Characters of a client's reason that the other instances get. */
const MAX_REASON = 500;

/** Brings answers and cancellations to the instance of their call. */
export class FleetCalls {
  readonly #fleet: Messenger;
  readonly #early = new LruMap<string, { readonly at: number }>(MAX_EARLY);

  constructor(fleet: Messenger) {
    this.#fleet = fleet;
  }

  /**
   * Brings a client's answer to the instance that asked. If that instance is dead, its call has
   * ended.
   *
   * @param key of the client's session; the asker settles only what it asked in that session
   * @returns settles once the answer has arrived; undefined for an answer that belongs here
   * @throws {ProtocolError} `not_routed` where the answer cannot be brought there now
   */
  answer(key: string, response: JsonRpcResponse): Promise<void> | undefined {
    const asker = this.#fleet.askerOf(response.id);
    return asker === undefined ? undefined : this.#bring(asker, key, response);
  }

  /**
   * Tells all instances to stop a call that does not run here, because no instance knows which one
   * runs it.
   *
   * @param message any notification of the client
   * @param inFlight the calls of the client that run here
   */
  cancel(
    key: string,
    message: JsonRpcNotification,
    inFlight: { has(id: JsonRpcId): boolean },
  ): void {
    if (message.method !== NOTIFICATIONS.cancelled) return;
    const id = cancelledId(message);
    if (id === undefined || inFlight.has(id)) return;
    // All instances receive it, so it has only the parts that they use.
    const { jsonrpc, method } = message;
    const params = { requestId: id, ...reasonOf(message) };
    this.#fleet.broadcast("cancel", { key, message: { jsonrpc, method, params } });
  }

  /** A cancellation has come before its call. */
  noteEarly(key: string, message: JsonRpcNotification): void {
    const id = cancelledId(message);
    if (id === undefined) return;
    this.#early.set(nameOf(key, id), { at: this.#fleet.wheel.now() });
  }

  /** Whether a call was cancelled before it came. */
  isCancelled(key: string, id: JsonRpcId): boolean {
    if (this.#early.size === 0) return false;
    const noted = this.#early.get(nameOf(key, id));
    return noted !== undefined && this.#fleet.wheel.now() - noted.at < EARLY_MS;
  }

  async #bring(asker: string, key: string, response: JsonRpcResponse): Promise<void> {
    if (await this.#fleet.stateOf(asker) === "dead") return;
    await this.#fleet.ask(asker, "answer", { key, response });
  }
}

/** The id of the request that a client cancels; undefined if no request can have this id. */
function cancelledId({ params }: JsonRpcNotification): JsonRpcId | undefined {
  const id = isObject(params) ? params.requestId : undefined;
  if (typeof id === "number") return id;
  return typeof id === "string" && id.length <= MAX_ID_LENGTH ? id : undefined;
}

function reasonOf({ params }: JsonRpcNotification): { readonly reason?: string } {
  const reason = isObject(params) ? params.reason : undefined;
  return typeof reason === "string" ? { reason: reason.slice(0, MAX_REASON) } : {};
}

function nameOf(key: string, id: JsonRpcId): string {
  return `${key} ${JSON.stringify(id)}`;
}

import { addressKey } from "../base/address.ts";
import type { Settings } from "../base/settings.ts";
import { SlotList } from "../base/slot_list.ts";
import { ProtocolError } from "../base/errors.ts";
import type { Caller } from "../registry/context.ts";
import type { JsonRpcRequest } from "../wire/json_rpc.ts";
import type { Call } from "./call.ts";
import type { RequestScope } from "./scope.ts";

/** Limits of the requests that run at the same time. */
export type RunningLimits = Pick<
  Settings,
  "MCP_MAX_CONNECTIONS" | "MCP_MAX_CONNECTIONS_PER_CLIENT" | "MCP_MAX_REQUESTS_PER_CONNECTION"
>;

/**
 * The running requests of all clients. They count by client, because a client may have many sessions
 * and streams, and a session's requests go on after its client has left.
 */
export class RunningCalls {
  readonly #calls = new SlotList<Call>();
  readonly #byClient = new Map<string, number>();
  readonly #limits: RunningLimits;
  readonly #onRefused: () => void;

  constructor(limits: RunningLimits, onRefused: () => void) {
    this.#limits = limits;
    this.#onRefused = onRefused;
  }

  get size(): number {
    return this.#calls.size;
  }

  /** @returns to be called when the request has ended */
  add(call: Call): () => void {
    const slot = this.#calls.add(call);
    const client = keyOf(call.scope.caller);
    this.#count(client, 1);
    return () => {
      this.#calls.delete(slot);
      this.#count(client, -1);
    };
  }

  /**
   * Lets a request run.
   *
   * @param scope its caller is read only if the number of running requests can reach a limit
   * @throws {ProtocolError} `too_many_requests`, naming the setting; `invalid_request` if a request
   *   with this id runs in the same stream or session
   */
  admit({ id }: JsonRpcRequest, scope: RequestScope): void {
    const { inFlight } = scope;
    const full = this.#fullSetting(scope);
    if (full !== undefined) this.#refuse("too many of all sessions and streams run", full);
    if (inFlight.size === 0) return;
    if (inFlight.has(id)) {
      throw new ProtocolError(
        "invalid_request",
        `Invalid request: a request with id ${JSON.stringify(id)} is still running`,
      );
    }
    const { MCP_MAX_REQUESTS_PER_CONNECTION: max } = this.#limits;
    if (inFlight.size >= max) {
      this.#refuse(`${max} already run`, "MCP_MAX_REQUESTS_PER_CONNECTION");
    }
  }

  #fullSetting(scope: RequestScope): keyof RunningLimits | undefined {
    const { MCP_MAX_CONNECTIONS, MCP_MAX_CONNECTIONS_PER_CLIENT } = this.#limits;
    if (this.size >= MCP_MAX_CONNECTIONS) return "MCP_MAX_CONNECTIONS";
    if (this.size < MCP_MAX_CONNECTIONS_PER_CLIENT) return undefined;
    return this.#of(keyOf(scope.caller)) >= MCP_MAX_CONNECTIONS_PER_CLIENT
      ? "MCP_MAX_CONNECTIONS_PER_CLIENT"
      : undefined;
  }

  #refuse(why: string, setting: keyof RunningLimits): never {
    this.#onRefused();
    throw new ProtocolError(
      "too_many_requests",
      `Too many requests in flight: ${why} (${setting})`,
    );
  }

  [Symbol.iterator](): IterableIterator<Call> {
    return this.#calls[Symbol.iterator]();
  }

  #of(client: string): number {
    return this.#byClient.get(client) ?? 0;
  }

  #count(client: string, delta: number): void {
    const left = this.#of(client) + delta;
    if (left > 0) this.#byClient.set(client, left);
    else this.#byClient.delete(client);
  }
}

/** The same client that other limits count: a principal, or an address (in IPv6 its network). */
function keyOf({ address, principal }: Caller): string {
  return principal === undefined ? addressKey(address) : `principal ${principal}`;
}

import type { CallAborted } from "../base/errors.ts";
import type { JsonRpcId } from "../wire/json_rpc.ts";

/** A request that runs. */
export interface Running {
  readonly request: { readonly id: JsonRpcId };
  abort(reason: CallAborted): void;
}

/**
 * The requests that run for one stream or session. A list, not a map: nearly always it holds one,
 * never more than `MCP_MAX_REQUESTS_PER_CONNECTION`, and a call without a session has its own.
 */
export class InFlight {
  readonly #calls: Running[] = [];

  get size(): number {
    return this.#calls.length;
  }

  has(id: JsonRpcId): boolean {
    return this.#find(id) !== undefined;
  }

  add(call: Running): void {
    this.#calls.push(call);
  }

  /** Takes a finished call out. */
  remove(call: Running): void {
    const index = this.#calls.indexOf(call);
    if (index < 0) return;
    const last = this.#calls.pop();
    if (last !== undefined && last !== call) this.#calls[index] = last;
  }

  /** Stops one; unknown ids are ignored, as its answer may have crossed the request to stop. */
  cancel(id: JsonRpcId, reason: CallAborted): void {
    this.#find(id)?.abort(reason);
  }

  abortAll(reason: CallAborted): void {
    for (const call of [...this.#calls]) call.abort(reason);
  }

  #find(id: JsonRpcId): Running | undefined {
    return this.#calls.find((call) => call.request.id === id);
  }
}

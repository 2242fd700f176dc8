import type { CallAborted } from "../base/errors.ts";
import type { JsonRpcId } from "../wire/json_rpc.ts";

/** A request that runs. */
export interface Running {
  readonly request: { readonly id: JsonRpcId };
  abort(reason: CallAborted): void;
}

/** The requests that run for one stream or session, by their ids. */
export class InFlight {
  readonly #calls = new Map<JsonRpcId, Running>();

  get size(): number {
    return this.#calls.size;
  }

  has(id: JsonRpcId): boolean {
    return this.#calls.has(id);
  }

  add(call: Running): void {
    this.#calls.set(call.request.id, call);
  }

  /** Takes a finished call out, if it is still the one that runs under its id. */
  remove(call: Running): void {
    if (this.#calls.get(call.request.id) === call) {
      this.#calls.delete(call.request.id);
    }
  }

  /** Stops one; unknown ids are ignored, as its answer may have crossed the request to stop. */
  cancel(id: JsonRpcId, reason: CallAborted): void {
    this.#calls.get(id)?.abort(reason);
  }

  abortAll(reason: CallAborted): void {
    for (const call of [...this.#calls.values()]) call.abort(reason);
  }
}

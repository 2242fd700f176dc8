import type { CallAborted } from "../base/errors.ts";
import type { JsonRpcId } from "../wire/json_rpc.ts";

/** A request that runs. */
export interface CancellableRequest {
  readonly request: { readonly id: JsonRpcId };
  abort(reason: CallAborted): void;
}

/**
 * The running requests of one stream or session. There is usually at most one, so the first needs
 * no list. There are never more than `MCP_MAX_REQUESTS_PER_CONNECTION`, so a list needs no map.
 */
export class InFlight {
  #first: CancellableRequest | undefined;
  #others: CancellableRequest[] | undefined;

  get size(): number {
    return (this.#first === undefined ? 0 : 1) + (this.#others?.length ?? 0);
  }

  has(id: JsonRpcId): boolean {
    return this.#find(id) !== undefined;
  }

  add(call: CancellableRequest): void {
    if (this.#first === undefined) this.#first = call;
    else (this.#others ??= []).push(call);
  }

  /** Removes a call that has ended. */
  remove(call: CancellableRequest): void {
    if (this.#first === call) {
      this.#first = undefined;
      return;
    }
    const others = this.#others?.filter((other) => other !== call);
    this.#others = others?.length === 0 ? undefined : others;
  }

  /** Stops one. Unknown ids are ignored: the answer may have crossed the cancellation. */
  cancel(id: JsonRpcId, reason: CallAborted): void {
    this.#find(id)?.abort(reason);
  }

  /** @param reason lazy, because an `Error` is expensive */
  abortAll(reason: () => CallAborted): void {
    if (this.size === 0) return;
    const why = reason();
    for (const call of this.#all()) call.abort(why);
  }

  #find(id: JsonRpcId): CancellableRequest | undefined {
    if (this.#first?.request.id === id) return this.#first;
    return this.#others?.find((call) => call.request.id === id);
  }

  #all(): CancellableRequest[] {
    const others = this.#others ?? [];
    return this.#first === undefined ? others : [this.#first, ...others];
  }
}

import type { CallAborted } from "../base/errors.ts";
import type { JsonRpcId } from "../wire/json_rpc.ts";

/** A request that runs. */
export interface CancellableRequest {
  readonly request: { readonly id: JsonRpcId };
  abort(reason: CallAborted): void;
}

/**
 * The requests that run for one stream or session. Nearly always there is one or none, never more
 * than `MCP_MAX_REQUESTS_PER_CONNECTION`, and a call without a session has its own: so the first
 * one needs no list, which 10,000 idle streams would have 10,000 of, and more need no map.
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

  /** Takes a finished call out. */
  remove(call: CancellableRequest): void {
    if (this.#first === call) {
      this.#first = undefined;
      return;
    }
    const others = this.#others?.filter((other) => other !== call);
    this.#others = others?.length === 0 ? undefined : others;
  }

  /** Stops one; unknown ids are ignored, as its answer may have crossed the request to stop. */
  cancel(id: JsonRpcId, reason: CallAborted): void {
    this.#find(id)?.abort(reason);
  }

  /** @param reason made only where somebody is told it, as an error is dear */
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

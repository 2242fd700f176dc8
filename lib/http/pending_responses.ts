import { settlesWithin } from "../base/promises.ts";

/** Counts the requests whose response is still to come, on no stream that could be waited for. */
export class PendingResponses {
  #size = 0;
  #none: PromiseWithResolvers<void> | undefined;

  get size(): number {
    return this.#size;
  }

  /** Counts a request in. */
  add(): void {
    this.#size++;
  }

  /** Its response is there. */
  remove(): void {
    this.#size--;
    if (this.#size > 0) return;
    this.#none?.resolve();
    this.#none = undefined;
  }

  /**
   * Waits until there are none, but no longer than so many ms.
   *
   * @returns how many are left
   */
  async drained(withinMs: number): Promise<number> {
    if (this.#size === 0) return 0;
    this.#none ??= Promise.withResolvers<void>();
    return await settlesWithin(withinMs, this.#none.promise) ? 0 : this.#size;
  }
}

import { within } from "../base/promises.ts";

/** Counts the requests whose response is still to come, on no stream that could be waited for. */
export class Unanswered {
  #size = 0;
  #none: PromiseWithResolvers<void> | undefined;

  get size(): number {
    return this.#size;
  }

  /** Counts a request in. */
  enter(): void {
    this.#size++;
  }

  /** Its response is there. */
  leave(): void {
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
  async none(withinMs: number): Promise<number> {
    if (this.#size === 0) return 0;
    this.#none ??= Promise.withResolvers<void>();
    return await within(withinMs, this.#none.promise) ? 0 : this.#size;
  }
}

/** Counts requests without a response yet. */
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

  /** Resolves when no request is left. */
  whenEmpty(): Promise<void> {
    if (this.#size === 0) return Promise.resolve();
    this.#none ??= Promise.withResolvers<void>();
    return this.#none.promise;
  }
}

/** The callers that wait for one thing. */
export class Callers {
  readonly #gone = new AbortController();
  #count = 0;

  /** Aborts once all of them have left. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  /** @param signal aborts when the caller leaves; undefined for one that never does */
  add(signal: AbortSignal | undefined): void {
    this.#count++;
    const leave = (): void => {
      if (--this.#count === 0) this.#gone.abort(signal?.reason);
    };
    signal?.addEventListener("abort", leave, { once: true });
  }

  /** Sends all of them away. */
  end(reason: Error): void {
    this.#gone.abort(reason);
  }
}

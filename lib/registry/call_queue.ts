/** Lets a number of calls of one tool run at a time; the others wait for their turn, in order. */
export class CallQueue {
  readonly #limit: number;
  #running = 0;
  readonly #waiting = new Set<() => void>();

  /** @param limit most calls that run at a time */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Calls that wait for their turn. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Takes a turn, which {@linkcode leave} gives back.
   *
   * @param context its `signal` ends the waiting; it is read only if the call must wait
   * @returns undefined if the call may run at once
   * @throws (the promise rejects) with the signal's reason when the call is stopped while it waits
   */
  enter(context: { readonly signal: AbortSignal }): Promise<void> | undefined {
    if (this.#running < this.#limit) {
      this.#running++;
      return undefined;
    }
    const { signal } = context;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onTurn = () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    };
    const onAbort = () => {
      this.#waiting.delete(onTurn);
      reject(signal.reason);
    };
    if (signal.aborted) reject(signal.reason);
    else {
      this.#waiting.add(onTurn);
      signal.addEventListener("abort", onAbort);
    }
    return promise;
  }

  /** Gives a turn back, to the call that has waited longest. */
  leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#running--;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}

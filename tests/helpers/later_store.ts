import type { EventStore, EventStoreStats, Frames } from "../../lib/store/event_store.ts";

/** A store whose reads end when the test says so, like the reads of a store on another machine. */
export class LaterStore implements EventStore {
  readonly #store: EventStore;
  readonly #waiting: (() => void)[] = [];
  /** Whether answers wait until {@linkcode answer} is called. */
  isHeld = false;
  /** Whether it looks the events up when it answers, rather than when it is called. */
  readsLate = false;
  /** The error with which the next calls reject. */
  failure: Error | undefined;

  constructor(store: EventStore) {
    this.#store = store;
  }

  append(stream: string, seq: number, frame: Uint8Array): Promise<void> {
    return Promise.resolve(this.#store.append(stream, seq, frame));
  }

  after(stream: string, seq: number): Promise<Frames | undefined> {
    return this.#later(() => this.#store.after(stream, seq));
  }

  forget(stream: string): Promise<void> {
    return Promise.resolve(this.#store.forget(stream));
  }

  stats(): EventStoreStats {
    return this.#store.stats();
  }

  /** Gives all answers that wait. */
  answer(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  async #later<T>(run: () => T | Promise<T>): Promise<T> {
    const { failure, readsLate } = this;
    const early = readsLate || failure !== undefined ? undefined : run();
    if (this.isHeld) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else await Promise.resolve();
    if (failure !== undefined) throw failure;
    return readsLate ? run() : early as T;
  }
}

import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import { isPromise, type MaybePromise } from "../base/promises.ts";
import type { EventStore, EventStoreStats, Frames } from "./event_store.ts";

/** Least time between two log lines about a store that fails (ms). */
const LOG_INTERVAL_MS = 10_000;
const log = logFor("store");

/**
 * Wraps a store that may fail. Its errors are logged, and the events count as gone. Clients are
 * told so, and calls continue.
 */
export class GuardedEventStore implements EventStore {
  readonly #store: EventStore;
  readonly #clock: Clock;
  #loggedAt = -Infinity;
  #failures = 0;

  constructor(store: EventStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  append(
    stream: string,
    seq: number,
    frame: Uint8Array,
    owner?: string,
  ): MaybePromise<void> {
    return this.#guard("append", () => this.#store.append(stream, seq, frame, owner));
  }

  after(stream: string, seq: number): MaybePromise<Frames | undefined> {
    return this.#guard("after", () => this.#store.after(stream, seq));
  }

  forget(stream: string): MaybePromise<void> {
    return this.#guard("forget", () => this.#store.forget(stream));
  }

  stats(): EventStoreStats {
    return this.#store.stats();
  }

  #guard<T>(operation: string, run: () => MaybePromise<T>): MaybePromise<T | undefined> {
    try {
      const result = run();
      return isPromise(result) ? result.catch((error) => this.#failed(operation, error)) : result;
    } catch (error) {
      return this.#failed(operation, error);
    }
  }

  #failed(operation: string, error: unknown): undefined {
    this.#failures++;
    const now = this.#clock();
    if (now - this.#loggedAt < LOG_INTERVAL_MS) return;
    this.#loggedAt = now;
    log.error("Store failed", { operation, error: messageOf(error), failures: this.#failures });
  }
}

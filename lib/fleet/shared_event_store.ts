import type { EventStore, EventStoreStats, Frames } from "../store/event_store.ts";
import type { SharedEvents } from "../store/shared_store.ts";

/**
 * An `EventStore` over the logs of a shared store, for code that reads and writes whole streams of
 * any instance.
 */
export class SharedEventStore implements EventStore {
  readonly #events: SharedEvents;

  constructor(events: SharedEvents) {
    this.#events = events;
  }

  async append(stream: string, seq: number, frame: Uint8Array): Promise<void> {
    await this.#events.append(stream, seq, [{ frame, isEnd: false }]);
  }

  async after(stream: string, seq: number): Promise<Frames | undefined> {
    return (await this.#events.after(stream, seq))?.frames;
  }

  forget(stream: string): Promise<void> {
    return this.#events.forget(stream);
  }

  /** Empty: the store's own tools show its contents. */
  stats(): EventStoreStats {
    return { streams: 0, bytes: 0, dropped: 0 };
  }
}

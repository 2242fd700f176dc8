import type { MaybePromise } from "../base/promises.ts";
import type { EventStore, EventStoreStats, Frames } from "./event_store.ts";

/** A store for the streams of one client, whose key it passes on with each event. */
export class OwnedEventStore implements EventStore {
  readonly #store: EventStore;
  readonly #owner: string;

  /** @param owner the key by which limits count the client */
  constructor(store: EventStore, owner: string) {
    this.#store = store;
    this.#owner = owner;
  }

  append(stream: string, seq: number, frame: Uint8Array): MaybePromise<void> {
    return this.#store.append(stream, seq, frame, this.#owner);
  }

  after(stream: string, seq: number): MaybePromise<Frames | undefined> {
    return this.#store.after(stream, seq);
  }

  forget(stream: string): MaybePromise<void> {
    return this.#store.forget(stream);
  }

  stats(): EventStoreStats {
    return this.#store.stats();
  }
}

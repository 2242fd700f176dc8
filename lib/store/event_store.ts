/**
 * Events kept for clients that come back to a stream they lost.
 *
 * @module
 */
import type { MaybePromise } from "../base/promises.ts";

/** Serialized events, in order. */
export type Frames = readonly Uint8Array[];

/**
 * A store returns events complete and in order, or not at all. It never returns a part, because the
 * client would take the part for everything.
 *
 * A store may answer synchronously or later. Calls for one stream take effect in the order in which
 * they were made: `after()` sees all earlier appends, awaited or not. A rejected call is logged,
 * and its events count as gone.
 *
 * A store holds only events. The rest of a session (subscriptions, log level, whether it has ended)
 * is not part of it.
 */
export interface EventStore {
  /**
   * Keeps an event; may drop the oldest of any stream.
   *
   * @param seq number of the event in its stream: the first one's is 1 or more, each next one's is
   * one more
   * @param owner the key by which limits count the client of the stream. A store that must drop
   * streams should drop those of the owner with most bytes; it may ignore the owner
   */
  append(stream: string, seq: number, frame: Uint8Array, owner?: string): MaybePromise<void>;
  /**
   * All events after number `seq`.
   *
   * @returns undefined when one of them is gone, or the stream is unknown
   */
  after(stream: string, seq: number): MaybePromise<Frames | undefined>;
  /** Drops a stream. */
  forget(stream: string): MaybePromise<void>;
  /** Size of the store's contents, as far as it is known without a request. */
  stats(): EventStoreStats;
}

/** The store's contents, and its dropped events since the start. */
export interface EventStoreStats {
  readonly streams: number;
  readonly bytes: number;
  /** Events dropped to keep a bound. */
  readonly dropped: number;
}

/**
 * Events kept for clients that come back to a stream they lost.
 *
 * @module
 */
import type { MaybePromise } from "../base/promises.ts";

/** Events as they go over the wire, in order. */
export type Frames = readonly Uint8Array[];

/**
 * What a store promises: events come back whole and in order, or not at all. It never returns
 * part of what was asked for, as a client would take the part for everything.
 *
 * A store may answer at once or later. Calls for one stream take effect in the order in which they
 * were made: `after()` sees what was appended before it, awaited or not. What a call rejects with is
 * logged, and counts as events that are gone.
 *
 * A store holds events only. What else belongs to a session (subscriptions, the log level, which
 * sessions have ended) stays in the process.
 */
export interface EventStore {
  /**
   * Keeps an event; may drop the oldest of any stream.
   *
   * @param seq number of the event in its stream: the first one's is 1 or more, each next one's is
   * one more
   */
  append(stream: string, seq: number, frame: Uint8Array): MaybePromise<void>;
  /**
   * All events after number `seq`.
   *
   * @returns undefined when one of them is gone, or the stream is unknown
   */
  after(stream: string, seq: number): MaybePromise<Frames | undefined>;
  /** Drops a stream. */
  forget(stream: string): MaybePromise<void>;
  /** What the store holds now, as far as it knows without asking anybody. */
  stats(): EventStoreStats;
}

/** What a store holds, and what it has dropped since the start. */
export interface EventStoreStats {
  readonly streams: number;
  readonly bytes: number;
  /** Events dropped to keep a bound. */
  readonly dropped: number;
}
